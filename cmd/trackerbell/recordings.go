package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/notify"
)

type recordingsCmd struct {
	List     recordingsListCmd     `cmd:"" help:"List recordings, last changed first."`
	Show     recordingsShowCmd     `cmd:"" help:"Show one recording."`
	Replay   recordingsReplayCmd   `cmd:"" help:"Start a recording anew: submit it again and post its alerts again."`
	Backfill recordingsBackfillCmd `cmd:"" help:"Take in recordings whose webhooks were missed, from the provider's own list."`
	Forget   recordingsForgetCmd   `cmd:"" help:"Delete a recording for good: ledger, engine, streams, Slack."`
}

// Help gives the examples.
func (recordingsCmd) Help() string {
	return "Examples:\n  trackerbell recordings list --limit 20\n  trackerbell recordings show support.RE123 --output json\n  trackerbell recordings replay support.RE123"
}

type recordingsListCmd struct {
	adminFlags
	Limit  int    `default:"50" help:"How many."`
	Cursor string `help:"Where to go on: the next of the last list." placeholder:"CURSOR"`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (recordingsListCmd) Help() string {
	return "Examples:\n  trackerbell recordings list\n  trackerbell recordings list --limit 500 --output json"
}

// Run lists recordings.
func (c *recordingsListCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.Limit < 1 || c.Limit > 500 {
		return usagef("--limit: %d is not between 1 and 500", c.Limit)
	}
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Cursor != "" {
		q.Set("cursor", c.Cursor)
	}
	var list api.RecordingList
	if err := c.client(cfg).do(g.ctx, http.MethodGet, "/api/recordings?"+q.Encode(), &list); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, list)
	}
	rows := make([][]string, 0, len(list.Recordings))
	for _, r := range list.Recordings {
		rows = append(rows, []string{
			r.ReceivedAt.Local().Format(time.DateTime), r.Key, string(r.Stage),
			strings.Join(r.Trackers, ", "), alertSummary(r.Alerts), r.Error,
		})
	}
	if err := table(g.out, []string{"RECEIVED", "KEY", "STAGE", "TRACKERS", "ALERTS", "ERROR"}, rows); err != nil {
		return err
	}
	if list.Next != "" {
		_, err = fmt.Fprintf(g.out, "more: --cursor %s\n", list.Next)
	}
	return err
}

// alertSummary is how many of the alerts are posted, and how many held.
func alertSummary(alerts []api.AlertView) string {
	posted, held := 0, 0
	for _, a := range alerts {
		switch {
		case a.PostedAt != nil:
			posted++
		case a.Held != "":
			held++
		}
	}
	switch {
	case len(alerts) == 0:
		return "-"
	case held > 0:
		return fmt.Sprintf("%d of %d, %d held", posted, len(alerts), held)
	}
	return fmt.Sprintf("%d of %d", posted, len(alerts))
}

type recordingsShowCmd struct {
	adminFlags
	Key    string `arg:"" help:"Key of the recording: SOURCE.ID."`
	Output string `enum:"text,json,vcon" default:"text" help:"text, json or vcon: the IETF's container, with the matches as an analysis."`
}

// Help gives the examples.
func (recordingsShowCmd) Help() string {
	return "Examples:\n  trackerbell recordings show calls.demo-1\n  trackerbell recordings show support.RE123 --output json\n  trackerbell recordings show support.RE123 --output vcon > call.vcon"
}

// Run shows a recording.
func (c *recordingsShowCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.Output == "vcon" {
		var v api.VCon
		err := c.client(cfg).do(g.ctx, http.MethodGet, "/api/recordings/"+url.PathEscape(c.Key)+"/vcon", &v)
		if err != nil {
			return notFound(err, "recording", c.Key)
		}
		return printJSON(g.out, v)
	}
	var r api.RecordingView
	err = c.client(cfg).do(g.ctx, http.MethodGet, "/api/recordings/"+url.PathEscape(c.Key), &r)
	if err != nil {
		return notFound(err, "recording", c.Key)
	}
	if c.Output == "json" {
		return printJSON(g.out, r)
	}
	return table(g.out, []string{"recording", r.Key}, recordingRows(r))
}

// recordingRows lays a recording out as names and values.
func recordingRows(r api.RecordingView) [][]string {
	rows := [][]string{
		{"source", r.Source}, {"id", r.ID}, {"stage", string(r.Stage)},
		{"received", r.ReceivedAt.Local().Format(time.DateTime)},
		{"job", r.JobID}, {"conversation", r.ConversationID},
		{"trackers", strings.Join(r.Trackers, ", ")},
	}
	for _, a := range r.Alerts {
		rows = append(rows, []string{"alert", a.Destination + ": " + alertState(a, time.Now())})
		for _, f := range a.Feedback {
			rows = append(rows, []string{"feedback", a.Destination + ": " + opinion(f)})
		}
	}
	for _, id := range r.DeadLetters {
		rows = append(rows, []string{"dead letter", fmt.Sprintf("%d: trackerbell dead show %d says why", id, id)})
	}
	for _, s := range r.Steps {
		rows = append(rows, []string{"step", s.Step + " at " + s.At.Local().Format(time.TimeOnly)})
	}
	for _, step := range slices.Sorted(maps.Keys(r.Attempts)) {
		rows = append(rows, []string{"attempts", fmt.Sprintf("%s: %d", step, r.Attempts[step])})
	}
	if r.Error != "" {
		rows = append(rows, []string{"error", r.Error})
	}
	return rows
}

// alertState says what became of an alert, by now.
func alertState(a api.AlertView, now time.Time) string {
	why := strings.ReplaceAll(a.Held, "_", " ")
	switch {
	case a.PostedAt != nil && a.Folded:
		return strings.TrimSpace("posted in the caller's thread " + a.PostedAt.Local().Format(time.DateTime) + " " + a.TS)
	case a.PostedAt != nil:
		return strings.TrimSpace("posted " + a.PostedAt.Local().Format(time.DateTime) + " " + a.TS)
	case a.Held == "":
		return "not posted yet"
	case a.HeldUntil.IsZero():
		return "held: " + why
	case now.Before(a.HeldUntil):
		return "held: " + why + " until " + a.HeldUntil.Local().Format("2006-01-02 15:04")
	}
	return "held: " + why + " until " + a.HeldUntil.Local().Format("2006-01-02 15:04") + ", then told by " + a.Digest
}

// opinion says what somebody thought of an alert.
func opinion(f notify.Feedback) string {
	verdict := "false alarm"
	if f.Useful {
		verdict = "useful"
	}
	return fmt.Sprintf("%s, says %s %s", verdict, cmp.Or(f.Name, f.User), f.At.Local().Format(time.DateTime))
}

type recordingsReplayCmd struct {
	adminFlags
	Key string `arg:"" help:"Key of the recording: SOURCE.ID."`
}

// Help gives the examples.
func (recordingsReplayCmd) Help() string {
	return "Examples:\n  trackerbell recordings replay support.RE123"
}

// Run starts a recording anew.
func (c *recordingsReplayCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	err = c.client(cfg).do(g.ctx, http.MethodPost, "/api/recordings/"+url.PathEscape(c.Key)+"/replay", nil)
	if err != nil {
		return notFound(err, "recording", c.Key)
	}
	_, err = fmt.Fprintf(g.out, "%s is started anew\n", c.Key)
	return err
}
