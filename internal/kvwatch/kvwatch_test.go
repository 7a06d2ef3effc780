package kvwatch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/internal/kvwatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys is more than a watch holds back for its reader.
const keys = 1000

// newBucket is one with keys, on a server of the test's.
func newBucket(t *testing.T) (jetstream.KeyValue, *nats.Conn) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{JetStream: true, StoreDir: t.TempDir(), DontListen: true, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(t, srv.ReadyForConnections(10*time.Second))
	conn, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "THINGS"})
	require.NoError(t, err)
	for n := range keys {
		_, err := kv.Put(t.Context(), fmt.Sprint("key.", n), []byte("value"))
		require.NoError(t, err)
	}
	return kv, conn
}

func TestAllThatIsThereIsHandedOver(t *testing.T) {
	kv, _ := newBucket(t)
	w, err := kv.WatchAll(t.Context())
	require.NoError(t, err)
	seen := map[string]bool{}
	require.NoError(t, kvwatch.Initial(t.Context(), w, func(entry jetstream.KeyValueEntry) (bool, error) {
		seen[entry.Key()] = true
		return true, nil
	}))
	require.Len(t, seen, keys)

	w, err = kv.Watch(t.Context(), "none.*")
	require.NoError(t, err)
	require.NoError(t, kvwatch.Initial(t.Context(), w, func(jetstream.KeyValueEntry) (bool, error) {
		return false, errors.New("there is nothing")
	}))
}

// The watch has much left on its way; goleak sees whether it keeps a goroutine.
func TestAReaderMayStopEarly(t *testing.T) {
	kv, conn := newBucket(t)
	fault := errors.New("of the reader")
	ended, end := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx  context.Context
		each func(jetstream.KeyValueEntry) (bool, error)
		want error
	}{
		"it wants no more": {t.Context(), func(jetstream.KeyValueEntry) (bool, error) { return false, nil }, nil},
		"it fails":         {t.Context(), func(jetstream.KeyValueEntry) (bool, error) { return true, fault }, fault},
		"its time is over": {ended, func(jetstream.KeyValueEntry) (bool, error) { end(); return true, nil }, context.Canceled},
	} {
		w, err := kv.WatchAll(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, kvwatch.Initial(c.ctx, w, c.each), c.want, name)
	}
	w, err := kv.WatchAll(t.Context())
	require.NoError(t, err)
	conn.Close()
	require.ErrorIs(t, kvwatch.Initial(t.Context(), w, func(jetstream.KeyValueEntry) (bool, error) { return true, nil }), kvwatch.ErrEnded)
}

// stuck is a watch whose end never comes.
type stuck struct{ updates chan jetstream.KeyValueEntry }

func (s stuck) Updates() <-chan jetstream.KeyValueEntry { return s.updates }
func (s stuck) Stop() error                             { return nil }

func TestNobodyWaitsForAWatchThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		kvwatch.Stop(stuck{make(chan jetstream.KeyValueEntry)})
		require.Equal(t, 5*time.Second, time.Since(begin))

		w := stuck{make(chan jetstream.KeyValueEntry)}
		close(w.updates)
		begin = time.Now()
		kvwatch.Stop(w)
		require.Zero(t, time.Since(begin))
		require.ErrorIs(t, kvwatch.Initial(t.Context(), w, nil), kvwatch.ErrEnded)
	})
}
