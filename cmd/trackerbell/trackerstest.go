package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

const maxMessageLine = 1 << 20

type trackersTestCmd struct {
	File     string `arg:"" help:"File with trackers."`
	Text     string `help:"A sentence to explain." xor:"what"`
	Messages string `help:"File with a line {\"message_id\",\"text\"} for each message." placeholder:"FILE.jsonl" xor:"what"`
	Language string `default:"en-US" help:"Language of the text (BCP-47)."`
	Output   string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersTestCmd) Help() string {
	return "Examples:\n  trackerbell trackers test trackers.yaml --text \"we're running a sale right now\"\n  trackerbell trackers test trackers.yaml --messages calls.jsonl --output json"
}

// foundMatch is one match as a line of JSON gives it.
type foundMatch struct {
	MessageID messageID `json:"message_id"`
	Tracker   string    `json:"tracker"`
	Value     string    `json:"value"`
	Offset    int       `json:"offset"`
	Score     float64   `json:"score"`
}

// Run matches text against trackers, without any server.
func (c *trackersTestCmd) Run(g *globals) error {
	if (c.Text == "") == (c.Messages == "") {
		return usagef("give one of --text and --messages")
	}
	trackers, _, err := readTrackers(c.File)
	if err != nil {
		return err
	}
	compiled := make([]match.Tracker, 0, len(trackers))
	for _, t := range trackers {
		compiled = append(compiled, matchable(t))
	}
	set := match.Compile(c.Language, compiled)
	if c.Text != "" {
		return c.explain(g, trackers, set)
	}
	return c.testMessages(g, trackers, set)
}

// matchable is a tracker as the matcher takes it.
func matchable(t symbl.Tracker) match.Tracker {
	return match.Tracker{
		ID: t.Name, Name: t.Name, Vocabulary: t.Vocabulary, Languages: t.Languages, Sensitivity: match.Sensitivity(t.Sensitivity),
	}
}

// explain says of each phrase how near the sentence comes to it.
func (c *trackersTestCmd) explain(g *globals, trackers []symbl.Tracker, set *match.Set) error {
	if c.Output == "json" {
		for _, h := range set.Match(c.Text) {
			if err := printMatch(g.out, trackers, messageID{}, h); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	before := -1
	for _, e := range set.Explain(c.Text) {
		if e.Tracker != before {
			before = e.Tracker
			b.WriteString(printable(trackers[e.Tracker].Name) + "\n")
		}
		if e.Inapplicable {
			b.WriteString("  is for other languages\n")
			continue
		}
		fmt.Fprintf(&b, "  %-8s %4.2f  %s\n", verdict(e.Hit, e.Found), e.Score, printable(trackers[e.Tracker].Vocabulary[e.Phrase]))
		for _, reason := range reasons(e) {
			fmt.Fprintf(&b, "                 %s\n", printable(reason))
		}
	}
	_, err := io.WriteString(g.out, b.String())
	return err
}

// reasons says what carried a phrase, or what kept it below the threshold.
func reasons(e match.Explanation) []string {
	if e.Offset != match.Similar {
		return []string{fmt.Sprintf("as written, at character %d", e.Offset)}
	}
	var list []string
	if len(e.Words) > 0 {
		list = append(list, fmt.Sprintf("by: %s (%.0f%% of the phrase; %.0f%% near to the whole tracker)",
			strings.Join(e.Words, " "), 100*e.Recall, 100*e.Theme))
	}
	if len(e.Missing) > 0 {
		list = append(list, "missing: "+strings.Join(e.Missing, ", "))
	}
	if len(e.Refused) > 0 {
		list = append(list, "said not to be wanted: "+strings.Join(e.Refused, ", "))
	}
	if e.Alone && !e.Found && e.Threshold <= 1 {
		list = append(list, "one word is too little: it is not most of the phrase, and in no other phrase of the tracker")
	}
	switch {
	case e.Found || e.Alone && e.Score >= e.Threshold:
	case e.Threshold > 1:
		list = append(list, "sensitivity exact: only as written")
	case e.Score >= e.Threshold:
		list = append(list, "another phrase of the tracker is nearer")
	case len(e.Words) > 0:
		list = append(list, fmt.Sprintf("needs %.2f", e.Threshold))
	}
	return list
}

func verdict(h match.Hit, found bool) string {
	switch {
	case !found:
		return "no"
	case h.Offset == match.Similar:
		return "similar"
	}
	return "exact"
}

// testMessages prints a line for each match in a file of messages.
func (c *trackersTestCmd) testMessages(g *globals, trackers []symbl.Tracker, set *match.Set) error {
	f, err := os.Open(c.Messages)
	if err != nil {
		return usagef("--messages: %v", err)
	}
	defer func() { _ = f.Close() }() // only read from
	out := bufio.NewWriter(g.out)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxMessageLine)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		m, err := readMessage(lines.Bytes())
		if err != nil {
			return usagef("--messages: line %d: %v", n, err)
		}
		for _, h := range set.Match(m.Text) {
			if err := c.printHit(out, trackers, m.MessageID, h); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", c.Messages, err)
	}
	return out.Flush()
}

func (c *trackersTestCmd) printHit(w io.Writer, trackers []symbl.Tracker, message messageID, h match.Hit) error {
	if c.Output == "json" {
		return printMatch(w, trackers, message, h)
	}
	t := trackers[h.Tracker]
	_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", printable(message.text), printable(t.Name), printable(t.Vocabulary[h.Phrase]), verdict(h, true))
	return err
}

// printMatch prints a match as one line of JSON.
func printMatch(w io.Writer, trackers []symbl.Tracker, message messageID, h match.Hit) error {
	t := trackers[h.Tracker]
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(foundMatch{MessageID: message, Tracker: t.Name, Value: t.Vocabulary[h.Phrase], Offset: h.Offset, Score: h.Score})
}
