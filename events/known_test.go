package events

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// looks counts what is asked of the ledger about single keys.
func (h *house) looks(t *testing.T) func() int {
	t.Helper()
	sub, err := h.nats.Conn.SubscribeSync("$JS.API.DIRECT.GET.KV_LEDGER.>")
	require.NoError(t, err)
	return func() int {
		require.NoError(t, h.nats.Conn.Flush())
		n, _, err := sub.Pending()
		require.NoError(t, err)
		return n
	}
}

func (h *house) enter(t *testing.T, key string) {
	t.Helper()
	set, err := h.streams()
	require.NoError(t, err)
	_, err = set.ledger.Mutate(t.Context(), key, func(e *Entry) error { e.Source = "calls"; return nil })
	require.NoError(t, err)
}

func TestARecordingIsLookedForOnlyWhereTheLedgerMayHoldIt(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.enter(t, "calls.old")
	set, err := h.streams()
	require.NoError(t, err)
	ledger, looks := set.ledger, h.looks(t)

	require.True(t, h.accept(transcript("old")), "before the keys are read")
	require.Equal(t, 1, looks())

	require.NoError(t, ledger.learn(t.Context()))
	require.False(t, h.accept(transcript("new")))
	require.True(t, h.accept(transcript("new")), "the stream knows it")
	require.Equal(t, 1, looks(), "it cannot be in the ledger")
	require.True(t, h.accept(transcript("old")))
	require.Equal(t, 2, looks())

	// What the stream does not know, or no longer: our own, and another replica's.
	h.enter(t, "calls.own")
	require.True(t, h.accept(transcript("own")))
	_, err = ledger.kv.Create(t.Context(), "calls.other", []byte(`{"source":"calls"}`))
	require.NoError(t, err)
	require.NoError(t, ledger.learn(t.Context()))
	require.True(t, h.accept(transcript("other")))

	for name, age := range map[string]time.Time{
		"by one clock":         ledger.known.asOf.Add(-knownFor - time.Second),
		"by the machine's":     time.Now().Round(0).Add(-knownFor - time.Second),
		"as it was never read": {},
	} {
		before := looks()
		ledger.known.asOf = age
		require.False(t, h.accept(transcript(name)))
		require.Greater(t, looks(), before, name)
	}
	require.NoError(t, ledger.learn(t.Context()))
	require.NoError(t, h.nats.Conn.ForceReconnect())
	require.Eventually(t, func() bool { return ledger.links() == 1 && h.nats.Conn.IsConnected() }, soon, tick)
	require.False(t, ledger.excludes("calls.nobody's"), "the stream may have forgotten")
	require.NoError(t, ledger.learn(t.Context()))
	before := looks()
	require.False(t, h.accept(transcript("newer")))
	require.Equal(t, before, looks())

	ledger.known.upTo = 1000 // of a ledger that was deleted
	require.NoError(t, ledger.learn(t.Context()))
	require.True(t, h.accept(transcript("other")))
	upTo, _ := ledger.known.read()
	require.Less(t, upTo, uint64(1000))

	ledger.known.most = 5
	for _, id := range []string{"1", "2", "3"} {
		h.enter(t, "calls."+id)
	}
	require.False(t, ledger.excludes("calls.nobody's"), "there are too many to hold")
	require.ErrorIs(t, ledger.learn(t.Context()), errTooMany)
	require.False(t, ledger.excludes("calls.nobody's"))
	require.True(t, h.accept(transcript("3")))
}

func TestARunningServiceLearnsTheLedgersKeys(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	_, err = set.ledger.kv.Create(t.Context(), "calls.old", []byte(`{"source":"calls"}`)) // as an earlier process did
	require.NoError(t, err)
	h.run(h.Service)
	set, err = h.streams()
	require.NoError(t, err)
	require.Eventually(t, func() bool { return set.ledger.excludes("calls.new") }, soon, tick)
	require.False(t, set.ledger.excludes("calls.old"))
}

// The stream forgets what is purged from it when its server starts anew: then
// the ledger alone knows the recording.
func TestARestartRecognisesWhatOnlyTheLedgerKnows(t *testing.T) {
	h := newHouse(t, nil)
	stop := h.run(h.Service)
	require.False(t, h.accept(transcript("a")))
	h.settled(h.Service, "calls.a", StageDone)
	stop()
	js, err := jetstream.New(h.nats.Conn)
	require.NoError(t, err)
	require.NoError(t, js.DeleteStream(t.Context(), "RECORDINGS"))
	again := h.another(nil)
	h.run(again)
	set, err := again.streams()
	require.NoError(t, err)
	require.Eventually(t, func() bool { return set.ledger.excludes("calls.b") }, soon, tick)
	duplicate, err := again.Accept(t.Context(), transcript("a"))
	require.NoError(t, err)
	require.True(t, duplicate)
	ack, err := set.js.PublishMsg(t.Context(), &nats.Msg{Subject: subjectReady + "calls", Header: nats.Header{nats.MsgIdHdr: {msgID("ready", "calls.a", 0)}}})
	require.NoError(t, err)
	require.False(t, ack.Duplicate, "the stream would have taken it")
}
