package events

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

// write puts entries into the ledger, as if they had come so far.
func (h *house) write(entries ...Entry) {
	h.t.Helper()
	for _, e := range entries {
		_, err := h.mutate(h.t.Context(), e.Key, func(now *Entry) error {
			e.revision = now.revision
			*now = e
			return nil
		})
		require.NoError(h.t, err)
	}
}

func keys(p SearchPage) []string {
	list := []string{}
	for _, e := range p.Entries {
		list = append(list, e.Key)
	}
	return list
}

func TestASearchFindsByWhatTheLedgerKnows(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	day := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	h.write(
		Entry{Key: "calls.a", Source: "calls", ID: "a", Stage: StageDone, ReceivedAt: day, Trackers: []string{"Sale"},
			Call: notify.Call{From: "+14155550137", To: "sip:desk@example.com", Agent: "Anna"}},
		Entry{Key: "calls.b", Source: "calls", ID: "b", Stage: StageDone, ReceivedAt: day.Add(time.Hour), DeadLetters: []uint64{7},
			Call: notify.Call{Agent: "+14155550150"}},
		Entry{Key: "phone.c", Source: "phone", ID: "c", Stage: StageSubmitted, ReceivedAt: day.Add(48 * time.Hour), Call: notify.Call{Labels: map[string]string{"team": "North"}}},
	)
	for name, c := range map[string]struct {
		search Search
		want   []string
	}{
		"everything, last changed first":  {Search{}, []string{"phone.c", "calls.b", "calls.a"}},
		"a source":                        {Search{Source: "phone"}, []string{"phone.c"}},
		"a stage":                         {Search{Stage: StageDone}, []string{"calls.a"}},
		"what failed":                     {Search{Stage: StageDead}, []string{"calls.b"}},
		"a tracker":                       {Search{Tracker: "Sale"}, []string{"calls.a"}},
		"a tracker in another case":       {Search{Tracker: "sALE"}, []string{"calls.a"}},
		"a day":                           {Search{Since: day, Until: day.Add(24 * time.Hour)}, []string{"calls.b", "calls.a"}},
		"since a day":                     {Search{Since: day.Add(24 * time.Hour)}, []string{"phone.c"}},
		"a part of a key":                 {Search{Query: "CALLS."}, []string{"calls.b", "calls.a"}},
		"a part of a tracker":             {Search{Query: " sal "}, []string{"calls.a"}},
		"an agent":                        {Search{Query: "anna"}, []string{"calls.a"}},
		"a label":                         {Search{Query: "north"}, []string{"phone.c"}},
		"a number, as people write it":    {Search{Query: "(415) 555-0137"}, []string{"calls.a"}},
		"its end":                         {Search{Query: "0137"}, []string{"calls.a"}},
		"too little of it":                {Search{Query: "137"}, []string{}},
		"what a viewer does not see":      {Search{Query: "5550137", Masked: true}, []string{}},
		"what a viewer sees of it":        {Search{Query: "0137", Masked: true}, []string{"calls.a"}},
		"an agent's number":               {Search{Query: "5550150"}, []string{"calls.b"}},
		"which a viewer does not see":     {Search{Query: "5550150", Masked: true}, []string{}},
		"nothing":                         {Search{Query: "xyzzy"}, []string{}},
		"one thing here and one not":      {Search{Query: "anna", Source: "phone"}, []string{}},
		"everything of a source by stage": {Search{Source: "phone", Stage: StageSubmitted}, []string{"phone.c"}},
	} {
		page, err := h.Search(t.Context(), c.search, 0, 10)
		require.NoError(t, err, name)
		require.Equal(t, c.want, keys(page), name)
		require.Zero(t, page.Next, name)
		require.Zero(t, page.Reached, name)
	}
}

func TestASearchGoesOnWhereItsPageEnded(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	var want []string
	for i := range 40 {
		e := Entry{Key: fmt.Sprintf("calls.%02d", i), Source: "calls", Stage: StageDone, ReceivedAt: time.Now()}
		if i%3 == 0 {
			e.Trackers = []string{"Sale"}
			want = append([]string{e.Key}, want...)
		}
		h.write(e)
	}
	var got []string
	for cursor := uint64(0); ; {
		page, err := h.Search(t.Context(), Search{Tracker: "Sale"}, cursor, 4)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Entries), 4)
		got = append(got, keys(page)...)
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	require.Equal(t, want, got)
}

func TestASearchLooksIntoWhatWasSaid(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDone)
	found := func(text string) []string {
		page, err := h.Search(t.Context(), Search{Query: text}, 0, 10)
		require.NoError(t, err)
		return keys(page)
	}
	require.Equal(t, []string{"calls.a"}, found("A SALE"))
	require.Empty(t, found("a sail"))

	set, err := h.streams()
	require.NoError(t, err)
	h.opt.Remote = true
	require.NoError(t, set.recordings.DeleteMsg(t.Context(), e.ReadySeq))
	require.Equal(t, []string{"calls.a"}, found("a sale"), "the quotes are still there")
	require.NoError(t, set.recordings.DeleteMsg(t.Context(), e.FoundSeq))
	require.Empty(t, found("a sale"), "a Symbl far away is not asked for each call")
	h.opt.Remote = false
	require.Equal(t, []string{"calls.a"}, found("a sale"), "one at hand is asked what was said in the conversation")
	require.Empty(t, found("a sail"))
}

func TestASearchDoesNotFindWhatARedactionHides(t *testing.T) {
	redactor, err := notify.NewRedactor(config.Redact{Cards: true})
	require.NoError(t, err)
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {Redact: redactor}} })
	h.run(h.Service)
	call := transcript("a")
	call.Transcript[0].Text = "it is 4111 1111 1111 1111, thank you"
	h.accept(call)
	h.settled(h.Service, "calls.a", StageDone)
	for text, want := range map[string][]string{"4111 1111": {}, "thank you": {"calls.a"}} {
		page, err := h.Search(t.Context(), Search{Query: text}, 0, 10)
		require.NoError(t, err)
		require.Equal(t, want, keys(page), text)
	}
}
