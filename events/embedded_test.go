package events

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

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
