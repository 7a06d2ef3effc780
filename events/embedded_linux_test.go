package events

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/config"
)

// fillDisk makes every block of a store that is open refuse what is written to
// it, as a full disk does. What is opened later is well.
func fillDisk(t *testing.T, dir string) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, full.Close()) }()
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	blocks := 0
	for _, f := range open {
		path, err := os.Readlink("/proc/self/fd/" + f.Name())
		if err != nil || !strings.HasPrefix(path, dir) || !strings.HasSuffix(path, ".blk") {
			continue // it was that of the directory
		}
		fd, err := strconv.Atoi(f.Name())
		require.NoError(t, err)
		require.NoError(t, syscall.Dup3(int(full.Fd()), fd, syscall.O_CLOEXEC))
		blocks++
	}
	require.NotZero(t, blocks)
}

func TestAStoreWhoseDiskWasFullIsWrittenAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	core, logs := observer.New(zap.InfoLevel)
	n, err := Connect(config.NATS{DataDir: dir, Sync: "always"}, zap.New(core))
	require.NoError(t, err)
	var keeping sync.WaitGroup
	t.Cleanup(func() {
		keeping.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, n.Close(ctx))
	})
	keeping.Go(func() { n.Keep(t.Context()) })
	js, err := jetstream.New(n.Conn)
	require.NoError(t, err)
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
	require.NoError(t, err)
	publish := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), publishTimeout)
		defer cancel()
		_, err := js.Publish(ctx, "s", []byte("kept"))
		return err
	}
	require.NoError(t, publish())

	fillDisk(t, dir)
	require.Error(t, publish(), "it is not stored, and not acknowledged")
	require.Eventually(t, func() bool { return publish() == nil }, 4*soon, tick)
	info, err := stream.Info(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, info.State.Msgs, "what was acknowledged, and nothing else")
	require.Equal(t, 1, logs.FilterMessage("the store cannot be written; waiting for room").Len())
	require.Eventually(t, func() bool { return logs.FilterMessage("the store can be written again").Len() == 1 }, soon, tick)
}
