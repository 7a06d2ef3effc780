package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	zoomAccountAPI = "https://api.zoom.us/v2/accounts/"
	// zoomWindow is the longest time that one list may cover: a month.
	zoomWindow = 28 * 24 * time.Hour
)

var _ Lister = (*zoom)(nil)

// zoomMeetings is a page of an account's cloud recordings
// (developers.zoom.us/docs/api/meetings, "List recordings of an account").
type zoomMeetings struct {
	Meetings []json.RawMessage `json:"meetings"`
	Next     scalar            `json:"next_page_token"` // empty at the end
}

// List reads the account's meetings, a month at a time. The cursor is the first
// day of a month and, after a slash, the token of the page within it. Zoom Phone
// is not listed. It begins a day early, since a day of Zoom's need not be one of
// UTC.
func (z *zoom) List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error) {
	if z.oauth == nil || z.account == "" {
		return Page{}, fmt.Errorf("%w: credentials with the account's id as token are required", ErrNoList)
	}
	const day = 24 * time.Hour
	begin, pageToken := since.UTC().Truncate(day).Add(-day), ""
	if cursor != "" {
		first, rest, _ := strings.Cut(cursor, "/")
		var err error
		if begin, err = time.Parse(time.DateOnly, first); err != nil {
			return Page{}, unusable("cursor", "must be the next of an earlier page")
		}
		pageToken = rest
	}
	access, err := z.oauth.token(ctx, web, zoomTokenURL, url.Values{"grant_type": {"account_credentials"}, "account_id": {z.account}})
	if err != nil {
		return Page{}, err
	}
	end := begin.Add(zoomWindow)
	query := url.Values{"from": {begin.Format(time.DateOnly)}, "to": {end.Format(time.DateOnly)}, "page_size": {listPage}}
	if pageToken != "" {
		query.Set("next_page_token", pageToken)
	}
	address := zoomAccountAPI + url.PathEscape(z.account) + "/recordings?" + query.Encode()
	list, err := getJSON[zoomMeetings](ctx, web, address, bearerFor(access, isZoomHost), "Zoom's list of recordings")
	if err != nil {
		return Page{}, err
	}
	var page Page
	for _, raw := range list.Meetings {
		recs, err := z.listed(raw, since)
		page.add(nil, err)
		page.add(recs, nil)
	}
	switch {
	case list.Next != "":
		page.Next = begin.Format(time.DateOnly) + "/" + string(list.Next)
	case end.Before(z.oauth.now()):
		page.Next = end.Format(time.DateOnly)
	}
	return page, nil
}

// listed reads a meeting as if an event had brought it, without what began
// before since: a list begins at a midnight.
func (z *zoom) listed(raw json.RawMessage, since time.Time) (recs []events.Recording, err error) {
	var e zoomEvent
	e.Event = zoomMeeting
	if z.take == takeTranscript {
		e.Event = zoomTranscript
	}
	e.Payload.AccountID, e.Payload.Object = scalar(z.account), raw
	recs, err = e.meeting()
	return slices.DeleteFunc(recs, func(r events.Recording) bool { return !r.StartedAt.IsZero() && r.StartedAt.Before(since) }), err
}
