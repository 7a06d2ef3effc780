package source

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

var _ Lister = (*ringcentral)(nil)

// ringcentralCalls is a page of RingCentral's call log
// (developers.ringcentral.com, "List Company Call Records").
type ringcentralCalls struct {
	Records []struct {
		Session   scalar                 `json:"telephonySessionId"`
		Start     scalar                 `json:"startTime"`
		Duration  scalar                 `json:"duration"` // seconds
		Direction scalar                 `json:"direction"`
		From      maybe[ringcentralSide] `json:"from"`
		To        maybe[ringcentralSide] `json:"to"`
		Recording maybe[struct {
			ID scalar `json:"id"`
		}] `json:"recording"`
	} `json:"records"`
	Navigation struct {
		Next maybe[struct {
			URI scalar `json:"uri"`
		}] `json:"nextPage"`
	} `json:"navigation"`
}

// List reads the call log; the cursor is the number of the page.
func (p *ringcentral) List(ctx context.Context, since time.Time, cursor string, web Client) (Page, error) {
	const from = "RingCentral's call log"
	if p.oauth == nil {
		return Page{}, fmt.Errorf("%w: credentials are required", ErrNoList)
	}
	number, err := pageNumber(cursor)
	if err != nil {
		return Page{}, err
	}
	token, err := p.oauth.token(ctx, web, ringcentralTokenURL, url.Values{"grant_type": {grantJWT}, "assertion": {p.jwt}})
	if err != nil {
		return Page{}, err
	}
	query := url.Values{
		"dateFrom": {since.UTC().Format(time.RFC3339)}, "recordingType": {"All"}, "view": {"Simple"},
		"page": {strconv.Itoa(number)}, "perPage": {listPage},
	}
	log, err := getJSON[ringcentralCalls](ctx, web, ringcentralCallLog+"?"+query.Encode(), bearerFor(token, isRingCentralHost), from)
	if err != nil {
		return Page{}, err
	}
	var page Page
	for _, r := range log.Records {
		rec := events.Recording{
			Provider: ringcentralName, ID: string(r.Recording.is.ID), MediaRef: string(r.Session),
			From: r.From.is.Phone.phone(), To: r.To.is.Phone.phone(), Direction: r.Direction.direction(),
			StartedAt: r.Start.time(), Seconds: r.Duration.seconds(1), Labels: labelled("telephonySession", r.Session.text()),
		}
		rec.Agent, _ = sides(rec.Direction, r.To.is.Name.text(), r.From.is.Name.text())
		page.add([]events.Recording{rec}, checkID("recording.id", rec.ID))
	}
	if log.Navigation.Next.is.URI != "" {
		page.Next = strconv.Itoa(number + 1)
	}
	return page, nil
}
