package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/trackerbell/trackerbell/events"
)

type recordingsForgetCmd struct {
	adminFlags
	Key    string `arg:"" help:"Key of the recording: SOURCE.ID."`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (recordingsForgetCmd) Help() string {
	return "Deletes the call's entry, its conversation in the engine, its events, transcripts and matches, and its Slack messages. There is no way back. What cannot be deleted, such as a message that another system has, is named, and the command exits with 1. The provider keeps its recording.\n\nExamples:\n  trackerbell recordings forget support.RE123"
}

// Run deletes the recording and says what was deleted; what could not be is an
// error.
func (c *recordingsForgetCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	var done events.Forgotten
	if err := c.client(cfg).do(g.ctx, http.MethodDelete, "/api/recordings/"+url.PathEscape(c.Key), &done); err != nil {
		return notFound(err, "recording", c.Key)
	}
	var incomplete []error
	for _, left := range done.Left {
		incomplete = append(incomplete, fmt.Errorf("not deleted: %s", printable(left)))
	}
	switch {
	case c.Output == "json":
		err = printJSON(g.out, done)
	case done.UnderWay:
		_, err = fmt.Fprintf(g.out, "%s is being forgotten: that takes longer, and goes on by itself\n", c.Key)
	default:
		_, err = fmt.Fprintf(g.out, "%s is forgotten: %d messages and %d events were deleted\n", c.Key, done.Messages, done.Events)
	}
	return errors.Join(append(incomplete, err)...)
}
