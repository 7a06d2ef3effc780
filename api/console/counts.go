package console

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
	"unique"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/events"
)

const (
	// countTime bounds how long one page counts; the next one goes on from there.
	countTime = 7 * time.Second
	// aheadTime is how long nobody who waits gets a turn while it is counted ahead.
	aheadTime = 500 * time.Millisecond
	// countDays is how far back anybody asks.
	countDays = 90
	// maxCounted bounds the memory: each call takes about 200 bytes.
	maxCounted = 500_000
	// maxNames bounds the names that a list offers.
	maxNames = 500
)

// counts hold what counts of each call of the last days, so that a page reads
// only what has changed since the one before.
type counts struct {
	turn     turn               // of who counts
	revision uint64             // of the ledger, up to which it is read
	behind   bool               // there is more to read
	read     bool               // it was read to its end
	from     time.Time          // what came in before is not held
	calls    map[string]counted // by key
	trackers trackerNames       // that were found
}

// trackerNames are the names of trackers; they are read without a turn.
type trackerNames struct {
	mu  sync.Mutex
	all map[string]bool
}

func (n *trackerNames) add(names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]bool{}
	}
	for _, name := range names {
		if len(n.all) < maxNames {
			n.all[name] = true
		}
	}
}

// known are the trackers that were found in the calls that were counted, by name.
func (n *counts) known() []string {
	n.trackers.mu.Lock()
	defer n.trackers.mu.Unlock()
	return slices.Sorted(maps.Keys(n.trackers.all))
}

// counted is what counts of a call.
type counted struct {
	at            time.Time // it came in
	source, agent unique.Handle[string]
	trackers      []unique.Handle[string]
	took          time.Duration // until its first alert; negative: none was posted, or it was replayed
	more          *outcome      // nil: no alert was held back or judged
}

// outcome is what became of the alerts of a call.
type outcome struct {
	held   []string
	judged []judgement
}

type judgement struct {
	tracker string
	useful  bool
}

// countAhead reads the ledger for the first time while somebody looks at
// something else, so that who asks for the insights then need not wait for it.
func (s *Console) countAhead(ctx context.Context) {
	for read := false; !read; {
		done, err := s.counts.turn.take(ctx)
		if err != nil {
			return // whoever looked has left
		}
		if !s.counts.read {
			err = s.counts.refresh(ctx, s.Store, s.now(), aheadTime)
		}
		read = s.counts.read
		done()
		if err != nil {
			s.Log.Debug("calls are not counted ahead", zap.Error(err))
			return // who asks for the insights is told
		}
	}
}

// refresh reads what changed in the ledger, for so long. It is the caller's turn.
func (n *counts) refresh(ctx context.Context, store Store, now time.Time, limit time.Duration) error {
	if n.calls == nil {
		n.calls = map[string]counted{}
	}
	if oldest := now.AddDate(0, 0, -countDays); oldest.Sub(n.from) > 24*time.Hour {
		n.from = oldest
		n.drop()
	}
	until := time.Now().Add(limit)
	n.behind = false
	err := store.Walk(ctx, n.revision, func(g *events.Glance) bool {
		n.revision = g.Revision
		switch {
		case g.Gone:
			delete(n.calls, g.Key)
		case !g.ReceivedAt.Before(n.from):
			n.calls[g.Key] = newCounted(g)
			n.trackers.add(g.Trackers)
		}
		if len(n.calls) > maxCounted {
			n.shrink()
		}
		n.behind = time.Now().After(until)
		return !n.behind
	})
	n.read = n.read || err == nil && !n.behind
	return err
}

// shrink lets go of the older half.
func (n *counts) shrink() {
	times := make([]time.Time, 0, len(n.calls))
	for _, c := range n.calls {
		times = append(times, c.at)
	}
	slices.SortFunc(times, time.Time.Compare)
	n.from = times[len(times)/2]
	n.drop()
}

// drop lets go of what came in before from.
func (n *counts) drop() {
	for key, c := range n.calls {
		if c.at.Before(n.from) {
			delete(n.calls, key)
		}
	}
}

func newCounted(g *events.Glance) counted {
	c := counted{at: g.ReceivedAt, source: unique.Make(g.Source), agent: unique.Make(g.Call.Agent), took: -1}
	for _, name := range g.Trackers {
		c.trackers = append(c.trackers, unique.Make(name))
	}
	first := time.Time{}
	var more outcome
	for _, a := range g.Alerts {
		if a.Held != "" {
			more.held = append(more.held, a.Held)
		}
		if !a.PostedAt.IsZero() && (first.IsZero() || a.PostedAt.Before(first)) {
			first = a.PostedAt
		}
	}
	for _, a := range slices.Concat(g.Alerts, g.Earlier) { // a replay does not undo what people thought
		for _, f := range a.Feedback {
			for _, name := range a.Trackers {
				more.judged = append(more.judged, judgement{name, f.Useful})
			}
		}
	}
	if !first.IsZero() && g.Replay == 0 {
		c.took = max(0, first.Sub(g.ReceivedAt))
	}
	if len(more.held)+len(more.judged) > 0 {
		c.more = &more
	}
	return c
}
