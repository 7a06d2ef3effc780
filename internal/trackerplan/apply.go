package trackerplan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	busyTries   = 6                      // of one write that another one is in the way of
	verifyTries = 5                      // of the reads that look for what was written
	firstPause  = 100 * time.Millisecond // doubled about each time

	longestPause = 30 * time.Second // of those that a server may ask for
)

// Account is where trackers are. Its calls are made one after another: Symbl
// allows one management write at a time.
type Account interface {
	Trackers(ctx context.Context) ([]symbl.Tracker, error)
	CreateTracker(ctx context.Context, t symbl.Tracker) (symbl.Tracker, error)
	UpdateTracker(ctx context.Context, id string, t symbl.Tracker) (symbl.Tracker, error)
	DeleteTracker(ctx context.Context, id string) error
}

var _ Account = (*symbl.Client)(nil)

// Verb says what was done to a tracker.
type Verb string

// What Apply does to trackers.
const (
	Created  Verb = "created"
	Changed  Verb = "changed"
	Deleted  Verb = "deleted"
	Replaced Verb = "replaced" // deleted and created, because the account adds phrases and takes none away
)

// Apply carries the plan out, tells each step to done, and reads the trackers
// again to see that they are as planned. It stops at the first error; what was
// done until then stays, and a new plan goes on from there. Deletions come
// first, as an account holds a limited number.
func (p Plan) Apply(ctx context.Context, account Account, done func(Verb, symbl.Tracker)) error {
	for _, t := range p.Delete {
		if err := remove(ctx, account, t); err != nil {
			return err
		}
		done(Deleted, t)
	}
	for _, c := range p.Change {
		if _, err := patiently(ctx, func() (symbl.Tracker, error) { return account.UpdateTracker(ctx, c.ID, c.wanted) }); err != nil {
			return fmt.Errorf("change tracker %q: %w", c.Name, err)
		}
		done(Changed, c.wanted)
	}
	for _, t := range p.Create {
		created, err := create(ctx, account, t)
		if err != nil {
			return err
		}
		done(Created, created)
	}
	if p.Empty() {
		return nil
	}
	return p.verify(ctx, account, done)
}

func create(ctx context.Context, account Account, t symbl.Tracker) (symbl.Tracker, error) {
	created, err := patiently(ctx, func() (symbl.Tracker, error) { return account.CreateTracker(ctx, t) })
	if err != nil {
		return created, fmt.Errorf("create tracker %q: %w", t.Name, err)
	}
	return created, nil
}

// remove deletes a tracker; one that is gone already is no error.
func remove(ctx context.Context, account Account, t symbl.Tracker) error {
	_, err := patiently(ctx, func() (struct{}, error) { return struct{}{}, account.DeleteTracker(ctx, t.ID) })
	var failed *symbl.Error
	if err == nil || errors.As(err, &failed) && failed.Class == symbl.NotFound {
		return nil
	}
	return fmt.Errorf("delete tracker %q: %w", t.Name, err)
}

// verify reads the trackers again. Where an update added the new phrases to the
// old ones, as hosted Symbl's PUT has been seen to do, the tracker is replaced.
func (p Plan) verify(ctx context.Context, account Account, done func(Verb, symbl.Tracker)) error {
	rest, err := p.settled(ctx, account)
	if err != nil || rest.Empty() {
		return err
	}
	for _, c := range rest.Change {
		if !c.merged() {
			continue
		}
		if err := remove(ctx, account, symbl.Tracker{ID: c.ID, Name: c.Name}); err != nil {
			return err
		}
		created, err := create(ctx, account, c.wanted)
		if err != nil {
			return fmt.Errorf("put back the tracker that was deleted to replace it; apply the file again: %w", err)
		}
		done(Replaced, created)
	}
	if rest, err = p.settled(ctx, account); err != nil || rest.Empty() {
		return err
	}
	for _, c := range rest.Change {
		for _, f := range c.Fields {
			return fmt.Errorf("the account took everything, but does not keep %s of tracker %q", f.Field, c.Name)
		}
	}
	return fmt.Errorf("the account took everything, but is not as planned: %s", rest.Summary())
}

// merged tells whether a tracker has all that is wanted, and other phrases too.
func (c *Change) merged() bool { return len(c.Added)+len(c.Fields) == 0 && len(c.Removed) > 0 }

// settled plans anew until nothing is left to do or time is up, because a read
// may come before what was written has reached it everywhere.
func (p Plan) settled(ctx context.Context, account Account) (rest Plan, err error) {
	errDiffers := errors.New("not as planned yet")
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		present, err := account.Trackers(ctx)
		if err != nil {
			return struct{}{}, backoff.Permanent(fmt.Errorf("read the trackers again: %w", err))
		}
		rest = New(present, p.wanted(), Options{Vocabulary: p.options.Vocabulary})
		for _, gone := range p.Delete {
			if at := named(present, gone.Name); at >= 0 && present[at].ID == gone.ID {
				rest.Delete = append(rest.Delete, gone)
			}
		}
		if rest.Empty() {
			return struct{}{}, nil
		}
		return struct{}{}, errDiffers
	}, backoff.WithBackOff(pauses()), backoff.WithMaxTries(verifyTries))
	if errors.Is(err, errDiffers) {
		err = nil
	}
	return rest, err
}

// wanted are the trackers that the plan writes.
func (p Plan) wanted() []symbl.Tracker {
	list := append([]symbl.Tracker{}, p.Create...)
	for _, c := range p.Change {
		list = append(list, c.wanted)
	}
	return list
}

// patiently makes a write again while another one is in its way, and where it
// certainly did not arrive.
func patiently[T any](ctx context.Context, write func() (T, error)) (T, error) {
	var last error // without what the retries wrap around it
	out, err := backoff.Retry(ctx, func() (T, error) {
		out, err := write()
		last = err
		var failed *symbl.Error
		switch {
		case err == nil:
			return out, nil
		case !errors.As(err, &failed), failed.Class != symbl.Throttled && (failed.Class != symbl.Transient || !failed.Definite):
			return out, backoff.Permanent(err)
		case failed.RetryAfter > 0:
			return out, &backoff.RetryAfterError{Duration: min(failed.RetryAfter, longestPause)}
		}
		return out, err
	}, backoff.WithBackOff(pauses()), backoff.WithMaxTries(busyTries))
	if err != nil {
		err = last
	}
	return out, err
}

func pauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.Multiplier = firstPause, 2
	return b
}
