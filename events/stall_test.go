package events

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// TestALoopThatNoLongerTurnsIsTold blocks one where it opens its consumer, and puts
// the clock forward.
func TestALoopThatNoLongerTurnsIsTold(t *testing.T) {
	h := newHouse(t, nil)
	var ahead atomic.Int64
	h.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	h.open()
	stuck, release := make(chan struct{}), make(chan struct{})
	st := &stage{svc: h.Service, name: "stuck", step: StepSubmit, workers: 1, inFlight: map[jetstream.Msg]struct{}{}}
	st.open = func(context.Context) (jetstream.Consumer, error) {
		close(stuck)
		<-release
		return nil, context.Canceled
	}
	h.stages = append(h.stages, st)
	require.NoError(t, h.Alive(), "it has not begun")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); st.run(ctx, ctx) }()
	<-stuck
	require.NoError(t, h.Alive())
	ahead.Store(int64(stallAfter - 10*time.Second))
	require.NoError(t, h.Alive(), "a pull may take its time")
	ahead.Store(int64(stallAfter + time.Second))
	require.EqualError(t, h.Alive(), "stage stuck stalls")
	stop()
	close(release)
	<-ended
}
