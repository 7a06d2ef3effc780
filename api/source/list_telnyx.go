package source

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

var _ Lister = (*telnyx)(nil)

// telnyxList is a page of Telnyx's recordings
// (developers.telnyx.com, "List all call recordings"). An entry has the fields
// of the event, but for those named here.
type telnyxList struct {
	Data []struct {
		telnyxRecording
		Key    scalar     `json:"id"`
		Links  telnyxURLs `json:"download_urls"`
		Status scalar     `json:"status"`
	} `json:"data"`
	Meta struct {
		Page  int `json:"page_number"`
		Pages int `json:"total_pages"`
	} `json:"meta"`
}

// List reads the account's recordings; the cursor is the number of the page.
func (t *telnyx) List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error) {
	if t.auth == "" {
		return Page{}, fmt.Errorf("%w: credentials.token is to be an API key", ErrNoList)
	}
	number, err := pageNumber(cursor)
	if err != nil {
		return Page{}, err
	}
	query := url.Values{
		"filter[created_at][gte]": {since.UTC().Format(time.RFC3339)}, "page[number]": {strconv.Itoa(number)}, "page[size]": {listPage},
	}
	list, err := getJSON[telnyxList](ctx, web, strings.TrimSuffix(telnyxAPI, "/")+"?"+query.Encode(), t.apiKey, "Telnyx's list of recordings")
	if err != nil {
		return Page{}, err
	}
	var page Page
	for _, r := range list.Data {
		if r.Status != "" && r.Status != statusCompleted {
			continue
		}
		r.ID, r.URLs.is = r.Key, r.Links
		rec, err := r.recording("")
		page.add([]events.Recording{rec}, err)
	}
	if number < list.Meta.Pages {
		page.Next = strconv.Itoa(number + 1)
	}
	return page, nil
}

// pageNumber reads a cursor that is the number of a page, from 1.
func pageNumber(cursor string) (int, error) {
	if cursor == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 1 {
		return 0, unusable("cursor", "must be the next of an earlier page")
	}
	return n, nil
}
