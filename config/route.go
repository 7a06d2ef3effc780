package config

import (
	"strings"
	"time"
)

// Route is where the alerts of some matched trackers go, and how they look
// there.
type Route struct {
	Match    Match    `yaml:"match"`                                 // the conditions: all that are set must hold; without any, the route takes everything
	Channel  string   `yaml:"channel"`                               // #name or id
	Channels []string `yaml:"channels"`                              // several of them, in place of channel
	Drop     bool     `yaml:"drop"`                                  // takes the tracker and sends it nowhere
	Continue bool     `yaml:"continue"`                              // also try the routes below
	Mention  string   `yaml:"mention"`                               // id of the Slack user group (S…) or user (U…, W…) to mention
	Severity string   `yaml:"severity" enum:"info,warning,critical"` // sign that the alert begins with
	Color    string   `yaml:"color"`                                 // #rrggbb, of the bar beside the message
	Thread   Switch   `yaml:"thread"`                                // replies and later alerts of a recording go under its first; default on
	Template Template `yaml:"template"`                              // replaces parts of the built-in message
}

// Destination is a place for alerts that is no Slack channel of the bot. A
// route names it as its channel.
type Destination struct {
	Name       string `yaml:"name"`                                    // what a route calls it
	Type       string `yaml:"type" enum:"webhook,slackWebhook,stdout"` // a signed webhook, a Slack incoming webhook, or standard output
	URL        string `yaml:"url"`                                     // of both kinds of webhook; that of a Slack webhook is a secret
	URLFile    string `yaml:"urlFile"`
	Secret     string `yaml:"secret"` // that a webhook is signed with: whsec_…
	SecretFile string `yaml:"secretFile"`
}

// Template replaces parts of the built-in message by Go templates
// (text/template) over notify.TemplateData.
type Template struct {
	Title  string          `yaml:"title" json:"title,omitempty"`   // of the first line
	Body   string          `yaml:"body" json:"body,omitempty"`     // of the text below the title
	Fields []TemplateField `yaml:"fields" json:"fields,omitempty"` // pairs that stand in two columns under the body, 10 at most
}

// TemplateField is one of the pairs that stand in two columns under the body.
type TemplateField struct {
	Name  string `yaml:"name" json:"name"`   // heading of the pair
	Value string `yaml:"value" json:"value"` // text of the pair
}

// IsZero tells whether the built-in message is to be used.
func (t Template) IsZero() bool { return t.Title == "" && t.Body == "" && len(t.Fields) == 0 }

// Match is the condition of a route: everything that is set must hold for the
// tracker that is looked at. Speaker, Within, ExactOnly and MinScore are about
// single quotes: MinMatches (1 when unset) of its quotes must meet all four.
type Match struct {
	Sources    []string          `yaml:"sources"`                           // names of sources, one of which it must be
	Labels     map[string]string `yaml:"labels"`                            // labels that the recording must have
	Trackers   []string          `yaml:"trackers"`                          // names, or patterns with *
	Direction  string            `yaml:"direction" enum:"inbound,outbound"` // of the call
	Duration   Range             `yaml:"duration"`                          // of the call
	Caller     []string          `yaml:"caller"`                            // numbers, or patterns with *
	Callee     []string          `yaml:"callee"`                            // as caller
	Speaker    Speaker           `yaml:"speaker"`                           // who said a quote
	Within     Window            `yaml:"within"`                            // part of the call: first 60s, last 2m
	ExactOnly  bool              `yaml:"exactOnly"`                         // no similar wording
	MinScore   float64           `yaml:"minScore"`                          // of similar wording, 0 to 1; exact quotes always pass
	MinMatches int               `yaml:"minMatches"`                        // how many quotes must meet the conditions on quotes; unset: 1
	Absent     bool              `yaml:"absent"`                            // no quote of Trackers meets the conditions
	All        []Match           `yaml:"all"`                               // conditions like match itself, all of which must hold
	Any        []Match           `yaml:"any"`                               // conditions like match itself, one of which must hold
	None       []Match           `yaml:"none"`                              // conditions like match itself, none of which may hold
}

// Range bounds a duration; 0 is no bound.
type Range struct {
	Min time.Duration `yaml:"min"` // 0: no bound
	Max time.Duration `yaml:"max"` // 0: no bound
}

// Contains tells whether d is known (above 0) and within the bounds; without
// any bound everything is.
func (r Range) Contains(d time.Duration) bool {
	return r == Range{} || d > 0 && d >= r.Min && (r.Max == 0 || d <= r.Max)
}

// Speaker is a condition on who said a quote.
type Speaker struct {
	Role    string   `yaml:"role" enum:"agent,customer"` // of the speaker, told by the agent's name, the speaker's own, or the source's agentChannel; see "Who is the agent?" in routes
	Channel int      `yaml:"channel"`                    // of the recording, from 1
	Name    []string `yaml:"name"`                       // names, or patterns with *
}

// IsZero tells whether anybody will do.
func (s Speaker) IsZero() bool { return s.Role == "" && s.Channel == 0 && len(s.Name) == 0 }

// Window is a part of the call, written "first 60s" or "last 2m".
type Window struct {
	Last   bool // counted from the end of the call
	Length time.Duration
}

// String writes the window as the configuration does; empty for the whole call.
func (w Window) String() string {
	switch {
	case w.Length == 0:
		return ""
	case w.Last:
		return "last " + shortDuration(w.Length)
	default:
		return "first " + shortDuration(w.Length)
	}
}

func parseWindow(text string) (Window, bool) {
	which, length, _ := strings.Cut(strings.TrimSpace(text), " ")
	d, err := time.ParseDuration(strings.TrimSpace(length))
	return Window{Last: which == "last", Length: d}, err == nil && d > 0 && (which == "first" || which == "last")
}

// shortDuration writes 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

// Switch is true, false, or unset.
type Switch int

// The values of a Switch.
const (
	Unset Switch = iota
	On
	Off
)

// Destinations gives the channels that the route sends to, as the configuration
// names them, each once.
func (r Route) Destinations() []string { return distinct(append([]string{r.Channel}, r.Channels...)) }
