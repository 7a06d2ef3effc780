package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// requireStoredOnce opens the store of a stopped service: for each of so many
// recordings, each step must have left one event, a CloudEvent in the NATS
// binding's structured mode, and the engine must hold one conversation. The
// event submitted may be missing: a job of the engine can end, and wake its
// recording, while the process that submitted it is dead.
func requireStoredOnce(t *testing.T, s *service, recordings int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	store, err := events.Connect(config.NATS{DataDir: filepath.Join(s.dir, "data"), Sync: "interval"}, zap.NewNop())
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close(ctx)) }()
	js, err := jetstream.New(store.Conn)
	require.NoError(t, err)

	byKind := map[string]map[string]int{} // kind of subject to recording to events
	for _, stream := range []string{events.StreamRecordings, events.StreamAlerts, events.StreamDead} {
		for _, msg := range storedMessages(ctx, t, js, stream) {
			kind, _, _ := strings.Cut(strings.TrimPrefix(msg.Subject(), "recordings."), ".")
			e := requireCloudEvent(t, msg)
			if byKind[kind] == nil {
				byKind[kind] = map[string]int{}
			}
			byKind[kind][e.Subject]++
		}
	}
	for _, kind := range []string{"ready", "submitted", "processed", "alerts"} {
		if kind != "submitted" {
			require.Len(t, byKind[kind], recordings, kind)
		}
		for key, n := range byKind[kind] {
			require.Equal(t, 1, n, "%s of %s", kind, key)
		}
	}
	require.Empty(t, byKind["dead"])
	require.Equal(t, recordings, storedConversations(ctx, t, js))
}

// storedMessages reads a stream from its beginning.
func storedMessages(ctx context.Context, t *testing.T, js jetstream.JetStream, name string) (list []jetstream.Msg) {
	t.Helper()
	stream, err := js.Stream(ctx, name)
	require.NoError(t, err)
	info, err := stream.Info(ctx)
	require.NoError(t, err)
	if info.State.Msgs == 0 {
		return nil
	}
	cons, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	batch, err := cons.Fetch(int(info.State.Msgs), jetstream.FetchContext(ctx))
	require.NoError(t, err)
	for msg := range batch.Messages() {
		list = append(list, msg)
	}
	require.NoError(t, batch.Error())
	require.Len(t, list, int(info.State.Msgs))
	return list
}

func requireCloudEvent(t *testing.T, msg jetstream.Msg) (e struct{ SpecVersion, ID, Source, Type, Subject string }) {
	t.Helper()
	require.Equal(t, "application/cloudevents+json", msg.Headers().Get("Content-Type"))
	require.NotEmpty(t, msg.Headers().Get("Nats-Msg-Id"))
	require.NoError(t, json.Unmarshal(msg.Data(), &e))
	require.Equal(t, "1.0", e.SpecVersion)
	for _, attribute := range []string{e.ID, e.Source, e.Type, e.Subject} {
		require.NotEmpty(t, attribute)
	}
	return e
}

// storedConversations counts what was submitted to the embedded engine.
func storedConversations(ctx context.Context, t *testing.T, js jetstream.JetStream) (n int) {
	t.Helper()
	kv, err := js.KeyValue(ctx, "ENGINE")
	require.NoError(t, err)
	keys, err := kv.ListKeys(ctx)
	require.NoError(t, err)
	for key := range keys.Keys() {
		if strings.HasPrefix(key, "conversation.") {
			n++
		}
	}
	return n
}
