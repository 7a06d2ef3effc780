package events

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	ce "github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

func TestWritersOfOneEntryDoNotOverwriteEachOther(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		wg.Go(func() {
			_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
				e.fail(StepAwait, errors.New("x"), time.Now(), func(time.Time) bool { return true })
				return nil
			})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	written := 0
	for err := range errs {
		if err == nil {
			written++
		}
	}
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, written, e.Attempts[StepAwait])
	require.Equal(t, 20, written)
}

func TestListPagesNewestFirstWithoutGapOrRepetition(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	const all = 300
	for round := range 2 {
		for i := range all {
			if round == 1 && i%3 != 0 {
				continue // a third is changed again, and so comes first
			}
			_, err := h.mutate(t.Context(), fmt.Sprintf("calls.%03d", i), func(e *Entry) error {
				e.Stage = StageReady
				return nil
			})
			require.NoError(t, err)
		}
	}
	var keys []string
	for cursor := uint64(0); ; {
		page, err := h.Entries(t.Context(), cursor, 70)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Entries), 70)
		for _, e := range page.Entries {
			keys = append(keys, e.Key)
		}
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	require.Len(t, keys, all)
	require.Equal(t, []string{"calls.297", "calls.294"}, keys[:2])
	require.Equal(t, "calls.001", keys[all-1])
	seen := map[string]bool{}
	for _, k := range keys {
		require.False(t, seen[k], k)
		seen[k] = true
	}
}

func TestEveryEventIsACloudEvent(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	set, err := h.streams()
	require.NoError(t, err)
	for seq := uint64(1); seq <= 3; seq++ {
		raw, err := set.recordings.GetMsg(t.Context(), seq)
		require.NoError(t, err)
		require.Equal(t, contentType, raw.Header.Get("Content-Type"))
		var ev ce.Event
		require.NoError(t, ev.UnmarshalJSON(raw.Data))
		require.NoError(t, ev.Validate())
		require.Equal(t, "calls.a", ev.Subject())
	}
}

func TestACallbackTokenBelongsToOneRunOfARecording(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PublicURL, o.Callbacks = "https://calls.example.com", true })
	_, _, err := h.CallbackOf("x.y")
	require.ErrorIs(t, err, ErrUnavailable, "nothing is open yet")
	h.open()
	other := h.another(nil) // a replica shares the secret
	require.NoError(t, other.openOnce(t.Context()))
	tokens := map[int]string{}
	for _, run := range []int{0, 1, 12} {
		token, ok := strings.CutPrefix(h.callbackURL("calls.a", run), "https://calls.example.com/callbacks/symbl/")
		require.True(t, ok)
		require.NotContains(t, token, "/", "it is one segment of the path")
		for _, s := range []*Service{h.Service, other} {
			key, got, err := s.CallbackOf(token)
			require.NoError(t, err)
			require.Equal(t, "calls.a", key)
			require.Equal(t, run, got)
		}
		tokens[run] = token
	}
	signature := strings.SplitN(tokens[0], ".", 2)[1]
	for _, forged := range []string{
		"", ".", "..", "..1", tokens[0] + "x", "Y2FsbHMuYg." + signature, // that of calls.b
		tokens[0] + ".0", tokens[0] + ".1", tokens[1] + ".1", tokens[1] + "2", strings.TrimSuffix(tokens[1], ".1"),
		strings.TrimSuffix(tokens[1], "1") + "01", strings.TrimSuffix(tokens[1], "1") + "+1", strings.TrimSuffix(tokens[12], "2"),
	} {
		_, _, err := h.CallbackOf(forged)
		require.ErrorIs(t, err, ErrNotFound, "%q", forged)
	}
}

// TestACallbackTokenOfAnEarlierVersionIsTaken has one that was made when tokens
// had no run: Symbl still holds it after an upgrade.
func TestACallbackTokenOfAnEarlierVersionIsTaken(t *testing.T) {
	tokens := callbackTokens{secret: []byte("a secret of 32 bytes, as it were")}
	key, run, ok := tokens.read("Y2FsbHMuYQ.lW25d5yKqZ7OMfYVvMDxzabZ8SVJe5DeUxWVIWq44fE")
	require.True(t, ok)
	require.Equal(t, "calls.a", key)
	require.Zero(t, run)
}

func TestRetriesStayWithinTheFirstHoursLimit(t *testing.T) {
	for n := range 40 {
		require.LessOrEqual(t, retryDelay(n, time.Minute), firstHourMax)
		require.LessOrEqual(t, retryDelay(n, 2*time.Hour), laterMax)
		require.Positive(t, retryDelay(n, 0))
	}
	require.Greater(t, retryDelay(40, 2*time.Hour), firstHourMax)
}

func TestPollsBecomeRarerUpToTheLimit(t *testing.T) {
	require.Equal(t, 5*time.Second, pollDelay(1, 5*time.Second, time.Minute))
	require.Equal(t, 7500*time.Millisecond, pollDelay(2, 5*time.Second, time.Minute))
	require.Equal(t, time.Minute, pollDelay(1000, 5*time.Second, time.Minute))
}

func TestTheGateClosesAfterFailuresInARowAndProbes(t *testing.T) {
	var g gate
	now := time.Now()
	for range gateTrips - 1 {
		g.failed(now)
	}
	closed, probe := g.state(now)
	require.False(t, closed > 0 || probe, "some failures are one bad message")
	g.failed(now)
	closed, probe = g.state(now)
	require.Equal(t, time.Second, closed)
	require.True(t, probe)
	g.failed(now)
	closed, _ = g.state(now)
	require.Equal(t, time.Second, closed, "what was under way fails with the rest")
	for range 20 {
		now = now.Add(firstHourMax)
		g.failed(now)
	}
	closed, _ = g.state(now)
	require.Equal(t, firstHourMax, closed)
	g.ok(now)
	closed, probe = g.state(now)
	require.False(t, closed > 0 || probe)
	require.True(t, g.okSince(now.Add(-time.Second)))
}

func TestAMatchIsJoinedToItsSpeakerAndTime(t *testing.T) {
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	offset := 5.5
	messages := []symbl.Message{
		{ID: "1", Text: "we have a sale", From: symbl.Person{Name: "Anna"}, StartTime: start.Add(7200 * time.Millisecond), TimeOffset: &offset},
		{ID: "2", Text: "selling", StartTime: start.Add(time.Minute)},
	}
	ref := func(id string, at int) symbl.MessageRef { return symbl.MessageRef{ID: id, Text: "t", Offset: at} }
	results := []symbl.TrackerResult{{Name: "Sale", Matches: []symbl.Match{
		{Value: "selling it", MessageRefs: []symbl.MessageRef{ref("2", -1), ref("1", -1)}},
		{Value: "sale", MessageRefs: []symbl.MessageRef{ref("1", 10), ref("9", -1)}},
	}}, {Name: "None"}}

	text := join(results, messages, true, start, sides{})
	require.Len(t, text, 1, "a tracker without a quote is none")
	require.Equal(t, []notify.Quote{
		{Text: "we have a sale", Speaker: "Anna", At: 7.2, Phrase: "sale", Offset: 10},
		{Text: "t", At: unknownTime, Phrase: "sale", Offset: -1},
		{Text: "selling", At: 60, Phrase: "selling it", Offset: -1},
	}, sortedByTime(text[0].Quotes))

	audio := join(results, messages, false, start, sides{})
	require.InDelta(t, 5.5, audio[0].Quotes[0].At, 0.001, "Symbl's own offset counts")
}

// sortedByTime puts the exact quote first, then those without a time.
func sortedByTime(quotes []notify.Quote) []notify.Quote {
	out := append([]notify.Quote(nil), quotes...)
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[i].Exact() == out[j].Exact() && out[j].At < out[i].At {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func FuzzKey(f *testing.F) {
	for _, id := range []string{"RE1", "", "a.b", "=x", strings.Repeat("a", 129), "WEz4RT2lSyKx2MD9Z+lYfA==", "a b", "ä"} {
		f.Add(id, "RE1")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		ka, kb := Key("calls", a), Key("calls", b)
		if a != b && ka == kb {
			t.Fatalf("%q and %q share a key", a, b)
		}
		id := strings.TrimPrefix(ka, "calls.")
		if strings.ContainsAny(id, "/.*> \t\r\n") || len(ka) > 256 || id == "" {
			t.Fatalf("bad key %q", ka)
		}
		if plainID(a) && id != a {
			t.Fatalf("%q became %q", a, id)
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","subject":"calls.a","type":"x","data":{}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := decodeEvent(body)
		if err != nil {
			return
		}
		if ev.Subject == "" {
			t.Fatal("an event without a subject")
		}
		if _, err := dataOf[Recording](ev, TypeReady); err == nil && ev.Type != TypeReady {
			t.Fatal("data of another type")
		}
	})
}

func TestAnEntryThatCannotBeReadKeepsBackNoOther(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {Retention: time.Minute}} })
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	old := Entry{Source: "calls", Stage: StageDone, ReceivedAt: time.Now().Add(-time.Hour), Trackers: []string{"Sale"}}
	for _, key := range []string{"calls.a", "calls.b"} {
		old.Key = key
		h.write(old)
		_, err := set.ledger.kv.PutString(t.Context(), key+"-spoilt", `{"stage": 7`)
		require.NoError(t, err)
	}
	page, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"calls.b-spoilt", "calls.b", "calls.a-spoilt", "calls.a"}, keys(SearchPage{Page: page}))
	require.Equal(t, StageDead, page.Entries[0].State())
	require.Contains(t, page.Entries[0].Error, "decode ledger entry")
	found, err := h.Search(t.Context(), Search{Tracker: "Sale"}, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"calls.b", "calls.a"}, keys(found))
	counted := 0
	require.NoError(t, h.Walk(t.Context(), 0, func(g *Glance) bool {
		if !g.Gone {
			counted++
		}
		return true
	}))
	require.Equal(t, 2, counted)
	require.NoError(t, h.expire(t.Context()))
	page, err = h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Entries, 2, "the others are forgotten when their time is over")
}
