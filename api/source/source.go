package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// Request is one webhook delivery, its body read once. URL is the address the
// provider called (server.publicURL where it is set), with path and query.
type Request struct {
	Method     string
	URL        *url.URL
	Header     http.Header
	Body       []byte
	ReceivedAt time.Time

	// Form reads Body as a form, once for all who ask; nil reads it each time.
	Form        func() (url.Values, error)
	Certificate []byte // PEM, of a Certified provider's request
}

// form is the body as a form, not to be changed.
func (r Request) form() (url.Values, error) {
	if r.Form != nil {
		return r.Form()
	}
	return url.ParseQuery(string(r.Body))
}

// Delivery is what a webhook turned out to carry: recordings, or the reason
// why it is ignored.
type Delivery struct {
	// Recordings lack Key, Source and ReceivedAt, which the caller fills in.
	// Labels holds what the payload says; the caller adds the source's own.
	Recordings []events.Recording
	Unusable   error  // what another recording that it names lacks; nil: nothing
	Ignored    string // why no recording is in it: "status in-progress"
	Status     int    // of the answer, where the provider does not take 202
	Reply      *Reply // the answer to a handshake, which carries nothing else
	Visit      string // URL of the provider's own that completes a handshake when it is fetched
}

// Reply is the answer to a provider's handshake: 200 with the header, and Body
// as JSON where there is one.
type Reply struct {
	Header map[string]string
	Body   map[string]string
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
	// downloaded from u; empty where none may be sent. It is asked again for
	// each redirect that stays on the same origin.
	Authorisation(u *url.URL) string
	// Compose is a webhook for the call as the provider would send it to u,
	// signed at now.
	Compose(o Outline, u *url.URL, now time.Time) (Request, error)
}

// Locator is a Provider that finds out by its API where media is, or who can
// renew its address.
type Locator interface {
	// Locate is events.MediaSource.Media for the recordings of the source.
	Locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error)
}

// Certified is a Provider whose signature names a certificate.
type Certified interface {
	// CertificateURL is where the certificate of a request is, on a host of the
	// provider's; empty where the request needs none. What is there becomes
	// Request.Certificate before Verify is called.
	CertificateURL(r Request) string
}

// Client is how a provider's API is reached. *safehttp.Client implements it.
type Client interface {
	Get(ctx context.Context, rawURL string, authorise safehttp.Authorise, byteRange string) (*http.Response, error)
	PostForm(ctx context.Context, rawURL, authorisation string, form url.Values) (*http.Response, error)
}

// Locate tells where the media of a recording is: see events.MediaSource.
func Locate(ctx context.Context, p Provider, r events.Recording, renew bool, web Client) (events.Media, error) {
	if u, ok := p.(unsigned); ok {
		p = u.Provider
	}
	if l, ok := p.(Locator); ok {
		return l.Locate(ctx, r, renew, web)
	}
	return mediaAt(p, r.MediaURL)
}

// mediaAt is media at a URL, private where a download needs credentials.
func mediaAt(p Provider, raw string) (events.Media, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return events.Media{}, fmt.Errorf("%w: its URL does not parse", events.ErrNoMedia)
	}
	return events.Media{URL: raw, Authorise: p.Authorisation, Private: p.Authorisation(u) != ""}, nil
}

// CertificateURL is that of a Certified provider, and empty for any other.
func CertificateURL(p Provider, r Request) string {
	if c, ok := p.(Certified); ok {
		return c.CertificateURL(r)
	}
	return ""
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
