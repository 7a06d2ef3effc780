package events

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/objects"
)

// sound is a WAV header and so many bytes of noise.
func sound(bytes int64) io.Reader {
	return io.MultiReader(strings.NewReader(wave), io.LimitReader(rand.NewChaCha8([32]byte{1}), bytes))
}

func TestSpooledMediaIsSubmittedWholeAndOnce(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxMedia = 1 << 30 })
	h.run(h.Service)
	const bytes = 2*partBytes + 12345
	key := Key("calls", "upload")
	known, err := h.Known(t.Context(), key)
	require.NoError(t, err)
	require.False(t, known)
	sum := sha256.New()
	sp, err := h.Spool(t.Context(), key, io.TeeReader(iotest.HalfReader(sound(bytes)), sum))
	require.NoError(t, err)
	require.Equal(t, 3, sp.Parts)
	rec := transcript("upload")
	rec.Transcript, rec.Spooled = nil, &sp
	duplicate, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	require.False(t, duplicate)
	e := h.settled(h.Service, key, StageDone)
	require.False(t, e.Text)
	require.Equal(t, []string{fmt.Sprintf("audio/wav %d %x", bytes+len(wave), sum.Sum(nil))}, h.symbl.files)
	known, err = h.Known(t.Context(), key)
	require.NoError(t, err)
	require.True(t, known)

	// It is started anew from what is still kept; without that it is dead.
	require.NoError(t, h.ReplayRecording(t.Context(), key))
	require.Eventually(t, func() bool { return h.symbl.count() == 2 }, soon, tick)
	h.settled(h.Service, key, StageDone)
	h.Discard(t.Context(), sp)
	require.NoError(t, h.ReplayRecording(t.Context(), key))
	e = h.settled(h.Service, key, StageDead)
	require.Contains(t, e.Error, "no longer kept")
}

// A process that is killed during an upload leaves whole parts and a half one.
func TestWhatAKilledUploadLeftIsTidiedAway(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxAge = 24 * time.Hour })
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	names := func() (names []string) {
		list, err := objects.List(t.Context(), set.blobs)
		require.NoError(t, err)
		for _, o := range list {
			names = append(names, o.Name)
		}
		return names
	}
	for _, name := range []string{"media/calls.gone/x/0", "media/calls.kept/x/0"} {
		_, err = set.blobs.PutString(t.Context(), name, "sound")
		require.NoError(t, err)
	}
	_, err = h.mutate(t.Context(), "calls.kept", func(e *Entry) error {
		*e = firstEntry(transcript("kept"), 1, e.revision)
		return nil
	})
	require.NoError(t, err)
	_, err = set.js.Publish(t.Context(), objects.Chunks(BucketBlobs)+"half", []byte("sound"))
	require.NoError(t, err)
	before := h.messages("OBJ_BLOBS")

	require.NoError(t, h.tidyBlobs(t.Context(), set))
	require.Equal(t, before, h.messages("OBJ_BLOBS"), "they may be under way")
	h.now = func() time.Time { return time.Now().Add(time.Hour) }
	require.NoError(t, h.tidyBlobs(t.Context(), set))
	require.Equal(t, before-1, h.messages("OBJ_BLOBS"), "the half one is gone")
	require.Len(t, names(), 2)
	h.now = func() time.Time { return time.Now().Add(4 * time.Hour) }
	require.NoError(t, h.tidyBlobs(t.Context(), set))
	require.Equal(t, []string{"media/calls.kept/x/0"}, names())
}

func TestNothingIsKeptOfASpoolThatFails(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	for name, r := range map[string]io.Reader{
		"at once":        iotest.ErrReader(errors.New("cut off")),
		"in a part":      io.MultiReader(sound(1000), iotest.ErrReader(errors.New("cut off"))),
		"after one part": io.MultiReader(io.LimitReader(rand.NewChaCha8([32]byte{}), partBytes), iotest.ErrReader(errors.New("cut off"))),
		"in the second":  io.MultiReader(io.LimitReader(rand.NewChaCha8([32]byte{}), partBytes+5), iotest.ErrReader(errors.New("cut off"))),
	} {
		_, err := h.Spool(t.Context(), "calls.1", r)
		require.EqualError(t, err, "cut off", name)
		_, err = set.blobs.List(t.Context())
		require.ErrorIs(t, err, jetstream.ErrNoObjectsFound, name)
	}
	sp, err := h.Spool(t.Context(), "calls.1", strings.NewReader(""))
	require.NoError(t, err)
	require.Equal(t, Spooled{Name: sp.Name}, sp)
}

func TestSpooledMediaThatIsNoneIsADeadLetter(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	key := Key("calls", "page")
	sp, err := h.Spool(t.Context(), key, strings.NewReader("<!DOCTYPE html><html>Sign in</html>"))
	require.NoError(t, err)
	rec := transcript("page")
	rec.Transcript, rec.Spooled = nil, &sp
	_, err = h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, key, StageDead)
	require.Contains(t, e.Error, "HTML page")
}

// TestAGibibyteIsSpooledWithFlatMemory takes its time and disk: it runs with
// TRACKERBELL_LONG=1.
func TestAGibibyteIsSpooledWithFlatMemory(t *testing.T) {
	if os.Getenv("TRACKERBELL_LONG") == "" {
		t.Skip("set TRACKERBELL_LONG=1 to spool 1 GiB with sync always")
	}
	h := newHouse(t, func(o *Options) { o.MaxMedia = 2 << 30 })
	store, err := Connect(config.NATS{DataDir: t.TempDir(), Sync: "always"}, h.dep.Log)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	h.nats = store
	h.Service = h.another(func(o *Options) { o.MaxMedia = 2 << 30 })
	h.run(h.Service)
	began := time.Now()
	sp, err := h.Spool(t.Context(), Key("calls", "gib"), sound(1<<30))
	require.NoError(t, err)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("spooled in %s, %d MiB from the system", time.Since(began).Round(time.Millisecond), m.Sys>>20)
	rec := transcript("gib")
	rec.Transcript, rec.Spooled = nil, &sp
	began = time.Now()
	_, err = h.Accept(t.Context(), rec)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.symbl.count() == 1 }, 2*time.Minute, tick)
	runtime.ReadMemStats(&m)
	t.Logf("submitted in %s, %d MiB from the system", time.Since(began).Round(time.Millisecond), m.Sys>>20)
	require.Less(t, m.Sys>>20, uint64(512))
}
