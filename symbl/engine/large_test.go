package engine_test

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// noEntry is an entry that says of itself that it is larger than any may be.
func noEntry() []byte { return binary.AppendUvarint([]byte("s"), 2<<30) }

// spoil puts a value in the place of an entry.
func spoil(t *testing.T, js jetstream.JetStream, key string, value []byte) {
	t.Helper()
	kv, err := js.KeyValue(t.Context(), "ENGINE")
	require.NoError(t, err)
	_, err = kv.Put(t.Context(), key, value)
	require.NoError(t, err)
}

// An entry that cannot be read is in the way of no other, and can be deleted.
func TestAConversationThatCannotBeReadIsLeftOutAndDeleted(t *testing.T) {
	for name, value := range map[string][]byte{
		"too large": noEntry(), "no JSON": []byte("jxylophone"), "its object is gone": []byte("rgone"), "empty": {},
	} {
		t.Run(name, func(t *testing.T) {
			js := connect(t, startNATS(t))
			a := call(t, newEngine(t, js, engine.Config{}))
			a.submit(`{"name":"good",` + says("x")[1:])
			job := a.submit(`{"name":"bad",` + says("xylophone")[1:])
			spoil(t, js, "conversation."+job.ConversationID, value)
			path := "/v1/conversations/" + job.ConversationID

			require.Equal(t, []string{"good"}, a.listed(""))
			a.refused(http.StatusInternalServerError, http.MethodGet, path+"/trackers", "")
			a.ok(http.MethodDelete, path, "")
			a.refused(http.StatusNotFound, http.MethodGet, path, "")
			require.Eventually(t, func() bool { return !stored(t, js, "xylophone") }, eventually, tick)
			kv, err := js.KeyValue(t.Context(), "ENGINE")
			require.NoError(t, err)
			keys, err := kv.Keys(t.Context())
			require.NoError(t, err)
			for _, key := range keys {
				require.False(t, strings.HasPrefix(key, "listing.") && strings.HasSuffix(key, job.ConversationID), key)
			}
		})
	}
}

// What a job works on may be what cannot be read.
func TestAnInputThatCannotBeReadIsDeletedAndSweptUp(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	job := a.submit(says("x"))
	spoil(t, js, "input."+job.JobID, noEntry())
	spoil(t, js, "input.abandoned", noEntry())
	a.ok(http.MethodDelete, "/v1/conversations/"+job.ConversationID, "")
	e.SetNow(func() time.Time { return time.Now().Add(24 * time.Hour) })
	_, err := e.Sweep(t.Context())
	require.NoError(t, err)
	kv, err := js.KeyValue(t.Context(), "ENGINE")
	require.NoError(t, err)
	for _, key := range []string{"input." + job.JobID, "input.abandoned"} {
		_, err = kv.Get(t.Context(), key)
		require.ErrorIs(t, err, jetstream.ErrKeyNotFound, key)
	}
}

// Each phrase that is found keeps a copy of the message.
func TestAConversationThatBecomesTooLargeFailsItsJobOnly(t *testing.T) {
	a := oneEngine(t, engine.MaxConversation(engine.Config{}, 100_000))
	var phrases []string
	for c := 'a'; c <= 'z'; c++ {
		phrases = append(phrases, "sale "+string(c))
	}
	a.track("Sale", phrases...)
	text := strings.Join(phrases, " ") + strings.Repeat(" hm", 2000)
	job := a.submit(says(text))
	require.Equal(t, "the conversation has become too large", a.await(job, symbl.Failed).Error)
	require.Empty(t, a.detected(job.ConversationID))

	asked := a.submit(says(strings.Join(phrases, "? ") + "? " + strings.Repeat("hm ", 1000) + "sale a sale b?"))
	a.await(asked, symbl.Failed)

	good := a.submit(says("sale a"))
	a.await(good, symbl.Completed)
	path := "/v1/process/text/" + good.ConversationID
	for range 3 {
		a.await(decode[symbl.Job](t, a.ok(http.MethodPut, path, says(strings.Repeat("x", 30_000)))), symbl.Completed)
	}
	more := decode[symbl.Job](t, a.ok(http.MethodPut, path, says(strings.Repeat("x", 30_000))))
	require.Equal(t, "the conversation has become too large", a.await(more, symbl.Failed).Error)
	require.Len(t, a.messages(good.ConversationID), 4)
	require.Len(t, a.detected(good.ConversationID), 1)
	a.ok(http.MethodDelete, "/v1/conversations/"+good.ConversationID, "")
}

func TestAMessageThatIsTooLongIsRefused(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.submit(says(strings.Repeat("x", 256<<10)))
	message := a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", says("x", strings.Repeat("x", 256<<10+1)))
	require.Contains(t, message, `"messages[1].payload.content"`)
}
