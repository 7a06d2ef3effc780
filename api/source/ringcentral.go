package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	ringcentralName       = "ringcentral"
	headerValidation      = "Validation-Token"
	headerVerification    = "Verification-Token"
	ringcentralTokenURL   = "https://platform.ringcentral.com/restapi/oauth/token"
	ringcentralLogName    = "RingCentral's call log"
	ringcentralCallLog    = "https://platform.ringcentral.com/restapi/v1.0/account/~/call-log"
	grantJWT              = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	acceptedByRingCentral = http.StatusOK // anything else may end the subscription
	unreserved            = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)

// ringcentral is RingCentral's telephony session events. They tell that a call
// was recorded, but neither when its recording is ready nor where it is: that is
// asked of the call log (developers.ringcentral.com, "Webhooks" and "Call log").
type ringcentral struct {
	tokens []string
	jwt    string // credential of the JWT grant
	oauth  *oauth // nil without credentials
}

var (
	_ Provider = (*ringcentral)(nil)
	_ Locator  = (*ringcentral)(nil)
)

func newRingCentral(s setup) (Provider, error) {
	r := &ringcentral{jwt: s.credentials.Token}
	var err error
	if r.tokens, err = s.atLeast(minShortSecret, "it is the subscription's verification token"); err != nil {
		return nil, err
	}
	c := s.credentials
	switch {
	case c == (config.Credentials{}):
	case c.Username == "" || c.Password == "" || c.Token == "":
		return nil, errors.New("credentials: username is the app's client id, password its client secret, token its JWT credential")
	default:
		r.oauth = &oauth{client: basic(c.Username, c.Password), now: time.Now}
	}
	return r, nil
}

// Verify compares the token that the subscription was made with; RingCentral
// signs nothing. The handshake, which has no body, has no token of ours yet.
func (p *ringcentral) Verify(r Request) error {
	if isHandshake(r) {
		return nil
	}
	for _, header := range []string{headerVerification, headerValidation} {
		given := r.Header.Get(header)
		if given != "" && slices.ContainsFunc(p.tokens, func(t string) bool { return equal(given, t) }) {
			return nil
		}
	}
	return fmt.Errorf("%w: the verification token is not the source's", ErrSignature)
}

// isHandshake tells the request that is answered by repeating its token. What
// may be repeated is bounded.
func isHandshake(r Request) bool {
	token := r.Header.Get(headerValidation)
	return len(r.Body) == 0 && token != "" && len(token) <= maxPlainToken && strings.Trim(token, unreserved) == ""
}

// Authorisation is none: the token is got when media is located.
func (p *ringcentral) Authorisation(*url.URL) string { return "" }

func isRingCentralHost(u *url.URL) bool { return isHost(u, ".ringcentral.com") }

// ringcentralLog is a page of the call log in its detailed view
// (developers.ringcentral.com, "List Company Call Records" and "Working with
// detailed call log data"). The simple one leaves the legs out, and with them what
// was recorded after a transfer.
type ringcentralLog struct {
	Records    []ringcentralRecord `json:"records"`
	Navigation struct {
		Next maybe[struct {
			URI scalar `json:"uri"`
		}] `json:"nextPage"`
	} `json:"navigation"`
}

type ringcentralRecord struct {
	ringcentralLeg
	Session scalar                  `json:"telephonySessionId"`
	Legs    maybe[[]ringcentralLeg] `json:"legs"`
}

// ringcentralLeg is what a call has in common with each of its legs.
type ringcentralLeg struct {
	Start     scalar                 `json:"startTime"`
	Duration  scalar                 `json:"duration"` // seconds
	Direction scalar                 `json:"direction"`
	From      maybe[ringcentralSide] `json:"from"`
	To        maybe[ringcentralSide] `json:"to"`
	Recording maybe[struct {
		ID  scalar `json:"id"`
		URI scalar `json:"contentUri"`
	}] `json:"recording"`
}

// parts are the call itself and then its legs, of which one repeats the call's
// recording.
func (r ringcentralRecord) parts() []ringcentralLeg {
	return append([]ringcentralLeg{r.ringcentralLeg}, r.Legs.is...)
}

// Locate looks for the recording in the call log: it is there some minutes
// after the call, and until then "not found". A token that is no longer taken,
// there or for the download, is asked for anew.
func (p *ringcentral) Locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error) {
	if p.oauth == nil {
		return events.Media{}, fmt.Errorf("%w: the source has no credentials to look for it in the call log", events.ErrNoMedia)
	}
	if renew {
		p.oauth.forget()
	}
	m, err := p.locate(ctx, r, web)
	var status *events.StatusError
	if errors.As(err, &status) && status.Status == http.StatusUnauthorized && status.From == ringcentralLogName {
		p.oauth.forget()
		m, err = p.locate(ctx, r, web)
	}
	m.Renewable = !renew
	return m, err
}

func (p *ringcentral) locate(ctx context.Context, r events.Recording, web Client) (events.Media, error) {
	token, err := p.oauth.token(ctx, web, ringcentralTokenURL, url.Values{"grant_type": {grantJWT}, "assertion": {p.jwt}})
	if err != nil {
		return events.Media{}, err
	}
	authorise := bearerFor(token, isRingCentralHost)
	query := url.Values{"telephonySessionId": {r.MediaRef}, "recordingType": {"All"}, "view": {"Detailed"}}
	log, err := getJSON[ringcentralLog](ctx, web, ringcentralCallLog+"?"+query.Encode(), authorise, ringcentralLogName)
	if err != nil {
		return events.Media{}, err
	}
	for _, record := range log.Records {
		for _, part := range record.parts() {
			if rec := part.Recording.is; string(rec.ID) == r.ID && rec.URI != "" {
				return events.Media{URL: string(rec.URI), Authorise: authorise, Private: true}, nil
			}
		}
	}
	return events.Media{}, &events.StatusError{Status: http.StatusNotFound, From: ringcentralLogName}
}

type ringcentralEvent struct {
	Event scalar `json:"event"`
	Body  *struct {
		Session scalar             `json:"telephonySessionId"`
		Parties []ringcentralParty `json:"parties"`
	} `json:"body"`
}

type ringcentralParty struct {
	Direction scalar                 `json:"direction"`
	From      maybe[ringcentralSide] `json:"from"`
	To        maybe[ringcentralSide] `json:"to"`
	Status    maybe[struct {
		Code scalar `json:"code"`
	}] `json:"status"`
	Recordings []struct {
		ID scalar `json:"id"`
	} `json:"recordings"`
}

type ringcentralSide struct {
	Phone scalar `json:"phoneNumber"`
	Name  scalar `json:"name"`
}

// Normalise reads a session event. A recording is finished once its party has
// left; the same one may be named by both sides.
func (p *ringcentral) Normalise(r Request) (Delivery, error) {
	if isHandshake(r) {
		return Delivery{Reply: &Reply{Header: map[string]string{headerValidation: r.Header.Get(headerValidation)}}}, nil
	}
	if contentType(r.Header) != contentTypeJSON {
		return Delivery{}, unsupported(contentTypeJSON)
	}
	e, err := decodeJSON[ringcentralEvent](r.Body, "")
	switch {
	case err != nil:
		return Delivery{}, err
	case e.Event == "":
		return Delivery{}, unusable("event", "is required")
	case !strings.Contains(string(e.Event), "/telephony/sessions"):
		return ignored("not a telephony session event")
	case e.Body == nil:
		return Delivery{}, unusable("body", "is required")
	case e.Body.Session == "":
		return Delivery{}, unusable("body.telephonySessionId", "is required")
	case e.Body.Parties == nil:
		return Delivery{}, unusable("body.parties", "is required")
	}
	recs, err := e.recordings()
	return several(recs, err, acceptedByRingCentral, "no recording has ended")
}

func (e ringcentralEvent) recordings() (recs []events.Recording, faulty error) {
	for i, party := range e.Body.Parties {
		if party.Status.is.Code != "Disconnected" {
			continue
		}
		for j, one := range party.Recordings {
			if err := checkID(fmt.Sprintf("body.parties[%d].recordings[%d].id", i, j), string(one.ID)); err != nil {
				faulty = cmp.Or(faulty, err)
				continue
			}
			if slices.ContainsFunc(recs, func(r events.Recording) bool { return r.ID == string(one.ID) }) {
				continue
			}
			rec := events.Recording{
				Provider: ringcentralName, ID: string(one.ID), MediaRef: string(e.Body.Session),
				From: party.From.is.Phone.phone(), To: party.To.is.Phone.phone(), Direction: party.Direction.direction(),
				Labels: labelled("telephonySession", e.Body.Session.text()),
			}
			rec.Agent, _ = sides(rec.Direction, party.To.is.Name.text(), party.From.is.Name.text())
			recs = append(recs, rec)
		}
	}
	return recs, faulty
}

// Compose makes the event of a call that ended. It names no URL: the recording
// of that id is looked for in the call log.
func (p *ringcentral) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	party := map[string]any{
		"id": "p-1", "direction": o.Direction, "status": map[string]string{"code": "Disconnected"},
		"from": map[string]string{"phoneNumber": o.From}, "to": map[string]string{"phoneNumber": o.To},
		"recordings": []any{map[string]any{"id": o.ID, "active": false}},
	}
	r, err := composeJSON(u, now, map[string]any{
		"uuid": "trackerbell-" + o.ID, "event": "/restapi/v1.0/account/~/telephony/sessions",
		"timestamp": now.UTC().Format(time.RFC3339), "subscriptionId": "trackerbell",
		"body": map[string]any{"telephonySessionId": "s-trackerbell", "eventTime": now.UTC().Format(time.RFC3339), "parties": []any{party}},
	})
	if err == nil && len(p.tokens) > 0 {
		r.Header.Set(headerVerification, p.tokens[len(p.tokens)-1])
	}
	return r, err
}
