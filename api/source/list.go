package source

import (
	"context"
	"errors"
	"time"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// listPage is how many recordings are asked for at a time.
const listPage = "100"

// ErrNoList says that a provider cannot list recordings, or has no credentials
// for it. What wraps it says why.
var ErrNoList = errors.New("the source cannot list its recordings")

// Page is a page of a provider's recordings. They lack what those of a Delivery
// lack.
type Page struct {
	Recordings []events.Recording
	Unusable   int    // listed, but without what is needed
	Next       string // cursor of the next page; empty at the end
}

// Lister is a Provider that can list the recordings there are, with the ids
// that its webhooks give them.
type Lister interface {
	// List gives a page of the recordings since a time; cursor is empty for the
	// first, and else the Next of the page before. It makes one request to the
	// provider's API, beside one for a token. An answer that is no success is an
	// *events.StatusError, and the lack of credentials ErrNoList. No text of an
	// error has more of a URL than its host.
	List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error)
}

// List lists the recordings of a provider; ErrNoList where it is no Lister.
func List(ctx context.Context, p Provider, since time.Time, cursor string, web Client) (Page, error) {
	if u, ok := p.(unsigned); ok {
		p = u.Provider
	}
	l, ok := p.(Lister)
	if !ok {
		return Page{}, ErrNoList
	}
	return l.List(ctx, since, cursor, web)
}

// Unreachable tells whether a list did not come because of the way to the
// provider, which may be there again later.
func Unreachable(err error) bool {
	var failed *safehttp.Error
	return errors.As(err, &failed) && (failed.Kind == safehttp.Transient || failed.Kind == safehttp.Stalled)
}

// add takes the recordings of one entry of a list. What cannot be used is
// counted, and does not keep the rest out.
func (p *Page) add(recs []events.Recording, err error) {
	if err != nil {
		p.Unusable++
		return
	}
	p.Recordings = append(p.Recordings, recs...)
}
