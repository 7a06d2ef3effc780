package events

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// traces counts what the streams and the ledger hold of a text.
func (h *house) traces(text string) (n int) {
	h.t.Helper()
	for _, name := range []string{StreamRecordings, StreamAlerts, StreamDead, "KV_" + BucketLedger} {
		stream, err := h.js.Stream(h.t.Context(), name)
		require.NoError(h.t, err)
		info, err := stream.Info(h.t.Context())
		require.NoError(h.t, err)
		for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
			msg, err := stream.GetMsg(h.t.Context(), seq)
			if err == nil && strings.Contains(string(msg.Data), text) {
				n++
			}
		}
	}
	return n
}

func TestAForgottenCallLeavesNothingBehind(t *testing.T) {
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("kept", 1))
	rec := talk("gone", 8)
	rec.Transcript = append(rec.Transcript, Utterance{Text: strings.Repeat("large ", inlineBytes/5)})
	h.accept(rec)
	h.settled(h.Service, "calls.kept", StageDone)
	h.settled(h.Service, "calls.gone", StageDone)
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.gone"))
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 5 }, soon, tick)
	h.settled(h.Service, "calls.gone", StageDone)
	require.Positive(t, h.traces(`"calls.gone"`))

	done, err := h.Forget(t.Context(), "calls.gone")
	require.NoError(t, err)
	require.Equal(t, 4, done.Messages, "two runs, each a summary and a reply")
	require.Positive(t, done.Events)
	require.Empty(t, done.Left)

	require.Zero(t, h.traces(`"calls.gone"`))
	require.Positive(t, h.traces(`"calls.kept"`))
	require.Len(t, slack.Messages("#alerts"), 1)
	require.Len(t, h.symbl.messages, 1, "the conversations of both runs are deleted")
	set, err := h.streams()
	require.NoError(t, err)
	_, err = set.blobs.List(t.Context())
	require.ErrorIs(t, err, jetstream.ErrNoObjectsFound)
	_, err = h.Entry(t.Context(), "calls.gone")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = h.Forget(t.Context(), "calls.gone")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestADeadCallIsForgottenWithItsLetters(t *testing.T) {
	h, _ := slackHouse(t, nil, nil)
	h.symbl.status = "failed"
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDead)
	_, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	page, err := h.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, page.Letters)
}

// TestForgettingGoesOnWhenNobodyWaitsForIt has a caller's time end while the backend
// takes its time.
func TestForgettingGoesOnWhenNobodyWaitsForIt(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	ctx, cancel := context.WithCancel(t.Context())
	var slow atomic.Bool
	h.symbl.keep = func(string) error {
		if slow.CompareAndSwap(false, true) {
			cancel()
			return context.Canceled
		}
		return nil
	}
	done, err := h.Forget(ctx, "calls.a")
	require.NoError(t, err)
	require.True(t, done.UnderWay)
	require.Eventually(t, func() bool { return h.traces("a sale") == 0 }, soon, tick)

	h.accept(transcript("b"))
	h.settled(h.Service, "calls.b", StageDone)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	set, err := h.streams()
	require.NoError(t, err)
	_, err = set.ledger.change(t.Context(), "calls.b", func(e *Entry) error { // as one that was killed left it
		e.Forgotten = time.Now()
		return nil
	})
	require.NoError(t, err)
	_, err = h.Forget(stopped, "calls.b")
	require.Error(t, err)
	done, err = h.Forget(t.Context(), "calls.b")
	require.NoError(t, err, "whoever asks again has it done")
	require.False(t, done.UnderWay)
	require.Positive(t, done.Events)
	_, err = h.Forget(t.Context(), "calls.b")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestNoNameOfAForgottenCallIsLeft(t *testing.T) {
	h, _ := noisy(t, time.Now(), config.Noise{FoldFor: time.Hour})
	stop := h.run(h.Service)
	rec := from("gone", "+14155550137")
	rec.Transcript = append(rec.Transcript, Utterance{Text: strings.Repeat("large ", inlineBytes/5)})
	h.accept(rec)
	h.settled(h.Service, "calls.gone", StageDone)
	names := func() (n int) {
		for _, name := range []string{"KV_" + BucketState, "OBJ_" + BucketBlobs} {
			stream, err := h.js.Stream(t.Context(), name)
			require.NoError(t, err)
			info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
			require.NoError(t, err)
			for subject := range info.State.Subjects {
				if strings.Contains(subject, "forget.") || strings.Contains(subject, "fold.") || strings.Contains(subject, ".M.") {
					n++
				}
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return names() == 2 }, soon, tick, "its caller and its transcript")
	stop()
	_, err := h.Forget(t.Context(), "calls.gone")
	require.NoError(t, err)
	h.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	require.NoError(t, h.tidy(t.Context()))
	require.Zero(t, names())
}

func TestAlertsAreRedactedMaskedAndLinkedAsTheirSourceSays(t *testing.T) {
	redact, err := notify.NewRedactor(config.Redact{Cards: true})
	require.NoError(t, err)
	h, slack := slackHouse(t, nil, func(o *Options) {
		o.Sources = map[string]SourceOptions{"calls": {Redact: redact, ShowNumbers: true, RecordingURL: "https://calls.example/{id}?k={key}"}}
	})
	h.run(h.Service)
	rec := talk("a", 0)
	rec.From = "+14155550137"
	rec.Transcript = []Utterance{{Speaker: "Anna", Text: "pay the sale with 4111 1111 1111 1111 please"}}
	h.accept(rec)
	h.settled(h.Service, "calls.a", StageDone)
	m := slack.Messages("#alerts")[0]
	require.NotContains(t, string(m.Blocks)+m.Text, "4111")
	require.Contains(t, string(m.Blocks), " with [card] please")
	require.Contains(t, m.Text, "+14155550137")
	require.Contains(t, string(m.Blocks), `https://calls.example/a?k=calls.a`)
}

func TestADigestNoLongerTellsOfAForgottenCall(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, morning().Add(-time.Hour), nightly())
	h.run(h.Service)
	for _, id := range []string{"gone", "kept", "later"} {
		h.accept(talk(id, 1))
		h.joins("calls." + id)
	}
	_, err := h.Forget(t.Context(), "calls.gone")
	require.NoError(t, err)
	require.Zero(t, h.traces("calls.gone"))
	_, err = h.Forget(t.Context(), digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1))
	require.ErrorIs(t, err, ErrNotFound, "a digest is no call")
	aims := *h.aims()
	aims.Noise = nil
	h.Aim(aims)
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, 2*soon, tick)
	require.Contains(t, slack.Messages("#alerts")[0].Text, "2 alerts in the quiet hours")
	h.settled(h.Service, digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1), StageDone)

	done, err := h.Forget(t.Context(), "calls.later")
	require.NoError(t, err)
	require.Equal(t, 1, done.Messages)
	m := slack.Messages("#alerts")[0]
	require.Contains(t, m.Text, "1 alert in the quiet hours")
	require.NotContains(t, m.Text, "calls.later")
	_, err = h.Forget(t.Context(), "calls.kept")
	require.NoError(t, err)
	require.Empty(t, slack.Messages("#alerts"), "a digest of nothing is taken back")
}

func TestADigestInTheFallbackChannelNoLongerTellsOfAForgottenCall(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, func(o *Options) { o.FallbackChannel = "#ops" })
	h.Service = h.noisy(h.Service, time.Now(), nightly())
	clock := standing(morning().Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	for _, id := range []string{"gone", "kept"} {
		h.accept(talk(id, 1))
		h.joins("calls." + id)
	}
	slack.Fail(func(method, channel string) *slacktest.Fault {
		if method == "chat.postMessage" && channel == "#alerts" {
			return &slacktest.Fault{Code: "is_archived"}
		}
		return nil
	})
	aims := *h.aims()
	aims.Noise = nil // also of the fallback channel
	h.Aim(aims)
	require.Eventually(t, func() bool {
		e, err := h.Entry(t.Context(), digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1))
		return err == nil && len(e.Alerts) == 2 && !e.Alerts[1].PostedAt.IsZero()
	}, soon, tick)
	require.Contains(t, slack.Messages("#ops")[0].Text, "calls.gone")

	done, err := h.Forget(t.Context(), "calls.gone")
	require.NoError(t, err)
	require.Equal(t, 1, done.Messages)
	require.Zero(t, h.traces("calls.gone"))
	m := slack.Messages("#ops")[0]
	require.Contains(t, m.Text, "calls.kept")
	require.NotContains(t, m.Text, "calls.gone")
	_, err = h.Forget(t.Context(), "calls.kept")
	require.NoError(t, err)
	require.Empty(t, slack.Messages("#ops"), "a digest of nothing is taken back")
	digest, err := h.Entry(t.Context(), digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1))
	require.NoError(t, err)
	require.True(t, digest.Alerts[0].Dropped, "a replay of the refused one has nothing to tell")
}

// tidied is a stream whose every message somebody else deletes first.
type tidied struct{ jetstream.Stream }

func (s tidied) SecureDeleteMsg(ctx context.Context, seq uint64) error {
	return errors.Join(s.DeleteMsg(ctx, seq), s.Stream.SecureDeleteMsg(ctx, seq))
}

func TestAnEventThatIsTidiedMeanwhileKeepsNoCallFromBeingForgotten(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.accept(transcript("a"))
	set, err := h.streams()
	require.NoError(t, err)
	n, err := eraseEvents(t.Context(), tidied{set.recordings}, "calls.a")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, h.messages(StreamRecordings))
}

func TestADigestOfForgottenCallsIsNotPosted(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), nightly())
	clock := standing(morning().Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	h.accept(talk("gone", 1))
	h.joins("calls.gone")
	_, err := h.Forget(t.Context(), "calls.gone")
	require.NoError(t, err)
	clock.set(morning())
	h.settled(h.Service, digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1), StageDone)
	require.Empty(t, slack.Messages("#alerts"))
}

// TestWhatIsUnderWayDoesNotBringAForgottenCallBack forgets a call while it is
// being submitted, and another while it is being posted.
func TestWhatIsUnderWayDoesNotBringAForgottenCallBack(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil, slacktest.WithChannels(slacktest.Channel{Name: "alerts"}))
	reached, goOn := make(chan struct{}, 1), make(chan struct{})
	stop := func() error {
		reached <- struct{}{}
		<-goOn
		return nil
	}
	h.symbl.refuse = func(n int) error {
		if n == 2 { // the second call
			h.symbl.mu.Unlock()
			defer h.symbl.mu.Lock()
			return stop()
		}
		return nil
	}
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "chat.postMessage" {
			_ = stop()
		}
		return nil
	})
	h.run(h.Service)
	for _, id := range []string{"posted", "submitted"} {
		h.accept(talk(id, 1))
		<-reached
		_, err := h.Forget(t.Context(), "calls."+id)
		require.NoError(t, err)
	}
	close(goOn)
	require.Eventually(t, func() bool {
		h.symbl.mu.Lock()
		defer h.symbl.mu.Unlock()
		return len(h.symbl.messages) == 0 && slack.Calls("chat.delete") == 1 && len(slack.Messages("#alerts")) == 0
	}, soon, tick)
	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, h.forgetOn(t.Context(), set), "what was published meanwhile")
	for _, id := range []string{"posted", "submitted"} {
		require.Zero(t, h.traces(`"calls.`+id+`"`))
		duplicate, err := h.Accept(t.Context(), talk(id, 1))
		require.NoError(t, err)
		require.True(t, duplicate, "its provider may send it again")
		_, err = h.Entry(t.Context(), "calls."+id)
		require.ErrorIs(t, err, ErrNotFound)
	}
	page, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, page.Entries)
}

// TestForgettingGoesOnAfterACrash finds a call that was marked and not erased,
// and one that was not even marked.
func TestForgettingGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	stop := h.run(h.Service)
	for _, id := range []string{"marked", "asked"} {
		h.accept(talk(id, 1))
		h.settled(h.Service, "calls."+id, StageDone)
	}
	set, err := h.streams()
	require.NoError(t, err)
	for _, id := range []string{"marked", "asked"} {
		_, err = set.state.PutString(t.Context(), forgetPrefix+"calls."+id, "now")
		require.NoError(t, err)
	}
	_, err = set.ledger.change(t.Context(), "calls.marked", func(e *Entry) error {
		e.Forgotten = time.Now()
		return nil
	})
	require.NoError(t, err)
	stop()
	again, err := New(h.opt, h.dep)
	require.NoError(t, err)
	h.run(again)
	require.Eventually(t, func() bool {
		return len(slack.Messages("#alerts")) == 0 && h.traces(`"calls.marked"`)+h.traces(`"calls.asked"`) == 0
	}, soon, tick)

	later, err := New(h.opt, h.dep)
	require.NoError(t, err)
	later.now = clock(time.Now().Add(2 * forgetAgain))
	require.NoError(t, later.openOnce(t.Context()))
	require.NoError(t, later.forgetOn(t.Context(), set))
	keys, err := set.state.ListKeysFiltered(t.Context(), forgetPrefix+">")
	require.NoError(t, err)
	_, more := <-keys.Keys()
	require.False(t, more, "then nothing is left to do")
}
