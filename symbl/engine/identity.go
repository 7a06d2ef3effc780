package engine

import (
	"crypto/rand"
	"math/big"
	"strconv"

	"github.com/google/uuid"
)

// Ids of Symbl are decimal digits that a JavaScript number holds exactly.
const (
	smallestID = 1_000_000_000_000_000
	largestID  = 1 << 53
)

// newID makes an id of 16 digits for a tracker, a conversation or a message.
func newID() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(largestID-smallestID))
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(smallestID+n.Int64(), 10), nil
}

// personID is the id of a speaker: the same for the same name within one
// conversation.
func personID(conversation, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(conversation+"/"+name)).String()
}

const maxIDLen = 64

// plausibleID tells whether an id from a path may be part of a key.
func plausibleID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return id != "" && len(id) <= maxIDLen
}
