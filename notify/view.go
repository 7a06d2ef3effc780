package notify

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxQuotes      = 3   // of a tracker
	maxQuoteLength = 300 // characters
	maxTrackerName = 100
	maxPhrase      = 60
	maxKey         = 256 // bytes of a recording's key, as the contract has it
)

// view is an alert as people see it, the same for every medium: foreign text
// is clean, equal sentences are one, and what is too much is counted.
type view struct {
	title    string
	trackers []trackerView
	summary  []string // who called whom
	when     string   // start of the call, for where Slack's date format is not to be had
	rest     []string // how long, which source, which recording
}

type trackerView struct {
	name     string
	mentions int // sentences
	quotes   []quoteView
	absent   string // not empty: where it was looked for and not found
	inThread bool   // what is not shown stands in a reply
}

// quoteView is one sentence and every phrase that was found in it.
type quoteView struct {
	cells   []cell
	who     string
	role    string
	at      string
	matched []string // the words of exact matches, as they stand in the text
	similar []string // the phrases of similar matches, where there is no exact one
}

func newView(a Alert) view {
	source := clean(a.Call.Source, maxName)
	key := a.key()
	if strings.HasPrefix(key, source+".") {
		source = ""
	}
	v := view{
		summary: a.summary(),
		when:    a.Call.started(),
		rest:    present(duration(a.Call.Seconds), source, key),
	}
	var names []string
	for _, t := range a.Trackers {
		tv := newTrackerView(t, a.speaker)
		names = append(names, tv.name)
		v.trackers = append(v.trackers, tv)
	}
	v.title = title(names)
	return v
}

// key is the recording's, never cut as a word: people search for it.
func (a Alert) key() string { return cutText(textOf(visible(cellsOf(a.Recording))), maxKey) }

func title(names []string) string {
	switch len(names) {
	case 0:
		return "Tracker alert"
	case 1:
		return names[0]
	case 2:
		return cutText(names[0], maxTrackerName/2) + " and " + cutText(names[1], maxTrackerName/2)
	default:
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
}

func cutText(s string, limit int) string { return textOf(cutCells(cellsOf(s), limit)) }

// newTrackerView shows a tracker; name is how a speaker may be shown, who may be
// known by a number only.
func newTrackerView(t Tracker, name func(string) string) trackerView {
	t.Quotes = slices.Clone(t.Quotes) // an alert is its caller's
	t.Sort()
	tv := trackerView{name: clean(t.Name, maxTrackerName), absent: clean(t.Absent, maxName)}
	if tv.name == "" {
		tv.name = "Unnamed tracker"
	}
	tv.mentions = t.More
	for _, group := range sentences(t.Quotes) {
		tv.mentions++
		if len(tv.quotes) < maxQuotes {
			tv.quotes = append(tv.quotes, newQuoteView(group, name))
		}
	}
	return tv
}

// sentences groups the quotes of one sentence, which several phrases of a
// vocabulary may match, in the order of their first quotes.
func sentences(quotes []Quote) [][]Quote {
	type sentence struct {
		text, speaker string
		at            float64
	}
	index := make(map[sentence]int, len(quotes))
	var groups [][]Quote
	for _, q := range quotes {
		s := sentence{q.Text, q.Speaker, q.At}
		i, ok := index[s]
		if !ok {
			i = len(groups)
			index[s] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], q)
	}
	return groups
}

func newQuoteView(group []Quote, name func(string) string) quoteView {
	first := group[0]
	qv := quoteView{who: leftToRight(name(first.Speaker)), role: clean(first.Role, maxName), at: clock(first.At)}
	cells := cellsOf(first.Text)
	for _, q := range group {
		if first.Exact() && !q.Exact() {
			continue // says nothing more
		}
		said := overlay(cells, markQuote(q))
		switch {
		case !q.Exact():
			qv.similar = append(qv.similar, clean(q.Phrase, maxPhrase))
		case said != "":
			qv.matched = append(qv.matched, said)
		default: // the phrase is not where the match says
			qv.matched = append(qv.matched, clean(q.Phrase, maxPhrase))
		}
	}
	qv.cells = window(tidyBold(cleanCells(cells)), maxQuoteLength)
	if len(qv.cells) == 0 {
		qv.cells = cellsOf("(no text)")
	}
	qv.matched, qv.similar = distinct(qv.matched), distinct(qv.similar)
	return qv
}

// overlay makes bold what is bold in marked, and gives those words.
func overlay(cells, marked []cell) string {
	var words []cell
	for i, c := range marked {
		if c.bold {
			cells[i].bold = true
			words = append(words, c)
		}
	}
	return textOf(cutCells(cleanCells(words), maxPhrase))
}

// distinct keeps every phrase once, and not more than a line holds.
func distinct(phrases []string) []string {
	list := unique(present(phrases...), strings.ToLower)
	return list[:min(len(list), maxQuotes)]
}

// words are the bold words of the quote.
func (q quoteView) words() []string {
	var out []string
	for _, s := range spansOf(q.cells) {
		if s.bold {
			out = append(out, s.text)
		}
	}
	return distinct(out)
}

// why names the matched words, for where they cannot be bold.
func (q quoteView) why() string {
	words := q.words()
	switch {
	case len(q.matched) > 0:
		return "matched “" + strings.Join(q.matched, "”, “") + "”"
	case len(q.similar) > 0 && len(words) > 0:
		return q.likeness() + ": " + strings.Join(words, ", ")
	default:
		return q.likeness()
	}
}

// likeness names the phrase that the words only resemble.
func (q quoteView) likeness() string {
	if len(q.similar) == 0 {
		return ""
	}
	return "similar to “" + strings.Join(q.similar, "”, “") + "”"
}

// count is how many sentences mention the tracker; empty when none is given.
func (t trackerView) count() string {
	switch t.mentions {
	case 0:
		return ""
	case 1:
		return "1 mention"
	default:
		return fmt.Sprintf("%d mentions", t.mentions)
	}
}

// heading is the tracker's name and count.
func (t trackerView) heading() []span {
	switch {
	case t.absent != "":
		return []span{{leftToRight(t.name), true}, {" · " + t.missing(), false}}
	case t.mentions == 0:
		return []span{{t.name, true}}
	}
	return []span{{leftToRight(t.name), true}, {" · " + t.count(), false}}
}

// missing says where the tracker was looked for.
func (t trackerView) missing() string { return "not said " + t.absent }

// more counts what is not shown; empty when nothing is left out.
func (t trackerView) more() string {
	left := t.mentions - len(t.quotes)
	switch {
	case left <= 0:
		return ""
	case t.inThread:
		return fmt.Sprintf("and %d more in the thread", left)
	}
	return fmt.Sprintf("and %d more", left)
}
