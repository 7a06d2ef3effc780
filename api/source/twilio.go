package source

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	twilioName       = "twilio"
	signalwireName   = "signalwire"
	headerTwilio     = "X-Twilio-Signature"
	headerSignalWire = "X-SignalWire-Signature"
	twilioDomain     = ".twilio.com"
	twilioAPI        = "https://api.twilio.com"
	twilioAccounts   = "/2010-04-01/Accounts/" // above all that an account has
	signalwireDomain = ".signalwire.com"
)

// twilio is Twilio Voice's recordingStatusCallback
// (twilio.com/docs/voice/api/recording, .../usage/webhooks/webhooks-security),
// and SignalWire's, which is the same but for the names and for signed JSON.
type twilio struct {
	name   string
	tokens []string // auth tokens or signing keys, the newest last
	auth   string   // of media downloads; without it, Twilio's own account is used
	user   string   // of auth
	own    func(*url.URL) bool
}

var _ Provider = (*twilio)(nil)

func newTwilio(s setup) (Provider, error) {
	t := &twilio{name: twilioName, own: isTwilioHost}
	err := t.set(s, "it is the account's primary auth token", "an API key and its secret, or the account's SID and auth token")
	return t, err
}

func newSignalWire(s setup) (Provider, error) {
	t := &twilio{name: signalwireName, own: func(u *url.URL) bool { return isHost(u, signalwireDomain) }}
	err := t.set(s, "it is the project's signing key", "the project's id and an API token")
	return t, err
}

// set takes the secrets and credentials; what says which they are.
func (t *twilio) set(s setup, secret, credentials string) error {
	t.user = s.credentials.Username
	var err error
	if t.auth, err = basicCredentials(s.credentials, t.name+" takes username and password: "+credentials); err != nil {
		return err
	}
	t.tokens, err = s.atLeast(minSecretBytes, secret)
	return err
}

// Verify checks the signature over the URL and the form's parameters, or over
// the URL with the body's digest in it. It covers no time: replays are left to
// deduplication.
func (t *twilio) Verify(r Request) error {
	signature := r.Header.Get(headerTwilio)
	if own := r.Header.Get(headerSignalWire); t.name == signalwireName && own != "" {
		signature = own
	}
	if signature == "" {
		return fmt.Errorf("%w: it is missing", ErrSignature)
	}
	if slices.ContainsFunc(t.tokens, func(token string) bool { return t.signed(r, token, signature) }) {
		return nil
	}
	return fmt.Errorf("%w: it fits no secret; is server.publicURL the address that %s calls?", ErrSignature, t.name)
}

// Authorisation is Basic for the provider's own hosts over https, and empty for
// any other: a recording may be in the customer's bucket, and a webhook may lie.
// Where no credentials are configured for Twilio, they are the account that the URL
// names and its auth token, which signs webhooks as well; SignalWire's signing key
// opens nothing.
func (t *twilio) Authorisation(u *url.URL) string {
	if !t.own(u) {
		return ""
	}
	path, isAccount := strings.CutPrefix(u.Path, twilioAccounts+"AC")
	account, _, isPart := strings.Cut(path, "/")
	if t.auth != "" || t.name != twilioName || len(t.tokens) == 0 || !isAccount || !isPart {
		return t.auth
	}
	return basic("AC"+account, t.tokens[len(t.tokens)-1])
}

// isTwilioHost tells api.twilio.com and api.<edge>.<region>.twilio.com on 443.
func isTwilioHost(u *url.URL) bool {
	front, found := strings.CutSuffix(strings.ToLower(u.Hostname()), twilioDomain)
	labels := strings.Split(front, ".")
	return found && isSecure(u) && labels[0] == "api" && (len(labels) == 1 || len(labels) == 3) && !slices.Contains(labels, "")
}

// Compose makes a signed form. Twilio sends recordings only, and no agent.
func (t *twilio) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	form := url.Values{
		"RecordingSid":      {o.ID},
		"RecordingUrl":      {o.RecordingURL},
		"RecordingStatus":   {statusCompleted},
		"RecordingDuration": {strconv.Itoa(int(o.Seconds))},
		"RecordingChannels": {"1"},
		"RecordingSource":   {"OutboundAPI"},
	}
	for name, value := range map[string]string{"From": o.From, "To": o.To, "Direction": o.Direction} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if !o.StartedAt.IsZero() {
		form.Set("RecordingStartTime", o.StartedAt.Format(time.RFC1123Z))
	}
	header := http.Header{"Content-Type": {contentTypeForm}}
	if len(t.tokens) > 0 {
		name := headerTwilio
		if t.name == signalwireName {
			name = headerSignalWire
		}
		header.Set(name, signTwilio(macSHA1(t.tokens[len(t.tokens)-1]), u, twilioParameters(form)))
	}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: []byte(form.Encode()), ReceivedAt: now}, nil
}
