package api

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/failures"
)

const (
	maxUploads      = 4 // at a time; the next ones wait for requestTimeout
	maxUploadsOfOne = maxUploads / 2
)

// turns bounds how many uploads there are at a time: altogether, and of one
// network address, so that nobody can take all of them.
type turns struct {
	all chan struct{} // holds one for each upload that is under way
	mu  sync.Mutex
	of  map[netip.Prefix]*line
}

// line is those of one network address.
type line struct {
	under chan struct{} // as turns.all
	users int           // that wait or are under way
}

func newTurns() *turns {
	return &turns{all: make(chan struct{}, maxUploads), of: map[netip.Prefix]*line{}}
}

// take waits for the turn of an upload from a remote address. done is to be
// called at its end.
func (t *turns) take(ctx context.Context, remote string) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	at := failures.Network(remote)
	l := t.join(at)
	for i, places := range []chan struct{}{l.under, t.all} {
		select {
		case places <- struct{}{}:
			continue
		case <-ctx.Done():
		}
		if i > 0 {
			<-l.under
		}
		t.leave(at)
		return nil, fmt.Errorf("%w: too many uploads at a time", events.ErrUnavailable)
	}
	return func() {
		<-t.all
		<-l.under
		t.leave(at)
	}, nil
}

func (t *turns) join(at netip.Prefix) *line {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of[at]
	if l == nil {
		l = &line{under: make(chan struct{}, maxUploadsOfOne)}
		t.of[at] = l
	}
	l.users++
	return l
}

func (t *turns) leave(at netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of[at].users--; t.of[at].users == 0 {
		delete(t.of, at)
	}
}
