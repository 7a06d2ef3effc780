package engine

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// conversation is everything that is kept of a conversation, as one entry.
type conversation struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Language string          `json:"language"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Created  time.Time       `json:"created"`           // by the first submission
	Start    time.Time       `json:"start"`             // until there are messages
	Pending  []string        `json:"pending,omitempty"` // jobs whose part is not there yet
	Parts    []part          `json:"parts"`             // in the order of submission
}

// part is what one job added to a conversation.
type part struct {
	Job       string                `json:"job"`
	At        time.Time             `json:"at"`             // of submission
	Sound     time.Time             `json:"sound,omitzero"` // when its recording begins
	Messages  kept                  `json:"messages"`
	Results   []symbl.TrackerResult `json:"results"`
	Questions []question            `json:"questions,omitempty"`
}

// has tells whether a job has added its part.
func (c *conversation) has(job string) bool {
	return slices.ContainsFunc(c.Parts, func(p part) bool { return p.Job == job })
}

// expect notes a job that will add a part.
func (c *conversation) expect(job string) {
	if !slices.Contains(c.Pending, job) && !c.has(job) {
		c.Pending = append(c.Pending, job)
	}
}

// add puts a part in its place, once: jobs of one conversation may be done in
// any order, and again.
func (c *conversation) add(p part) {
	c.Pending = slices.DeleteFunc(c.Pending, func(job string) bool { return job == p.Job })
	if c.has(p.Job) {
		return
	}
	c.Parts = append(c.Parts, p)
	slices.SortFunc(c.Parts, func(a, b part) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Job, b.Job))
	})
}

// messages are those of all parts; never nil.
func (c *conversation) messages() []symbl.Message {
	messages := []symbl.Message{}
	for _, p := range c.Parts {
		messages = append(messages, p.Messages...)
	}
	return messages
}

// questions are those of all parts; never nil.
func (c *conversation) questions() []question {
	questions := []question{}
	for _, p := range c.Parts {
		questions = append(questions, p.Questions...)
	}
	return questions
}

// begin is when the first message, or the recording it is from, begins.
func (c *conversation) begin() time.Time {
	begin, _ := span(c.messages())
	for _, p := range c.Parts {
		if !p.Sound.IsZero() && p.Sound.Before(begin) {
			begin = p.Sound
		}
	}
	return begin
}

// members are the speakers, in the order of their first message.
func (c *conversation) members() []symbl.Person {
	members := []symbl.Person{}
	seen := map[string]bool{}
	for _, m := range c.messages() {
		if m.From.ID != "" && !seen[m.From.ID] {
			seen[m.From.ID] = true
			members = append(members, m.From)
		}
	}
	return members
}

// results are what was found in all parts: one element per tracker, one match
// per vocabulary entry. Never nil.
func (c *conversation) results() []symbl.TrackerResult {
	merged := []symbl.TrackerResult{}
	for _, p := range c.Parts {
		for _, r := range p.Results {
			at := slices.IndexFunc(merged, func(m symbl.TrackerResult) bool { return m.ID == r.ID })
			if at < 0 {
				merged = append(merged, r)
				continue
			}
			for _, m := range r.Matches {
				merged[at].Matches = mergeMatch(merged[at].Matches, m)
			}
		}
	}
	return merged
}

func mergeMatch(matches []symbl.Match, m symbl.Match) []symbl.Match {
	at := slices.IndexFunc(matches, func(other symbl.Match) bool { return other.Value == m.Value })
	if at < 0 {
		return append(matches, m)
	}
	matches[at].MessageRefs = append(matches[at].MessageRefs, m.MessageRefs...)
	matches[at].InsightRefs = append(matches[at].InsightRefs, m.InsightRefs...)
	return matches
}
