package source

import (
	"errors"
	"io"
	"net/url"
	"strconv"

	"github.com/trackerbell/trackerbell/events"
)

// ErrNoUploads says that a provider sends no recordings as bytes.
var ErrNoUploads = errors.New("this provider sends no recordings as bytes")

// Proof is written the bytes of an upload and then tells whether they are those
// that were signed, by an error that wraps ErrSignature.
type Proof interface {
	io.Writer
	// Given tells whether that is known before a byte is written.
	Given() bool
	Check() error
}

// Upload begins to verify a recording that is sent as bytes, PUT
// /webhooks/{source}/{id}/media, from its headers alone; r.Body is not used.
// The call is described by query parameters, named as the fields of the generic
// JSON. Only the generic provider takes uploads: ErrNoUploads. A *PayloadError
// comes with a proof: nobody is to learn of it before that is given.
func Upload(p Provider, r Request, id string) (events.Recording, Proof, error) {
	var check Proof = &proof{given: true} // of a source that is insecure
	open, isOpen := p.(unsigned)
	if isOpen {
		p = open.Provider
	}
	g, ok := p.(*generic)
	if !ok {
		return events.Recording{}, nil, ErrNoUploads
	}
	if !isOpen {
		begun, err := g.begin(r)
		if err != nil {
			return events.Recording{}, nil, err
		}
		check = begun
	}
	rec, err := uploaded(r.URL.Query(), id)
	return rec, check, err
}

func uploaded(q url.Values, id string) (events.Recording, error) {
	c := genericCall{
		ID: id, From: q.Get("from"), To: q.Get("to"), Direction: q.Get("direction"),
		StartedAt: q.Get("startedAt"), Agent: q.Get("agent"),
	}
	var err error
	if raw := q.Get("durationSeconds"); raw != "" {
		if c.Seconds, err = strconv.ParseFloat(raw, 64); err != nil || c.Seconds != c.Seconds {
			return events.Recording{}, unusable("durationSeconds", "must be a number")
		}
	}
	if raw := q.Get("channels"); raw != "" {
		if c.Channels, err = strconv.Atoi(raw); err != nil {
			return events.Recording{}, unusable("channels", "must be 1 or 2")
		}
	}
	rec := c.call()
	if err := c.check(); err != nil {
		return rec, err
	}
	rec.StartedAt, err = startedAt(c.StartedAt)
	return rec, err
}
