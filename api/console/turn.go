package console

import "context"

// turn lets one at a time do something; it has room for one element, which it
// holds meanwhile.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for a turn. The caller calls done when it is over.
func (t turn) take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
