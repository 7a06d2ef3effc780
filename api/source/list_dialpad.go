package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

const dialpadAPI = "https://dialpad.com/api/v2/call"

var _ Lister = (*dialpad)(nil)

// dialpadList is a page of Dialpad's calls (developers.dialpad.com,
// "Call – List"), which have the fields of its events.
type dialpadList struct {
	Items  []json.RawMessage `json:"items"`
	Cursor scalar            `json:"cursor"` // empty at the end
}

// List reads the company's calls; those without a recording give none.
func (d *dialpad) List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error) {
	if d.auth == "" {
		return Page{}, fmt.Errorf("%w: credentials.token is to be an API key", ErrNoList)
	}
	query := url.Values{"started_after": {strconv.FormatInt(since.UnixMilli(), 10)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	list, err := getJSON[dialpadList](ctx, web, dialpadAPI+"?"+query.Encode(), d.Authorisation, "Dialpad's list of calls")
	if err != nil {
		return Page{}, err
	}
	page := Page{Next: string(list.Cursor)}
	for _, raw := range list.Items {
		call, err := decodeJSON[dialpadEvent](raw, "")
		if err != nil {
			page.Unusable++
			continue
		}
		recs, err := call.recordings()
		page.add(nil, err)
		page.add(recs, nil)
	}
	return page, nil
}
