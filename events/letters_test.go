package events

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// put stores a message as it is, and gives its sequence.
func (h *house) put(subject, body string) uint64 {
	h.t.Helper()
	ack, err := h.opened.Load().js.PublishMsg(h.t.Context(), &nats.Msg{Subject: subject, Data: []byte(body)})
	require.NoError(h.t, err)
	return ack.Sequence
}

func TestADeadLetterThatCannotBeReadIsListedAndDropped(t *testing.T) {
	for name, c := range map[string]struct{ subject, body, step, recording, why string }{
		"no JSON":           {"dead.submit", "\x00\xff poison", "submit", "", "decode event"},
		"nothing":           {"dead.route", "", "route", "", "decode event"},
		"no event":          {"dead.notify", `{"hello":1}`, "notify", "", "not a CloudEvents 1.0 event"},
		"another program's": {"dead.elsewhere", `{"specversion":"1.0","id":"1","type":"other","subject":"a b*c"}`, "", "a b*c", `of type "other"`},
		"a later version's": {"dead.await", `{"specversion":"1.0","id":"2","type":"io.trackerbell.dead.v2","subject":"calls.a","data":{}}`, "await", "calls.a", "dead.v2"},
		"one with bad data": {"dead.submit", `{"specversion":"1.0","id":"3","type":"io.trackerbell.dead.v1","subject":"calls.a","data":{"attempts":"x"}}`, "submit", "calls.a", "decode data"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.open()
			id := h.put(c.subject, c.body)

			page, err := h.DeadLetters(t.Context(), 0, 10)
			require.NoError(t, err)
			require.Len(t, page.Letters, 1)
			got := page.Letters[0]
			require.Equal(t, []any{id, c.step, ReasonMalformed, c.recording, c.subject}, []any{got.ID, got.Step, got.Reason, got.Recording, got.Subject})
			require.Contains(t, got.Error, c.why)
			require.False(t, got.At.IsZero())

			require.ErrorIs(t, h.ReplayDead(t.Context(), id), ErrUnreadable)
			require.NoError(t, h.DropDead(t.Context(), id))
			require.ErrorIs(t, h.DropDead(t.Context(), id), ErrNotFound)
		})
	}
}

func TestALetterWithoutItsEventIsNotTriedAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.write(Entry{Key: "calls.a", Source: "calls", Stage: StageReady})
	id := h.put("dead.submit", `{"specversion":"1.0","id":"1","type":"io.trackerbell.dead.v1","subject":"calls.a","data":{"stage":"submit","recording":"calls.a"}}`)
	require.ErrorIs(t, h.ReplayDead(t.Context(), id), ErrUnreadable)
	require.NoError(t, h.DropDead(t.Context(), id))
}

// A letter of ours that was spoilt in the store must not keep its recording dead.
func TestDroppingASpoiltLetterFreesItsRecording(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = func(int) error {
		return &symbl.Error{Class: symbl.Permanent, Definite: true, Message: "messages are missing"}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	spoilt := h.put("dead.submit", `{"specversion":"1.0","id":"1","type":"io.trackerbell.dead.v1","subject":"calls.a","data":[]}`)
	require.NoError(t, h.markDead(t.Context(), burial{delivery: delivery{event: Event{Subject: "calls.a"}}}, spoilt))
	require.NoError(t, h.DropDead(t.Context(), e.DeadLetters[0]))
	h.settled(h.Service, "calls.a", StageDead)
	require.NoError(t, h.DropDead(t.Context(), spoilt))
	h.settled(h.Service, "calls.a", StageDone)
}

func BenchmarkDeadLettersBehindManyThatWereDropped(b *testing.B) {
	h := newHouse(b, nil)
	h.open()
	set, err := h.streams()
	require.NoError(b, err)
	letter := `{"specversion":"1.0","id":"1","type":"io.trackerbell.dead.v1","subject":"calls.a","data":{}}`
	const dropped = 10_000
	for range dropped + 2 {
		h.put("dead.submit", letter)
	}
	for id := range uint64(dropped) {
		require.NoError(b, set.dead.DeleteMsg(b.Context(), id+2))
	}
	for b.Loop() {
		page, err := h.DeadLetters(b.Context(), 0, 50)
		require.NoError(b, err)
		require.Len(b, page.Letters, 2)
	}
}
