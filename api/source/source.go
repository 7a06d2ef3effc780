package source

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

// Request is one webhook delivery, its body read once. URL is the address the
// provider called (server.publicURL where it is set), with path and query.
type Request struct {
	Method     string
	URL        *url.URL
	Header     http.Header
	Body       []byte
	ReceivedAt time.Time
}

// Delivery is what a webhook turned out to carry: recordings, or the reason
// why it is ignored.
type Delivery struct {
	// Recordings lack Key, Source and ReceivedAt, which the caller fills in.
	// Labels holds what the payload says; the caller adds the source's own.
	Recordings []events.Recording
	Ignored    string // why no recording is in it: "status in-progress"
}

// Outline is a call as `trackerbell send` describes it: exactly one of
// RecordingURL and Transcript is set.
type Outline struct {
	ID           string
	RecordingURL string
	Transcript   []events.Utterance
	From, To     string
	Direction    string
	Agent        string
	StartedAt    time.Time
	Seconds      float64
}

// Provider is one telephony system: one file, one line in the registry, one
// testdata folder. Its methods are pure, safe for concurrent use, and their
// errors never hold a secret or a byte of the body.
type Provider interface {
	// Verify checks that the request was signed by the provider. Any failure
	// is an error that wraps ErrSignature.
	Verify(Request) error
	// Normalise reads a verified request. Its errors are *PayloadError.
	Normalise(Request) (Delivery, error)
	// Authorisation is the Authorization header to send when media is
	// downloaded from u; empty where none may be sent. It is asked for every
	// hop of a redirect.
	Authorisation(u *url.URL) string
	// Compose is a webhook for the call as the provider would send it to u,
	// signed at now.
	Compose(o Outline, u *url.URL, now time.Time) (Request, error)
}

// ErrSignature is wrapped by every error of Provider.Verify.
var ErrSignature = errors.New("webhook signature does not verify")

// PayloadError is a webhook that cannot be used. Status is 400 for a body that
// does not parse, 415 for a content type the provider does not use, and 422
// for a payload that lacks what is needed or holds a bad value.
type PayloadError struct {
	Status int
	Field  string // of the payload, as the provider names it; may be empty
	Reason string
}

// Error names the field and the reason.
func (e *PayloadError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Reason)
}
