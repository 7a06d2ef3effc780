package events

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
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
	require.NoError(t, e.again())
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

func TestWhatAnotherStartDoesNotMendIsToldOnceAndLivedWith(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	e := newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.New(core))
	require.NoError(t, e.start())
	t.Cleanup(e.stop)
	dir := unregistered(t, e, "BAD")
	require.True(t, e.look(false))
	require.True(t, e.look(true))
	require.Nil(t, e.running(), "it may be for want of room")
	require.NoError(t, os.Remove(dir)) // as a block is that is not read at the start
	require.False(t, e.look(false))
	require.NotNil(t, e.running())

	unregistered(t, e, "BAD")
	require.True(t, e.look(false))
	require.False(t, e.look(true))
	require.NotNil(t, e.running(), "there is room, and it was started anew before")
	require.False(t, e.look(false), "it is known")
	told := logs.FilterMessage("a file of the store is damaged; going on without it").All()
	require.Len(t, told, 1)
	require.Contains(t, told[0].ContextMap()["error"], "BAD")
	require.Contains(t, told[0].ContextMap()["see"], "docs/runbooks.md")
}

// TestAStartThatFailsSaysWhyAtOnce has the server fail where the directory is
// as it should be.
func TestAStartThatFailsSaysWhyAtOnce(t *testing.T) {
	t.Parallel()
	e := newEmbedded(config.NATS{DataDir: t.TempDir()}, zap.NewNop())
	e.opts.JetStreamCipher, e.opts.JetStreamTpm.KeysFile = server.AES, "no such file"
	begin := time.Now()
	err := e.start()
	require.ErrorContains(t, err, "start the embedded nats in "+e.opts.StoreDir+": ")
	require.NotContains(t, err.Error(), "takes no connections")
	require.Nil(t, e.running())
	require.Less(t, time.Since(begin), soon)
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
