package engine_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

// TestTheStoreOfAnEarlierVersionOpens starts on a queue whose one consumer took
// all kinds of jobs.
func TestTheStoreOfAnEarlierVersionOpens(t *testing.T) {
	js := connect(t, startNATS(t))
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "ENGINE_JOBS", Subjects: []string{"engine.jobs"}, Retention: jetstream.WorkQueuePolicy,
	})
	require.NoError(t, err)
	_, err = js.CreateConsumer(t.Context(), "ENGINE_JOBS", jetstream.ConsumerConfig{Durable: "engine", AckPolicy: jetstream.AckExplicitPolicy})
	require.NoError(t, err)
	start(t, newEngine(t, js, engine.Config{}))
}
