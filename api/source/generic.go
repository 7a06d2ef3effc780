package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/config"
)

const genericName = "generic"

// generic is every system that posts our own JSON: scripts of a PBX, bridges
// from object storage, in-house services.
type generic struct{ keys []key }

var _ Provider = (*generic)(nil)

func newGeneric(s setup) (Provider, error) {
	if s.credentials != (config.Credentials{}) {
		return nil, errors.New("credentials: the generic provider sends none, since its recordings may be on any host; use a presigned recordingUrl")
	}
	g := &generic{}
	for _, secret := range s.secrets {
		k, err := newKey(secret)
		if err != nil {
			return nil, err
		}
		g.keys = append(g.keys, k)
	}
	return g, nil
}

// Verify accepts one of three schemes. The strongest one that the request
// brings decides: a Standard Webhooks signature that fails cannot be mended by
// a bearer that fits.
func (g *generic) Verify(r Request) error {
	p, err := g.begin(r)
	if err != nil {
		return err
	}
	_, _ = p.Write(r.Body) // it never fails
	return p.Check()
}

// Authorisation is none: a generic recording may be on any host.
func (g *generic) Authorisation(*url.URL) string { return "" }

// Compose makes a JSON webhook, signed per Standard Webhooks with the newest
// secret.
func (g *generic) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.check(); err != nil {
		return Request{}, err
	}
	body, err := encode(o)
	if err != nil {
		return Request{}, fmt.Errorf("encode webhook: %w", err)
	}
	header := http.Header{"Content-Type": {contentTypeJSON}}
	if len(g.keys) > 0 {
		if err := g.keys[len(g.keys)-1].sign(header, o.ID, now, body); err != nil {
			return Request{}, err
		}
	}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: body, ReceivedAt: now}, nil
}

func encode(o Outline) ([]byte, error) {
	c := genericCall{
		ID: o.ID, RecordingURL: o.RecordingURL, From: o.From, To: o.To,
		Direction: o.Direction, Agent: o.Agent, Seconds: o.Seconds,
	}
	if !o.StartedAt.IsZero() {
		c.StartedAt = o.StartedAt.Format(time.RFC3339)
	}
	for _, u := range o.Transcript {
		raw, err := json.Marshal(u)
		if err != nil {
			return nil, err
		}
		c.Transcript = append(c.Transcript, raw)
	}
	return json.Marshal(c)
}
