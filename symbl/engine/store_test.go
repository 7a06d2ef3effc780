package engine_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// noise is text that does not compress well, another for each seed.
func noise(seed, words int) string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	for range words {
		fmt.Fprintf(&b, "%x ", r.Uint64())
	}
	return b.String()
}

// large are messages, the first with the text, that do not fit into an entry.
func large(text string) []string { return []string{text + noise(1, 15_000), noise(2, 15_000)} }

func blobs(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	store, err := js.ObjectStore(t.Context(), "ENGINE_BLOBS")
	require.NoError(t, err)
	list, err := store.List(t.Context())
	if err != nil {
		require.ErrorIs(t, err, jetstream.ErrNoObjectsFound)
	}
	return len(list)
}

func TestLargeValuesGoToTheObjectStoreAndLeaveIt(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	for i := range 2 {
		var phrases strings.Builder
		for j := range 900 {
			fmt.Fprintf(&phrases, "%q,", noise(1000*i+j, 40))
		}
		a.ok(http.MethodPost, "/v1/manage/trackers", fmt.Sprintf(`{"name":"T%d","vocabulary":[%s"end"]}`, i, phrases.String()))
		require.Len(t, many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")), i+1)
		require.Equal(t, 1, blobs(t, js), "the one before is gone")
	}
	for _, tracker := range many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")) {
		a.ok(http.MethodDelete, "/v1/manage/trackers/"+tracker.ID, "")
	}
	require.Zero(t, blobs(t, js))

	job := a.submit(says(append(large(""), "a word")...))
	require.Equal(t, 1, blobs(t, js), "the input")
	start(t, e)
	a.await(job, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), 3)
	a.ok(http.MethodDelete, "/v1/conversations/"+job.ConversationID, "")
	require.Eventually(t, func() bool { return blobs(t, js) == 0 }, eventually, tick)
}

func TestEnginesStartTogetherOnAnEmptyNATS(t *testing.T) {
	s := startNATS(t)
	errs := make(chan error, 4)
	for range cap(errs) {
		js := connect(t, s)
		go func() {
			_, err := engine.New(t.Context(), engine.Config{}, js)
			errs <- err
		}()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

// A reader on any engine must find at once what another was told is stored.
func TestReadsAreNotAnsweredByReplicasThatLag(t *testing.T) {
	js := connect(t, startNATS(t))
	newEngine(t, js, engine.Config{})
	newEngine(t, js, engine.Config{})
	for _, name := range []string{"KV_ENGINE", "OBJ_ENGINE_BLOBS"} {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		require.False(t, stream.CachedInfo().Config.AllowDirect)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, text := range []string{"", "short", noise(1, 200)} {
		data, err := engine.Pack(symbl.Tracker{Name: text})
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte("rname"))
	f.Add([]byte("g\x1f\x8b"))
	f.Add([]byte("s\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var tracker symbl.Tracker
		if engine.Unpack(data, &tracker) != nil {
			return
		}
		again, err := engine.Pack(tracker)
		require.NoError(t, err)
		var same symbl.Tracker
		require.NoError(t, engine.Unpack(again, &same))
		require.Equal(t, tracker.Name, same.Name)
	})
}
