package engine_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
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

// TestAnEntryOfAnEarlierVersionIsRead decodes what used to be compressed with
// gzip.
func TestAnEntryOfAnEarlierVersionIsRead(t *testing.T) {
	var entry bytes.Buffer
	entry.WriteByte('g')
	w := gzip.NewWriter(&entry)
	_, err := w.Write([]byte(`{"name":"Promotion"}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	var tracker symbl.Tracker
	require.NoError(t, engine.Unpack(entry.Bytes(), &tracker))
	require.Equal(t, "Promotion", tracker.Name)
}
