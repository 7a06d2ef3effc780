package events

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/config"
)

func startEmbedded(t *testing.T) *embedded {
	t.Helper()
	e := newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.NewNop())
	require.NoError(t, e.start())
	t.Cleanup(e.stop)
	return e
}

// unregistered makes the directory of a stream that the server does not know,
// as there is one while a stream is created or deleted.
func unregistered(t *testing.T, e *embedded, stream string) string {
	t.Helper()
	dir := filepath.Join(e.opts.StoreDir, "jetstream", "$G", "streams", stream)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	return dir
}

func TestOneLookAtAStreamBeingCreatedDoesNotStopTheServer(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t)
	first := e.running()
	dir := unregistered(t, e, "NEW")

	require.True(t, e.look(false), "it is seen")
	require.Same(t, first, e.running())
	require.NoError(t, os.Remove(dir))
	require.False(t, e.look(true), "it was for a moment")
	require.Same(t, first, e.running())

	unregistered(t, e, "NEW")
	require.True(t, e.look(false))
	require.True(t, e.look(true))
	require.Nil(t, e.running(), "two in a row stop it")
}

func TestWhatWasWrongAtTheStartDoesNotHideWhatGoesWrongLater(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t)
	unregistered(t, e, "LOST")
	require.ErrorContains(t, e.failing(), "LOST")

	e.stop()
	e.again()
	require.NotNil(t, e.running())
	require.NoError(t, e.failing(), "another start does not mend it")
	unregistered(t, e, "LATER")
	require.ErrorContains(t, e.failing(), "LATER")
}

func TestAServerThatStartedWithoutRoomIsStoppedUntilThereIs(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t)
	unregistered(t, e, "LOST")
	e.stop()
	room := filepath.Join(e.opts.StoreDir, "room")
	require.NoError(t, os.Mkdir(room, 0o700)) // nothing can be written to it
	require.NoError(t, e.start())
	require.Error(t, e.failing(), "what is wrong may be for want of room")
	require.True(t, e.look(true))
	require.Nil(t, e.running())
	require.False(t, e.look(true))
	require.Nil(t, e.running(), "there is no room yet")

	require.NoError(t, os.Remove(room))
	require.False(t, e.look(false))
	require.NotNil(t, e.running())
	require.NoFileExists(t, room)
}

// failingStore is a running server that finds fault with a stream, as with one
// that cannot be written, whenever fail is called; a start mends it, until then.
func failingStore(t *testing.T) (e *embedded, logs *observer.ObservedLogs, clock *time.Time, fail func()) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	clock = &time.Time{}
	*clock = time.Now()
	e = newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.New(core))
	e.now = func() time.Time { return *clock }
	require.NoError(t, e.start())
	t.Cleanup(e.stop)
	return e, logs, clock, func() {
		dir := unregistered(t, e, "BAD")
		require.True(t, e.look(false))
		if e.look(true); e.running() == nil {
			require.NoError(t, os.Remove(dir)) // as a block is that is not read at the start
		}
	}
}

func TestADiskThatIsFullAgainIsWaitedForAgain(t *testing.T) {
	t.Parallel()
	e, logs, clock, fail := failingStore(t)
	for range 3 {
		fail()
		require.Nil(t, e.running())
		require.False(t, e.look(false))
		require.NotNil(t, e.running())
		*clock = clock.Add(embeddedProof + time.Second)
	}
	require.Equal(t, 3, logs.FilterMessage("the store can be written again").Len())
	require.Zero(t, logs.FilterMessage("a file of the store is damaged; going on without it").Len())
}

func TestWhatAnotherStartDoesNotMendIsToldOnceAndLivedWithForAWhile(t *testing.T) {
	t.Parallel()
	e, logs, clock, fail := failingStore(t)
	told := func() []observer.LoggedEntry {
		return logs.FilterMessage("a file of the store is damaged; going on without it").All()
	}
	fail()
	require.Nil(t, e.running(), "it may be for want of room")
	require.False(t, e.look(false))
	fail()
	require.NotNil(t, e.running(), "there is room, and it was started anew a moment ago")
	require.NoError(t, e.failing(), "it is lived with")
	require.Len(t, told(), 1)
	require.Contains(t, told()[0].ContextMap()["error"], "BAD")
	require.Contains(t, told()[0].ContextMap()["see"], "docs/runbooks.md")

	for gap, n := embeddedRetry, 2; n < 8; n++ {
		*clock = clock.Add(gap - time.Second)
		unregistered(t, e, "BAD")
		require.NoError(t, e.failing())
		*clock = clock.Add(time.Second)
		fail()
		require.Nil(t, e.running(), "another start is tried now and then")
		require.False(t, e.look(false))
		fail()
		require.NotNil(t, e.running())
		require.Len(t, told(), n)
		gap = min(2*gap, embeddedRetryMax)
	}
}

func TestWhyAStoreCannotBeOpenedAgainIsToldOnce(t *testing.T) {
	t.Parallel()
	e, logs, _, fail := failingStore(t)
	fail()
	require.NoError(t, os.Mkdir(filepath.Join(e.opts.StoreDir, "room"), 0o700)) // nothing can be written to it
	for range 3 {
		require.False(t, e.look(false))
	}
	told := logs.FilterMessage("the store cannot be opened yet; trying on").All()
	require.Len(t, told, 1)
	require.Contains(t, told[0].ContextMap()["why"], "room: is a directory")
}

// TestAStartThatFailsSaysWhy has the server fail where the directory is
// as it should be.
func TestAStartThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	e := newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.NewNop())
	e.opts.JetStreamCipher, e.opts.JetStreamTpm.KeysFile = server.AES, "no such file"
	err := e.start()
	require.ErrorContains(t, err, "start the embedded nats in "+e.opts.StoreDir+": ")
	require.NotContains(t, err.Error(), "takes no connections")
	require.Nil(t, e.running())
}

func TestADirectoryThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "nats"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nats", "jetstream"), nil, 0o600))
	_, err := Connect(config.NATS{DataDir: dir}, zap.NewNop())
	require.ErrorContains(t, err, filepath.Join(dir, "nats", "jetstream")+" is a file")
}

func TestWhatTheServerFindsWrongIsLoggedWithinLimits(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	l := newNATSLog(zap.New(core))
	l.Noticef("ready")
	l.Debugf("detail")
	l.Tracef("detail")
	require.Zero(t, logs.Len())
	for i := range 10 * natsLogBurst {
		l.Warnf("  odd %d", i)
		l.Errorf("wrong %d", i)
	}
	require.Less(t, logs.Len(), 2*natsLogBurst)
	require.Equal(t, "nats: odd 0", logs.All()[0].Message)
}

func TestWhatIsFatalIsToldByWhoeverStartsTheServerAndLoggedAfterwards(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	l := newNATSLog(zap.New(core))
	l.Fatalf("Can't start JetStream: %s", "no room")
	require.Equal(t, "no room", l.fatal())
	require.Zero(t, logs.Len())
	l.Fatalf("the end")
	require.Equal(t, "nats: the end", logs.All()[0].Message)
}

func TestWhatAKillLeftOfTheRoomIsWrittenOver(t *testing.T) {
	t.Parallel()
	e := newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.NewNop())
	require.NoError(t, os.MkdirAll(e.opts.StoreDir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(e.opts.StoreDir, "room"), []byte("half"), 0o600))
	require.NoError(t, e.writable())
	left, err := os.ReadDir(e.opts.StoreDir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// What is away is named, and not by what NATS' client says of a buffer, nor with a
// password.
func TestNATSThatIsAwayIsNamed(t *testing.T) {
	n, err := Connect(config.NATS{URL: "nats://bell:hunter2@127.0.0.1:1"}, zap.NewNop())
	require.NoError(t, err)
	defer n.Conn.Close()
	_, err = n.Conn.RequestWithContext(t.Context(), "$JS.API.INFO", nil)
	require.ErrorIs(t, err, nats.ErrReconnectBufExceeded)
	require.ErrorContains(t, away(n.Conn, err), "nats.url: no answer from 127.0.0.1:1: ")
	require.NotContains(t, away(n.Conn, err).Error(), "hunter2")
	require.Equal(t, context.Canceled, away(n.Conn, context.Canceled))

	store, err := Connect(config.NATS{DataDir: t.TempDir(), Sync: "interval"}, zap.NewNop())
	require.NoError(t, err)
	defer func() { _ = store.Close(context.WithoutCancel(t.Context())) }()
	require.ErrorContains(t, away(store.Conn, nats.ErrReconnectBufExceeded), "the embedded store is away")
}
