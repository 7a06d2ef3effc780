package notify_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

func TestAlertsArePrintedWholeAndApart(t *testing.T) {
	out := &output{}
	a := loadAlert(t, "exact")
	c := notify.NewConsole(out, true)
	for range 2 {
		r, err := c.Notify(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, notify.Receipt{}, r)
	}
	require.Equal(t, strings.Repeat(notify.Text(a, true)+"\n", 2), out.String())
}

func TestWaitingForTheTerminalEndsWithTheContext(t *testing.T) {
	r, w := io.Pipe() // a terminal that takes nothing
	c := notify.NewConsole(w, false)
	a := loadAlert(t, "exact")
	first := make(chan error, 1)
	go func() {
		_, err := c.Notify(t.Context(), a)
		first <- err
	}()
	buf := make([]byte, 1)
	_, err := r.Read(buf) // the first writer is at it
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := c.Notify(ctx, a)
		second <- err
	}()
	cancel()
	err = <-second
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Transient, failure(t, err).Outcome)
	require.NoError(t, r.Close())
	require.Equal(t, notify.ReasonWrite, failure(t, <-first).Reason)
}
