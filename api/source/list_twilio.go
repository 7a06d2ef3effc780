package source

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

var _ Lister = (*twilio)(nil)

// twilioList is a page of the Recordings resource
// (twilio.com/docs/voice/api/recording, "Read multiple recording resources").
type twilioList struct {
	Recordings []struct {
		SID      scalar `json:"sid"`
		Call     scalar `json:"call_sid"`
		Start    scalar `json:"start_time"`
		Duration scalar `json:"duration"`
		Channels scalar `json:"channels"`
		Status   scalar `json:"status"`
		Media    scalar `json:"media_url"`
	} `json:"recordings"`
	Next scalar `json:"next_page_uri"` // a path with a query; null at the end
}

// List reads the account's recordings. They name no numbers.
func (t *twilio) List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error) {
	switch {
	case t.name != twilioName:
		return Page{}, ErrNoList
	case !strings.HasPrefix(t.user, "AC"):
		return Page{}, fmt.Errorf("%w: credentials.username must be the account's SID (AC…), an API key does not tell it", ErrNoList)
	}
	query := cursor
	if query == "" {
		query = url.Values{"DateCreated>": {since.UTC().Format(time.RFC3339)}, "PageSize": {listPage}}.Encode()
	}
	address := twilioAPI + twilioAccounts + url.PathEscape(t.user) + "/Recordings.json?" + query
	list, err := getJSON[twilioList](ctx, web, address, t.Authorisation, "Twilio's list of recordings")
	if err != nil {
		return Page{}, err
	}
	var page Page
	for _, r := range list.Recordings {
		if r.Status != statusCompleted {
			continue
		}
		rec, err := t.recording(url.Values{
			"RecordingSid": {string(r.SID)}, "CallSid": {string(r.Call)}, "RecordingStartTime": {string(r.Start)},
			"RecordingDuration": {string(r.Duration)}, "RecordingChannels": {string(r.Channels)}, "RecordingUrl": {string(r.Media)},
		})
		page.add([]events.Recording{rec}, err)
	}
	_, page.Next, _ = strings.Cut(string(list.Next), "?")
	return page, nil
}
