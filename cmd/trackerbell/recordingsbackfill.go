package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/config"
)

const (
	backfillTries = 12              // of a page that the provider refuses for now
	backfillWait  = 5 * time.Second // between them at least; the provider may ask for up to 15 min
)

type recordingsBackfillCmd struct {
	adminFlags
	Source string `arg:"" help:"Name of the source; its credentials must allow to list recordings."`
	Since  string `required:"" help:"From when on: a duration back from now, a day or a time; calls that began up to 4 hours before are listed, too, since a webhook comes at a call's end." placeholder:"24h|2026-11-01|TIME"`
	DryRun bool   `help:"Only tell what would be taken in."`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (recordingsBackfillCmd) Help() string {
	return "What is known already is left alone. Twilio, Zoom (meetings), Telnyx, Dialpad and RingCentral can list recordings.\n\nExamples:\n  trackerbell recordings backfill support --since 24h --dry-run\n  trackerbell recordings backfill support --since 2026-11-01"
}

// backfilled is what the command prints.
type backfilled struct {
	Recordings []api.Accepted `json:"recordings"`
	New        int            `json:"new"`
	Known      int            `json:"known"`
	Unusable   int            `json:"unusable"`
	DryRun     bool           `json:"dryRun"`
}

// Run has the service take in page after page.
func (c *recordingsBackfillCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	since, err := sinceWhen(c.Since, time.Now())
	if err != nil {
		return usagef("--since: %v", err)
	}
	all := backfilled{Recordings: []api.Accepted{}, DryRun: c.DryRun}
	for cursor := ""; ; {
		page, err := c.page(g, cfg, since, cursor)
		if err != nil && cursor != "" {
			err = errors.Join(fmt.Errorf("it stopped before the end; run it again, and what was taken in is left alone: %w", err), c.print(g, all))
		}
		if err != nil {
			return notFound(err, "source", c.Source)
		}
		for _, r := range page.Recordings {
			if r.Duplicate {
				all.Known++
			} else {
				all.New++
			}
		}
		all.Recordings, all.Unusable = append(all.Recordings, page.Recordings...), all.Unusable+page.Unusable
		if cursor = page.Next; cursor == "" {
			return c.print(g, all)
		}
	}
}

func (c *recordingsBackfillCmd) print(g *globals, all backfilled) error {
	if c.Output == "json" {
		return printJSON(g.out, all)
	}
	verb := "taken in"
	if c.DryRun {
		verb = "to take in"
	}
	for _, r := range all.Recordings {
		if !r.Duplicate {
			if _, err := fmt.Fprintf(g.out, "%s %s\n", verb, r.Recording); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(g.out, "%d %s, %d known before, %d without what is needed\n", all.New, verb, all.Known, all.Unusable)
	return err
}

// page asks for one page, again while the provider or the store wants that or the
// provider cannot be reached, and says for how long it waits and why.
func (c *recordingsBackfillCmd) page(g *globals, cfg *config.Config, since time.Time, cursor string) (page api.BackfillPage, err error) {
	q := url.Values{"since": {since.UTC().Format(time.RFC3339)}, "cursor": {cursor}}
	if c.DryRun {
		q.Set("dryRun", "true")
	}
	for try := 1; ; try++ {
		page = api.BackfillPage{}
		err = c.client(cfg).do(g.ctx, http.MethodPost, "/api/sources/"+url.PathEscape(c.Source)+"/backfill?"+q.Encode(), &page)
		var status *statusError
		if !errors.As(err, &status) || !status.passes() || try == backfillTries {
			return page, err
		}
		after := max(status.after, backfillWait)
		_, _ = fmt.Fprintf(g.err, "trackerbell: %s; asking again in %s (%d of %d)\n", printable(strings.TrimSuffix(status.title, "; try again")), after, try+1, backfillTries)
		select {
		case <-g.ctx.Done():
			return page, g.ctx.Err()
		case <-time.After(after):
		}
	}
}

// passes tells whether the answer says that the same request may do later.
func (e *statusError) passes() bool {
	return e.status == http.StatusServiceUnavailable || e.status == http.StatusBadGateway && e.after > 0
}

// sinceWhen reads a duration back from now, a day of UTC or a time.
func sinceWhen(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil && at.Before(now) {
			return at, nil
		}
	}
	return time.Time{}, errors.New("must be a duration such as 24h, a day such as 2026-11-01, or a time in RFC 3339, in the past")
}
