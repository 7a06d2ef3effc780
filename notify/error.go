package notify

import (
	"fmt"
	"time"
)

// Outcome says what a failed delivery means for the caller.
type Outcome int

// The outcomes of a failed delivery.
const (
	Permanent Outcome = iota // not posted, and trying again cannot help
	Transient                // not posted; try again
	Throttled                // not posted; try again after Error.RetryAfter
	Unknown                  // it may have been posted: look before trying again
)

// Error is a failed delivery. Its text names neither tokens nor URLs.
type Error struct {
	Outcome    Outcome
	Reason     string        // from a closed set, such as channel_not_found
	RetryAfter time.Duration // of Throttled
	Err        error         // may be nil
}

// Error gives the reason and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
