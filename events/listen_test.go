package events

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// download is a Downloader that goes to a server of the test.
type download struct{ handler http.HandlerFunc }

func (d download) Get(_ context.Context, rawURL string, authorise safehttp.Authorise, byteRange string) (*http.Response, error) {
	r := httptest.NewRequest(http.MethodGet, rawURL, nil)
	if byteRange != "" {
		r.Header.Set("Range", byteRange)
	}
	if authorise != nil {
		r.Header.Set("Authorization", authorise(r.URL))
	}
	w := httptest.NewRecorder()
	d.handler(w, r)
	return w.Result(), nil
}

func (h *house) sound(rec Recording) {
	h.t.Helper()
	h.accept(rec)
	set, err := h.streams()
	require.NoError(h.t, err)
	info, err := set.recordings.Info(h.t.Context())
	require.NoError(h.t, err)
	h.write(firstEntry(rec, info.State.LastSeq, 0))
}

func heard(t *testing.T, s *Sound) string {
	t.Helper()
	defer s.Body.Close()
	raw, err := io.ReadAll(s.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestAPlayerGetsThePartThatItAsksFor(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxMedia = 1 << 20 })
	h.open()
	h.dep.Download = download{func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte("0123456789")))
	}}
	h.sound(Recording{Key: "calls.a", Source: "calls", ID: "a", MediaURL: "https://provider.example/a"})
	sp, err := h.Spool(t.Context(), "calls.b", bytes.NewReader([]byte("0123456789")))
	require.NoError(t, err)
	h.sound(Recording{Key: "calls.b", Source: "calls", ID: "b", Spooled: &sp})
	for _, c := range []struct {
		ask, say, got string
		status        int
		length        int64
	}{
		{"", "", "0123456789", 200, 10},
		{"bytes=0-", "bytes 0-9/10", "0123456789", 206, 10},
		{"bytes=3-5", "bytes 3-5/10", "345", 206, 3},
		{"bytes=8-99", "bytes 8-9/10", "89", 206, 2},
		{"bytes=-4", "bytes 6-9/10", "6789", 206, 4},
		{"bytes=5-2", "", "0123456789", 200, 10},
		{"bytes=1-2,4-5", "", "0123456789", 200, 10},
		{"lines=1-2", "", "0123456789", 200, 10},
	} {
		s, err := h.Listen(t.Context(), "calls.a", c.ask)
		require.NoError(t, err)
		require.Equal(t, c.got, heard(t, s), c.ask)
		require.Equal(t, []any{c.status, c.say, c.length, "audio/wav"}, []any{s.Status, s.Range, s.Length, s.Type}, c.ask)
	}
	s, err := h.Listen(t.Context(), "calls.a", "bytes=10-")
	require.NoError(t, err)
	require.Equal(t, []any{416, "bytes */10"}, []any{s.Status, s.Range}, "how long it is")
	_, err = h.Listen(t.Context(), "calls.b", "")
	require.ErrorIs(t, err, ErrNoMedia, "what was spooled is no recording")
}

// deadlines is an object store that remembers until when it may be read. Without a
// deadline nats.go gives it five seconds, however slowly it is read.
type deadlines struct {
	jetstream.ObjectStore
	last time.Duration
}

func (d *deadlines) Get(ctx context.Context, name string, opts ...jetstream.GetObjectOpt) (jetstream.ObjectResult, error) {
	at, _ := ctx.Deadline()
	d.last = time.Until(at)
	return d.ObjectStore.Get(ctx, name, opts...)
}

func (d *deadlines) GetBytes(ctx context.Context, name string, opts ...jetstream.GetObjectOpt) ([]byte, error) {
	at, _ := ctx.Deadline()
	d.last = time.Until(at)
	return d.ObjectStore.GetBytes(ctx, name, opts...)
}

func TestWhatIsLargeMayBeReadSlowly(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	d := &deadlines{ObjectStore: set.blobs}
	set.blobs = d
	sp, err := h.Spool(t.Context(), "calls.a", bytes.NewReader([]byte("RIFF\x24\x00\x00\x00WAVEfmt ")))
	require.NoError(t, err)
	h.sound(Recording{Key: "calls.a", Source: "calls", ID: "a", Spooled: &sp})
	s, err := h.Listen(t.Context(), "calls.a", "")
	require.NoError(t, err)
	require.NotEmpty(t, heard(t, s))
	require.Greater(t, d.last, time.Hour, "a player may be paused")

	long := transcript("long")
	long.Transcript = []Utterance{{Text: strings.Repeat("long ", inlineBytes)}}
	h.sound(long)
	_, err = h.Story(t.Context(), "calls.long")
	require.NoError(t, err)
	require.Greater(t, d.last, largeTimeout/2)
}

func TestSpooledMediaIsHeardInParts(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	wav := append([]byte("RIFF\x24\x00\x00\x00WAVEfmt "), bytes.Repeat([]byte("0123456789abcdef"), (partBytes+1000)/16)...)
	sp, err := h.Spool(t.Context(), "calls.a", bytes.NewReader(wav))
	require.NoError(t, err)
	require.Equal(t, 2, sp.Parts)
	h.sound(Recording{Key: "calls.a", Source: "calls", ID: "a", Spooled: &sp})
	for _, c := range []struct {
		ask      string
		from, to int
	}{
		{"bytes=100-199", 100, 200}, {"bytes=16777200-16777300", 16777200, 16777301}, {"bytes=16777216-", 16777216, len(wav)},
		{"bytes=-1100", len(wav) - 1100, len(wav)}, {"bytes=-99999999", 0, len(wav)},
	} {
		s, err := h.Listen(t.Context(), "calls.a", c.ask)
		require.NoError(t, err)
		require.Equal(t, string(wav[c.from:c.to]), heard(t, s), c.ask)
		require.Equal(t, 206, s.Status)
	}
	for _, beyond := range []string{"bytes=99999999-", "bytes=-0"} {
		s, err := h.Listen(t.Context(), "calls.a", beyond)
		require.NoError(t, err)
		require.Equal(t, []any{416, "bytes */16778224"}, []any{s.Status, s.Range}, beyond)
	}
}

func TestTextAndWhatIsGoneCannotBeHeard(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.sound(transcript("a"))
	_, err := h.Listen(t.Context(), "calls.a", "")
	require.ErrorIs(t, err, ErrNoMedia)
	_, err = h.Listen(t.Context(), "calls.none", "")
	require.ErrorIs(t, err, ErrNotFound)
	h.write(Entry{Key: "calls.old", Stage: StageDone, ReadySeq: 999})
	_, err = h.Listen(t.Context(), "calls.old", "")
	require.ErrorIs(t, err, ErrGone)
}

// A page in the place of a recording runs in nobody's browser.
func TestOnlySoundIsPassedOnAsWhatItSaysToBe(t *testing.T) {
	for header, want := range map[string]string{
		"audio/mpeg": "audio/mpeg", "video/mp4; codecs=x": "video/mp4", "text/html": "application/octet-stream",
		"": "application/octet-stream", "image/svg+xml": "application/octet-stream",
	} {
		require.Equal(t, want, soundType(header), header)
	}
}
