package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

const (
	maxSlug  = 64
	slugHash = 8 // hex digits
)

var (
	unsafeSlug = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
	hashedSlug = regexp.MustCompile(`_[0-9a-f]{8}$`)
	channelID  = regexp.MustCompile(`^[CDG][A-Z0-9]{2,}$`)
)

// Slug is the name of a destination in NATS subjects: [A-Za-z0-9_-]{1,64}.
// "#promotions" and "promotions" are the same channel and share a slug. Where
// anything but the leading # is lost, "_" and 8 hex digits of the SHA-256 are
// appended; a plain name that already ends so gets its own, so that no two
// destinations share a slug.
func Slug(destination string) string {
	name := strings.TrimPrefix(destination, "#")
	safe := unsafeSlug.ReplaceAllString(name, "")
	if name != "" && safe == name && len(name) <= maxSlug && !hashedSlug.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	safe = safe[:min(len(safe), maxSlug-slugHash-1)]
	return safe + "_" + hex.EncodeToString(sum[:])[:slugHash]
}

// AlertID is the id of the alert of a recording at a destination: 26
// characters of [a-z2-7], the same whenever it is computed. A replay (1, 2, …)
// is a new alert; the first is replay 0.
func AlertID(recording, destination string, replay int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", recording, Slug(destination), replay))
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
	return strings.ToLower(id)
}

// isChannelID tells a Slack conversation id (C0123456789) from a channel's
// name, which never holds a capital letter.
func isChannelID(destination string) bool { return channelID.MatchString(destination) }
