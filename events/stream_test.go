package events

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// streaming is a service whose media is private and comes from a loopback
// server through the real client.
func streaming(t *testing.T, limit int64, serve http.HandlerFunc, o safehttp.Options) (*house, Recording) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	o.AllowHosts = []string{"127.0.0.1"}
	client, err := safehttp.New(o)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	h := newHouse(t, func(o *Options) { o.MaxMedia = limit })
	h.dep.Download = client
	h.dep.Media = place{func(bool) (Media, error) { return Media{URL: server.URL + "/call.wav", Private: true}, nil }}
	h.run(h.Service)
	rec := transcript("private")
	rec.Transcript, rec.MediaURL = nil, server.URL+"/call.wav"
	return h, rec
}

func TestPrivateMediaIsStreamedToTheFileAPI(t *testing.T) {
	const bytes = 5 << 20
	h, rec := streaming(t, 1<<30, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, sound(bytes)) }, safehttp.Options{})
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	h.settled(h.Service, rec.Key, StageDone)
	require.Len(t, h.symbl.files, 1)
	require.Contains(t, h.symbl.files[0], "audio/wav -1 ")
}

// A Symbl outside of this network cannot fetch from an address inside of it,
// one inside can.
func TestMediaAtAPrivateAddressIsStreamedToARemoteSymbl(t *testing.T) {
	for _, remote := range []bool{true, false} {
		h, rec := streaming(t, 1<<30, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, sound(1<<10)) }, safehttp.Options{})
		h.opt.Remote = remote
		h.dep.Media = noCredentials{}
		_, err := h.Accept(t.Context(), rec)
		require.NoError(t, err)
		h.settled(h.Service, rec.Key, StageDone)
		require.Equal(t, 1, h.symbl.count())
		require.Equal(t, remote, len(h.symbl.files) == 1)
	}
}

func TestMediaThatIsTooLargeIsADeadLetter(t *testing.T) {
	h, rec := streaming(t, 1<<20, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, sound(2<<20)) }, safehttp.Options{})
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, rec.Key, StageDead)
	require.Contains(t, e.Error, "larger than allowed")
}

func TestATransferThatStallsIsTriedAgain(t *testing.T) {
	var calls atomic.Int32
	h, rec := streaming(t, 1<<30, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, sound(1<<20))
		if r.Header.Get("Range") == "" && calls.Add(1) == 1 { // what has a range is a probe
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}, safehttp.Options{Stall: 50 * time.Millisecond})
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, rec.Key, StageDone)
	require.Positive(t, e.Attempts[StepSubmit], "on a busy machine a further one may stall, too")
}

func TestMediaThatIsNotThereYetIsWaitedFor(t *testing.T) {
	var calls atomic.Int32
	h, rec := streaming(t, 1<<30, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusTooEarly)
			return
		}
		_, _ = io.Copy(w, sound(1<<10))
	}, safehttp.Options{})
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, rec.Key, StageDone)
	require.Zero(t, e.Attempts[StepSubmit], "waiting is no failure")
}

// TestAGibibyteIsStreamedWithFlatMemory takes its time: it runs with
// TRACKERBELL_LONG=1.
func TestAGibibyteIsStreamedWithFlatMemory(t *testing.T) {
	if os.Getenv("TRACKERBELL_LONG") == "" {
		t.Skip("set TRACKERBELL_LONG=1 to stream 1 GiB")
	}
	h, rec := streaming(t, 2<<30, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, sound(1<<30)) }, safehttp.Options{})
	began := time.Now()
	_, err := h.Accept(context.Background(), rec)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.symbl.count() == 1 }, 2*time.Minute, tick)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("streamed in %s, %d MiB from the system", time.Since(began).Round(time.Millisecond), m.Sys>>20)
	require.Less(t, m.Sys>>20, uint64(256))
}
