package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// entries is how many messages of each kind the engine's bucket holds, the marks of
// what was deleted included.
func entries(t *testing.T, js jetstream.JetStream) map[string]int {
	t.Helper()
	stream, err := js.Stream(t.Context(), "KV_ENGINE")
	require.NoError(t, err)
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	require.NoError(t, err)
	kinds := map[string]int{}
	for subject := range info.State.Subjects {
		kind, _, _ := strings.Cut(strings.TrimPrefix(subject, "$KV.ENGINE."), ".")
		kinds[kind]++
	}
	return kinds
}

// sweepAfter lets another engine sweep as it would after some time.
func sweepAfter(t *testing.T, js jetstream.JetStream, days int) {
	t.Helper()
	e := newEngine(t, js, engine.Config{})
	e.SetNow(func() time.Time { return time.Now().AddDate(0, 0, days) })
	for range 2 { // a key goes after its job
		_, err := e.Sweep(t.Context())
		require.NoError(t, err)
	}
}

func TestJobsThatEndedAndTheirKeysAreForgottenInTime(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{Transcriber: hearing(), TempDir: t.TempDir()})
	stop := start(t, e)
	a := call(t, e)
	first := a.submit(says("a"), keyHeader, "k")
	deleted := a.upload(hum(1, 0.5), "")
	for _, job := range []symbl.Job{first, deleted} {
		a.await(job, symbl.Completed)
	}
	a.ok(http.MethodDelete, "/v1/conversations/"+deleted.ConversationID, "")
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	stop()

	sweepAfter(t, js, 88)
	got := entries(t, js)
	require.Equal(t, []int{2, 1, 2, 2, 0}, []int{got["job"], got["idempotency"], got["conversation"], got["listing"], got["input"]})
	require.Equal(t, first, a.submit(says("a"), keyHeader, "k"))
	blobs, err := js.Stream(t.Context(), "OBJ_ENGINE_BLOBS")
	require.NoError(t, err)
	info, err := blobs.Info(t.Context())
	require.NoError(t, err)
	require.Zero(t, info.State.Msgs, "the recording left a mark")

	sweepAfter(t, js, 90)
	got = entries(t, js)
	require.Equal(t, []int{0, 0, 1, 1, 0}, []int{got["job"], got["idempotency"], got["conversation"], got["listing"], got["input"]})
	a.refused(http.StatusNotFound, http.MethodGet, "/v1/job/"+first.JobID, "")
	require.Len(t, a.messages(first.ConversationID), 1, "what was said stays until it is deleted")
	require.NotEqual(t, first, a.submit(says("a"), keyHeader, "k"))
}

func TestAJobThatHasNotEndedIsNotForgotten(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	waits := a.submit(says("a"), keyHeader, "waits")
	js.only = "engine.jobs."
	js.dieAfter(0)
	a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/text", says("b"), keyHeader, "broken off")
	js.armed.Store(false)
	require.EqualValues(t, 1, queued(t, js))

	sweepAfter(t, js, 90)
	require.EqualValues(t, 2, queued(t, js), "the one that was not there is now")
	start(t, e)
	a.await(waits, symbl.Completed)
	require.Equal(t, waits, a.submit(says("a"), keyHeader, "waits"))
	done := a.submit(says("b"), keyHeader, "broken off")
	a.await(done, symbl.Completed)
	require.Len(t, a.messages(done.ConversationID), 1)
}

// Its submission broke off before it was told of, and its conversation was found in
// the list and deleted.
func TestAJobWithNothingToWorkOnIsForgotten(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	a := call(t, newEngine(t, js, engine.Config{}))
	js.only = "engine.jobs."
	js.dieAfter(0)
	a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/text", says("b"), keyHeader, "k")
	js.armed.Store(false)
	list := field[[]symbl.Conversation](t, a.ok(http.MethodGet, "/v1/conversations", ""), "conversations")
	require.Len(t, list, 1)
	a.ok(http.MethodDelete, "/v1/conversations/"+list[0].ID, "")

	sweepAfter(t, js, 90)
	require.Zero(t, queued(t, js))
	got := entries(t, js)
	require.Zero(t, got["job"]+got["idempotency"]+got["conversation"]+got["listing"]+got["input"])
}

func TestASweepLooksAtPartOfALotAndTheNextAtTheRest(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	const kept = 5000 // conversations of other clients
	for n := range kept {
		require.NoError(t, js.Conn().Publish(fmt.Sprintf("$KV.ENGINE.conversation.%d", n), nil))
	}
	mark := nats.NewMsg("$KV.ENGINE.listing.20260101.1")
	mark.Header.Set("KV-Operation", "DEL")
	_, err := js.PublishMsg(t.Context(), mark)
	require.NoError(t, err)
	require.Equal(t, kept, entries(t, js)["conversation"])
	e.SetNow(func() time.Time { return time.Now().AddDate(0, 0, 90) })
	for _, left := range []int{1, 0, 0} {
		_, err := e.Sweep(t.Context())
		require.NoError(t, err)
		require.Equal(t, left, entries(t, js)["listing"])
	}
	require.Equal(t, kept, entries(t, js)["conversation"])
}

func TestAnEntryThatCannotBeReadKeepsNoOther(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	_, err := js.Publish(t.Context(), "$KV.ENGINE.job.damaged", []byte("j{"))
	require.NoError(t, err)
	mark := nats.NewMsg("$KV.ENGINE.listing.20260101.1")
	mark.Header.Set("KV-Operation", "DEL")
	_, err = js.PublishMsg(t.Context(), mark)
	require.NoError(t, err)
	e.SetNow(func() time.Time { return time.Now().AddDate(0, 0, 90) })
	_, err = e.Sweep(t.Context())
	require.ErrorContains(t, err, "decode job")
	_, err = e.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, entries(t, js)["listing"])
}
