package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// stored tells whether a word stands anywhere in what JetStream holds, in the
// clear or compressed.
func stored(tb testing.TB, js jetstream.JetStream, word string) bool {
	tb.Helper()
	found := false
	streams := js.ListStreams(tb.Context())
	for info := range streams.Info() {
		stream, err := js.Stream(tb.Context(), info.Config.Name)
		require.NoError(tb, err)
		var all bytes.Buffer
		for seq := uint64(1); seq <= info.State.LastSeq; seq++ {
			msg, err := stream.GetMsg(tb.Context(), seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			require.NoError(tb, err)
			all.Write(msg.Data) // large values are in several messages
		}
		// S2 leaves a word as it is where it stands for the first time.
		found = found || bytes.Contains(all.Bytes(), []byte(word))
	}
	require.NoError(tb, streams.Err())
	return found
}

func TestADeletedConversationIsGoneFromEveryReadAndFromStorage(t *testing.T) {
	const word = "xylophone"
	for name, texts := range map[string][]string{"short": {word}, "compressed": {word + strings.Repeat(" and on", 500)}, "large": large(word)} {
		t.Run(name, func(t *testing.T) {
			js := connect(t, startNATS(t))
			e := newEngine(t, js, engine.Config{})
			a := call(t, e)
			a.track("Instrument", word[:9])
			job := a.submit(says(append([]string{word + "?"}, texts...)...), keyHeader, "k")
			more := decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/text/"+job.ConversationID, says(append([]string{"first"}, texts...)...)))
			stop := start(t, e)
			a.await(job, symbl.Completed)
			a.await(more, symbl.Completed)
			stop()
			path := "/v1/conversations/" + job.ConversationID
			// The text of this one waits for a worker that never comes.
			a.ok(http.MethodPut, "/v1/process/text/"+job.ConversationID, says(append([]string{"second"}, texts...)...))
			require.True(t, stored(t, js, word))
			for _, tracker := range many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")) {
				a.ok(http.MethodDelete, "/v1/manage/trackers/"+tracker.ID, "")
			}

			require.Contains(t, a.ok(http.MethodDelete, path, ""), "successfully deleted the conversation")
			require.False(t, stored(t, js, word))
			for _, read := range []string{"", "/messages", "/members", "/trackers", "/trackers-detected", "/questions"} {
				require.Equal(t, "The conversationId is either invalid or does not exist.", a.refused(http.StatusNotFound, http.MethodGet, path+read, ""))
			}
			a.refused(http.StatusNotFound, http.MethodPost, path+"/transcript", `{"contentType":"text/srt"}`)
			a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/text/"+job.ConversationID, says("x"))
			a.refused(http.StatusNotFound, http.MethodDelete, path, "")
			require.Empty(t, a.listed(""))
		})
	}
}

// A worker that dies while it adds its part or clears up leaves text in places
// that nothing refers to. No worker comes after it here.
func TestADeletionFindsWhatAStoppedWorkerLeft(t *testing.T) {
	const word = "xylophone"
	for body, deaths := range map[string][]int{says(word): {0, 1, 2, 3, 4, 5}, says(large(word)...): {3, 4, 5, 6}} {
		for _, writes := range deaths {
			t.Run(fmt.Sprintf("%d bytes, after %d writes", len(body), writes), func(t *testing.T) {
				s := startNATS(t)
				mortal := mortal(t, connect(t, s), false)
				a := call(t, newEngine(t, connect(t, s), engine.Config{}))
				dead := newEngine(t, mortal, engine.Config{Workers: 1})
				job := a.submit(body)
				mortal.dieAfter(writes)
				stop := start(t, dead)
				require.Eventually(t, func() bool {
					return mortal.writes.Load() > int64(writes) || queued(t, mortal) == 0
				}, eventually, time.Millisecond)
				stop()

				a.ok(http.MethodDelete, "/v1/conversations/"+job.ConversationID, "")
				require.False(t, stored(t, mortal, word))
			})
		}
	}
}

// A submission that breaks off before its job is written was not answered:
// nobody could delete it.
func TestASubmissionThatBrokeOffIsSweptUp(t *testing.T) {
	s := startNATS(t)
	js := mortal(t, connect(t, s), false)
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	js.dieAfter(1) // the input is written, the conversation is not
	a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/text", says("xylophone"))
	js.armed.Store(false)
	_, err := e.Sweep(t.Context())
	require.NoError(t, err)
	require.True(t, stored(t, js, "xylophone"), "it may be under way")
	e.SetNow(func() time.Time { return time.Now().Add(time.Hour) })
	_, err = e.Sweep(t.Context())
	require.NoError(t, err)
	require.False(t, stored(t, js, "xylophone"))
}

// A process that is killed between two writes leaves an object behind.
func TestObjectsThatNothingRefersToAreSweptUp(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	kept := a.submit(says(large("")...))
	store, err := js.ObjectStore(t.Context(), "ENGINE_BLOBS")
	require.NoError(t, err)
	deleted := a.submit(says("x"))
	a.ok(http.MethodDelete, "/v1/conversations/"+deleted.ConversationID, "")
	for name, of := range map[string]string{
		"orphan": "value of input.gone", "replaced": "value of input." + kept.JobID, "foreign": "of somebody else",
		"deleted": "value of conversation." + deleted.ConversationID,
	} {
		_, err := store.Put(t.Context(), jetstream.ObjectMeta{Name: name, Description: of}, strings.NewReader("text"))
		require.NoError(t, err)
	}
	_, err = js.Publish(t.Context(), "$O.ENGINE_BLOBS.C.halfwritten", []byte("xylophone")) // what a killed writer leaves
	require.NoError(t, err)
	start(t, e)
	a.await(kept, symbl.Completed)
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Eventually(t, func() bool { return blobs(t, js) == 5 }, eventually, tick, "they are young")
	require.True(t, stored(t, js, "xylophone"))

	later := newEngine(t, js, engine.Config{})
	later.SetNow(func() time.Time { return time.Now().Add(2 * time.Hour) })
	start(t, later)
	require.Eventually(t, func() bool { return blobs(t, js) == 2 && !stored(t, js, "xylophone") }, eventually, tick)
	_, err = store.GetInfo(context.Background(), "foreign")
	require.NoError(t, err)
	require.Len(t, a.messages(kept.ConversationID), 2)
}
