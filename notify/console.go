package notify

import (
	"context"
	"errors"
	"io"
)

// Console prints alerts for people, as Text writes them.
type Console struct {
	w     io.Writer
	color bool
	turn  chan struct{} // holds one token while nobody writes
}

var _ Notifier = (*Console)(nil)

// NewConsole prints to w, which only it should write to; color allows ANSI
// bold.
func NewConsole(w io.Writer, color bool) *Console {
	c := &Console{w: w, color: color, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// Notify prints the alert and an empty line, in one write. Waiting for other
// writers ends with the context; a write that blocks does not. The receipt is
// empty. A failed write may have printed a part, and is Transient all the
// same: what people read on a terminal is at least once.
func (c *Console) Notify(ctx context.Context, a Alert) (Receipt, error) {
	return Receipt{}, c.print(ctx, Text(a, c.color)+"\n")
}

// print writes a text in one piece. Its errors are *Error.
func (c *Console) print(ctx context.Context, text string) error {
	if err := ctx.Err(); err != nil {
		return &Error{Outcome: Transient, Reason: ReasonCanceled, Err: err}
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return &Error{Outcome: Transient, Reason: ReasonCanceled, Err: ctx.Err()}
	}
	defer func() { c.turn <- struct{}{} }()
	if _, err := io.WriteString(c.w, text); err != nil {
		return &Error{Outcome: Transient, Reason: ReasonWrite, Err: errors.New("standard output does not take it")}
	}
	return nil
}
