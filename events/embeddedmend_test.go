package events

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/config"
)

// leftStore is a directory with a stream of three messages and two consumers, each
// of which has handed out one of them.
func leftStore(t *testing.T) (dir, streamDir string) {
	t.Helper()
	dir = t.TempDir()
	n, js := open(t, dir, zap.NewNop())
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
	require.NoError(t, err)
	for range 3 {
		_, err := js.Publish(t.Context(), "s", []byte("kept"))
		require.NoError(t, err)
	}
	for _, name := range []string{"well", "bad"} {
		cons, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy})
		require.NoError(t, err)
		msg, err := cons.Next()
		require.NoError(t, err)
		require.NoError(t, msg.DoubleAck(t.Context()))
	}
	shut(t, n)
	return dir, filepath.Join(dir, "nats", "jetstream", "$G", "streams", "S")
}

func open(t *testing.T, dir string, log *zap.Logger) (*NATS, jetstream.JetStream) {
	t.Helper()
	n, err := Connect(config.NATS{DataDir: dir, Sync: "always"}, log)
	require.NoError(t, err)
	t.Cleanup(func() { shut(t, n) })
	js, err := jetstream.New(n.Conn)
	require.NoError(t, err)
	return n, js
}

func shut(t *testing.T, n *NATS) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	require.NoError(t, n.Close(ctx))
}

// rewrite changes a file.
func rewrite(t *testing.T, file string, how func([]byte) []byte) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	changed := how(bytes.Clone(raw))
	require.NotEqual(t, raw, changed)
	require.NoError(t, os.WriteFile(file, changed, 0o600))
}

// unknownKey is a description as a later NATS may write it.
func unknownKey(b []byte) []byte { return append([]byte(`{"of_a_later_nats":1,`), b[1:]...) }

// laterLevel is the description of something that this NATS cannot do.
func laterLevel(b []byte) []byte {
	return bytes.Replace(b, []byte(`"_nats.req.level":"0"`), []byte(`"_nats.req.level":"99"`), 1)
}

func TestADamagedConsumerIsSetAsideAndTheOneBesideItGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		how  func([]byte) []byte
	}{
		"an unknown key":     {"meta.inf", unknownKey},
		"a later level":      {"meta.inf", laterLevel},
		"half a description": {"meta.inf", func(b []byte) []byte { return b[:len(b)/2] }},
		"no description":     {"meta.inf", nil},
		"no sum":             {"meta.sum", nil},
		"its state":          {"o.dat", func(b []byte) []byte { return make([]byte, len(b)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, streamDir := leftStore(t)
			file := filepath.Join(streamDir, "obs", "bad", c.file)
			if c.how == nil {
				require.NoError(t, os.Remove(file))
			} else {
				rewrite(t, file, c.how)
			}
			core, logs := observer.New(zap.WarnLevel)
			_, js := open(t, dir, zap.New(core))
			stream, err := js.Stream(t.Context(), "S")
			require.NoError(t, err, "it is not out of service")
			_, err = stream.Consumer(t.Context(), "well")
			require.NoError(t, err)
			require.NoDirExists(t, filepath.Join(dir, "nats", setAside, "S", "well"))
			_, err = stream.Consumer(t.Context(), "bad")
			require.ErrorIs(t, err, jetstream.ErrConsumerNotFound)
			require.DirExists(t, filepath.Join(dir, "nats", setAside, "S", "bad"))
			require.Equal(t, 1, logs.FilterMessageSnippet("the state of a consumer is damaged").Len())
		})
	}
}

func TestADamagedConsumerIsSetAsideInPlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	dir, streamDir := leftStore(t)
	kept := filepath.Join(dir, "nats", setAside, "S", "bad")
	require.NoError(t, os.MkdirAll(kept, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(kept, "before"), nil, 0o600))
	require.NoError(t, os.Remove(filepath.Join(streamDir, "obs", "bad", "meta.inf")))
	open(t, dir, zap.NewNop())
	require.FileExists(t, filepath.Join(kept, "o.dat"))
	require.NoFileExists(t, filepath.Join(kept, "before"))
}

// TestAStoreOfALaterNATSIsLeftAsItIs describes the stream and its consumers as a
// later NATS would: going back to that one finds everything.
func TestAStoreOfALaterNATSIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	dir, streamDir := leftStore(t)
	for _, at := range []string{".", "obs/well", "obs/bad"} {
		rewrite(t, filepath.Join(streamDir, at, "meta.inf"), unknownKey)
	}
	sum(t, streamDir)
	_, js := open(t, dir, zap.NewNop())
	_, err := js.Stream(t.Context(), "S")
	require.ErrorContains(t, err, "offline")
	require.DirExists(t, filepath.Join(streamDir, "obs", "well"))
	require.DirExists(t, filepath.Join(streamDir, "obs", "bad"))
	require.NoDirExists(t, filepath.Join(dir, "nats", setAside))
}

// sum makes the description of a stream valid.
func sum(t *testing.T, streamDir string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(streamDir, "meta.inf"))
	require.NoError(t, err)
	key := sha256.Sum256([]byte(filepath.Base(streamDir)))
	hash, err := highwayhash.NewDigest64(key[:])
	require.NoError(t, err)
	_, err = hash.Write(raw)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(streamDir, "meta.sum"), []byte(hex.EncodeToString(hash.Sum(nil))), 0o600))
}
