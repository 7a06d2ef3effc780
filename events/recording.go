package events

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Recording is a finished call recording, as a provider's webhook told of it
// and normalised. It is the data of a recordings.ready event.
type Recording struct {
	Key        string            `json:"key"` // see Key
	Source     string            `json:"source"`
	Provider   string            `json:"provider"`
	ID         string            `json:"id"`                 // the provider's id of the recording, unchanged
	MediaURL   string            `json:"mediaUrl,omitempty"` // secret: never logged
	Transcript []Utterance       `json:"transcript,omitempty"`
	From       string            `json:"from,omitempty"`
	To         string            `json:"to,omitempty"`
	Direction  string            `json:"direction,omitempty"` // inbound | outbound
	Agent      string            `json:"agent,omitempty"`
	StartedAt  time.Time         `json:"startedAt,omitzero"`
	Seconds    float64           `json:"durationSeconds,omitempty"`
	Channels   int               `json:"channels,omitempty"` // 0: unknown
	Labels     map[string]string `json:"labels,omitempty"`
	ReceivedAt time.Time         `json:"receivedAt"`

	TranscriptRef string `json:"transcriptRef,omitempty"` // object in BLOBS that holds a large Transcript

	Spooled *Spooled `json:"spooled,omitempty"` // bytes that were sent to us, in place of MediaURL

	Inline []byte `json:"-"` // bytes that came inside the webhook, to be spooled

	MediaText  bool   `json:"mediaText,omitempty"`  // MediaURL is a transcript's, not a recording's
	MediaToken string `json:"mediaToken,omitempty"` // bearer for MediaURL that came with it and soon expires: never logged
	MediaRef   string `json:"mediaRef,omitempty"`   // what the provider's API knows the media by, where that is not ID
}

// isText tells that there is no sound to be transcribed.
func (r Recording) isText() bool {
	return r.MediaText || len(r.Transcript) > 0 || r.TranscriptRef != ""
}

// Utterance is one turn of a transcript. Start and End are seconds from the
// call's start.
type Utterance struct {
	Speaker string  `json:"speaker"`
	Text    string  `json:"text"`
	Start   float64 `json:"start"`
	End     float64 `json:"end"`
}

const (
	maxPlainID  = 128
	maxKeyBytes = 256
)

// Key is the key of a recording: "<source>.<id>". Ids of [A-Za-z0-9_-]{1,128}
// stand unchanged; any other is replaced by "=" and the base64url SHA-256 of
// it, which no unchanged id can equal.
func Key(source, id string) string {
	if plainID(id) {
		return source + "." + id
	}
	sum := sha256.Sum256([]byte(id))
	return source + ".=" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func plainID(id string) bool {
	if id == "" || len(id) > maxPlainID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
