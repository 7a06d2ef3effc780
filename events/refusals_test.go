package events

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// TestWhatSlackRefusesForGoodSaysWhatToDo sends an alert to a channel for each of
// Slack's permanent errors. The fault of a channel goes to the fallback channel
// as well; one of the token would be refused there, too.
func TestWhatSlackRefusesForGoodSaysWhatToDo(t *testing.T) {
	t.Parallel()
	fallsBack := map[string]bool{
		"channel_not_found": true, "not_in_channel": true, "is_archived": true, "restricted_action": true,
		"invalid_auth": false, "token_revoked": false, "missing_scope": false,
	}
	var routes []config.Route
	for code := range fallsBack {
		routes = append(routes, config.Route{Match: config.Match{Labels: map[string]string{"code": code}}, Channel: "#" + code})
	}
	h, slack := slackHouse(t, routes, func(o *Options) { o.FallbackChannel = "#fallback" })
	slack.Fail(func(method, channel string) *slacktest.Fault {
		code := notify.Slug(channel)
		if _, refused := fallsBack[code]; refused && method == "chat.postMessage" {
			return &slacktest.Fault{Code: code}
		}
		return nil
	})
	h.run(h.Service)
	want := 0
	for code, falls := range fallsBack {
		rec := talk(code, 1)
		rec.Labels = map[string]string{"code": code}
		h.accept(rec)
		e := h.settled(h.Service, "calls."+code, StageDead)
		letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
		require.NoError(t, err)
		require.Equal(t, ReasonDestination, letter.Reason, code)
		require.Equal(t, "#"+code+": "+code+": "+notify.Advice(code), letter.Error)
		require.Greater(t, len(notify.Advice(code)), 20, "a sentence")
		require.Equal(t, 1, letter.Attempts, "it is not tried again")
		if falls {
			want++
		}
	}
	require.Eventually(t, func() bool { return len(slack.Messages("#fallback")) == want }, soon, tick)
}

// TestARevokedTokenDoesNotKeepAlertsFromAFallbackOfAnotherKind: no channel of the
// bot can be reached then, but what is posted in another way can.
func TestARevokedTokenDoesNotKeepAlertsFromAFallbackOfAnotherKind(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, func(o *Options) { o.FallbackChannel = "elsewhere" })
	slack.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Code: "token_revoked"} })
	var out lockedBuffer
	aims := *h.aims()
	aims.Notifiers = notify.NewSwitchboard(aims.Notifiers.For("#alerts"), map[string]notify.Notifier{"elsewhere": notify.NewConsole(&out, false)})
	h.Aim(aims)
	h.fallbackNamed = true
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDead)
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Could not be posted to #alerts: token_revoked.") }, soon, tick)
}

func TestWhatAWebhookRefusesIsNotShownToPeople(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(receiver.Close)
	crm, err := notify.NewWebhook(receiver.URL, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", nil)
	require.NoError(t, err)
	t.Cleanup(crm.Close)
	h, slack := slackHouse(t, []config.Route{{Channel: "crm"}}, func(o *Options) { o.FallbackChannel = "#fallback" })
	aims := *h.aims()
	aims.Notifiers = notify.NewSwitchboard(aims.Notifiers.For("#fallback"), map[string]notify.Notifier{"crm": crm})
	h.Aim(aims)
	h.run(h.Service)
	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDead)
	require.Len(t, e.Alerts, 1)
	require.Empty(t, slack.Messages("#fallback"))
}

// lockedBuffer is written and read at the same time.
type lockedBuffer struct {
	mu  sync.Mutex
	all strings.Builder // not embedded: io.WriteString would go past the lock
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// unreachable is a destination that is away.
type unreachable struct{ tried atomic.Int32 }

func (u *unreachable) Notify(context.Context, notify.Alert) (notify.Receipt, error) {
	u.tried.Add(1)
	return notify.Receipt{}, &notify.Error{Outcome: notify.Transient, Reason: notify.ReasonUnreachable}
}

// TestWhatWasForADestinationThatIsRemovedGoesToNoChannelOfItsName has an alert wait
// for a webhook that is away, and the webhook be taken out of the configuration.
func TestWhatWasForADestinationThatIsRemovedGoesToNoChannelOfItsName(t *testing.T) {
	h, slack := slackHouse(t, nil, nil)
	away := &unreachable{}
	with, without := *h.aims(), *h.aims()
	with.Notifiers = notify.NewSwitchboard(with.Notifiers.For("#alerts"), map[string]notify.Notifier{"crm": away})
	var err error
	with.Router, err = notify.NewRouter(nil, "crm")
	require.NoError(t, err)
	h.Aim(with)
	h.run(h.Service)
	h.accept(talk("a", 1))
	require.Eventually(t, func() bool { return away.tried.Load() > 0 }, soon, tick)

	h.Aim(without)
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonDestination, letter.Reason)
	require.Contains(t, letter.Error, "crm is no longer among the destinations")
	require.Empty(t, slack.Messages("#crm"))

	with.Notifiers = notify.NewSwitchboard(without.Notifiers.For("#alerts"), map[string]notify.Notifier{"crm": notify.NewConsole(io.Discard, false)})
	h.Aim(with)
	require.NoError(t, h.ReplayDead(t.Context(), letter.ID))
	h.settled(h.Service, "calls.a", StageDone)
}

// TestWhatWasForSlackGoesToNoDestinationOfItsName has an alert wait for Slack while
// its channel's name is given to a destination.
func TestWhatWasForSlackGoesToNoDestinationOfItsName(t *testing.T) {
	h := newHouse(t, nil)
	away, other := &unreachable{}, &fakeSlack{}
	aims := *h.aims()
	aims.Notifiers = notify.NewSwitchboard(away, nil)
	h.Aim(aims)
	h.run(h.Service)
	h.accept(transcript("a"))
	require.Eventually(t, func() bool { return away.tried.Load() > 0 }, soon, tick)

	aims.Notifiers = notify.NewSwitchboard(away, map[string]notify.Notifier{"alerts": other})
	h.Aim(aims)
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonDestination, letter.Reason)
	require.Contains(t, letter.Error, "#alerts was meant for Slack")
	require.Empty(t, other.posted())
}

// What is posted needs its destination no more: only its ack was lost.
func TestWhatIsPostedIsNoDeadLetterForItsDestination(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	posted := Post{Intent: time.Now(), PostedAt: time.Now()}
	h.write(Entry{Key: "calls.a", Stage: StageDone, Alerts: []AlertRecord{{AlertID: "a1", Destination: "crm", Named: true, Post: posted}}})
	data, err := json.Marshal(notify.Alert{ID: "a1", Recording: "calls.a", Destination: "crm"})
	require.NoError(t, err)
	again := delivery{event: Event{Type: TypeAlert, Subject: "calls.a", Data: data}, seq: 7}
	require.NoError(t, h.deliver(t.Context(), again, rate.NewLimiter(rate.Inf, 1)))

	h.write(Entry{Key: "calls.b", Stage: StageProcessed, Alerts: []AlertRecord{{AlertID: "a1", Destination: "crm", Named: true}}})
	again.event.Data, err = json.Marshal(notify.Alert{ID: "a1", Recording: "calls.b", Destination: "crm"})
	require.NoError(t, err)
	require.ErrorContains(t, h.deliver(t.Context(), again, rate.NewLimiter(rate.Inf, 1)), "no longer among the destinations")
}
