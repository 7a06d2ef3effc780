package kvwatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// stopTime is how long what is on its way to a watch is waited for. On a
// connection that works it takes milliseconds.
const stopTime = 5 * time.Second

// ErrEnded says that a watch ended before all that was there had come.
var ErrEnded = errors.New("the watch ended early")

// Initial hands over each entry that is there, until each wants no more or fails,
// and stops the watch. Its errors are those of each, ErrEnded, and the end of ctx.
// A watch with jetstream.UpdatesOnly has nothing initial, and never gets to an end.
func Initial(ctx context.Context, w jetstream.KeyWatcher, each func(jetstream.KeyValueEntry) (on bool, err error)) error {
	defer Stop(w)
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch: %w", ctx.Err())
		case entry, open := <-w.Updates():
			switch {
			case !open:
				return ErrEnded
			case entry == nil: // that was all
				return nil
			}
			if on, err := each(entry); err != nil || !on {
				return err
			}
		}
	}
}

// Stop ends a watch. What is on its way to it is read, or it would keep a
// goroutine for ever; but nobody is held up by a watch that does not end.
func Stop(w jetstream.KeyWatcher) {
	_ = w.Stop() // the connection may be gone, and the subscription with it
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	for {
		select {
		case _, open := <-w.Updates():
			if !open { // then nothing more can come
				return
			}
		case <-limit.C:
			return
		}
	}
}
