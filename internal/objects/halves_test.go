package objects_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/internal/objects"
)

const (
	bucket = "THINGS"

	// nats.go 1.55 leaves this goroutine of an object's Put behind when it starts
	// only after the Put has ended.
	lateStart = "github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(lateStart)) }

// bench is an object store on a server of its own.
type bench struct {
	t      *testing.T
	conn   *nats.Conn
	js     jetstream.JetStream
	store  jetstream.ObjectStore
	stream jetstream.Stream
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(30*time.Second))
	conn, err := nats.Connect("", nats.InProcessServer(s), nats.Timeout(30*time.Second))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	b := &bench{t: t, conn: conn}
	b.js, err = jetstream.New(conn)
	require.NoError(t, err)
	b.store, err = b.js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: bucket})
	require.NoError(t, err)
	b.stream, err = b.js.Stream(t.Context(), "OBJ_"+bucket)
	require.NoError(t, err)
	return b
}

// half is what a killed writer leaves: chunks, and no object that names them.
func (b *bench) half(nuid string, chunks int) {
	b.t.Helper()
	for range chunks {
		_, err := b.js.Publish(b.t.Context(), objects.Chunks(bucket)+nuid, []byte("a piece"))
		require.NoError(b.t, err)
	}
}

func (b *bench) messages() uint64 {
	b.t.Helper()
	info, err := b.stream.Info(b.t.Context())
	require.NoError(b.t, err)
	return info.State.Msgs
}

func (b *bench) sweep(before time.Time) int {
	b.t.Helper()
	removed, err := objects.SweepHalves(b.t.Context(), b.stream, b.store, bucket, before)
	require.NoError(b.t, err)
	return removed
}

func TestAnEmptyStoreHasNoObjectsAndNoHalves(t *testing.T) {
	b := newBench(t)
	list, err := objects.List(t.Context(), b.store)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Zero(t, b.sweep(time.Now().Add(time.Hour)))
}

func TestOnlyHalvesThatAreOldAreRemoved(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("several chunks ", 20_000) // of 128 KiB
	whole, err := b.store.PutString(t.Context(), "whole", long)
	require.NoError(t, err)
	require.Greater(t, whole.Chunks, uint32(1))
	kept := b.messages()
	b.half("first", 3)
	b.half("second", 1)

	require.Zero(t, b.sweep(time.Now().Add(-time.Minute)), "they may be under way")
	require.Equal(t, kept+4, b.messages())
	require.Equal(t, 2, b.sweep(time.Now().Add(time.Minute)))
	require.Equal(t, kept, b.messages())
	got, err := b.store.GetString(t.Context(), "whole")
	require.NoError(t, err)
	require.Equal(t, long, got)
	list, err := objects.List(t.Context(), b.store)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "whole", list[0].Name)
}

// A half is as old as its newest chunk: a slow writer is not swept away.
func TestAHalfThatGrowsIsKept(t *testing.T) {
	b := newBench(t)
	b.half("slow", 1)
	first, err := b.stream.GetLastMsgForSubject(t.Context(), objects.Chunks(bucket)+"slow")
	require.NoError(t, err)
	b.half("slow", 1)
	require.Zero(t, b.sweep(first.Time.Add(time.Nanosecond)))
	require.Equal(t, uint64(2), b.messages())
}

// What a sweep meets when an object is put anew is not that object's bytes.
func TestObjectsThatWerePutAnewAreWhole(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"old", "new"} {
		_, err := b.store.PutString(t.Context(), "name", text)
		require.NoError(t, err)
	}
	require.Zero(t, b.sweep(time.Now().Add(time.Minute)))
	got, err := b.store.GetString(t.Context(), "name")
	require.NoError(t, err)
	require.Equal(t, "new", got)
}

func TestASweepEndsWithItsContextAndTellsWhatItDidNotDo(t *testing.T) {
	b := newBench(t)
	b.half("first", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	removed, err := objects.SweepHalves(ctx, b.stream, b.store, bucket, time.Now().Add(time.Minute))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "list chunks")
	require.Zero(t, removed)
	_, err = objects.List(ctx, b.store)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "list objects")
	require.Equal(t, uint64(1), b.messages(), "nothing was removed")
}

// stops is a stream whose server goes away after some chunks were looked at.
type stops struct {
	jetstream.Stream
	before func()
}

func (s stops) GetLastMsgForSubject(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	s.before()
	return s.Stream.GetLastMsgForSubject(ctx, subject)
}

func TestASweepCountsWhatItRemovedBeforeItsServerWentAway(t *testing.T) {
	b := newBench(t)
	b.half("first", 1)
	b.half("second", 1)
	seen := 0
	stream := stops{Stream: b.stream, before: func() {
		if seen++; seen == 2 {
			b.conn.Close()
		}
	}}
	removed, err := objects.SweepHalves(t.Context(), stream, b.store, bucket, time.Now().Add(time.Minute))
	require.ErrorIs(t, err, nats.ErrConnectionClosed)
	require.ErrorContains(t, err, "read chunk")
	require.Equal(t, 1, removed)
}

// Another process may remove the same half, or the object, between the list
// and the look.
func TestChunksThatWereRemovedSinceAreNoError(t *testing.T) {
	b := newBench(t)
	b.half("first", 1)
	stream := stops{Stream: b.stream, before: func() { require.NoError(t, b.stream.Purge(t.Context())) }}
	removed, err := objects.SweepHalves(t.Context(), stream, b.store, bucket, time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Zero(t, removed)
}
