package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

var _ Lister = (*ringcentral)(nil)

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
		"dateFrom": {since.UTC().Format(time.RFC3339)}, "recordingType": {"All"}, "view": {"Detailed"},
		"page": {strconv.Itoa(number)}, "perPage": {listPage},
	}
	log, err := getJSON[ringcentralLog](ctx, web, ringcentralCallLog+"?"+query.Encode(), bearerFor(token, isRingCentralHost), from)
	if err != nil {
		return Page{}, err
	}
	var page Page
	for _, r := range log.Records {
		page.addCall(r)
	}
	if log.Navigation.Next.is.URI != "" {
		page.Next = strconv.Itoa(number + 1)
	}
	return page, nil
}

// addCall takes the recordings of a call and of its legs, each once.
func (p *Page) addCall(r ringcentralRecord) {
	seen := map[scalar]bool{"": true}
	for _, part := range r.parts() {
		if id := part.Recording.is.ID; !seen[id] {
			seen[id] = true
			rec := r.recording(part)
			p.add([]events.Recording{rec}, checkID("recording.id", rec.ID))
		}
	}
}

// recording is that of a part of the call. What a leg does not tell is the call's,
// and so is its direction: a leg to the next agent goes out of a call that came in.
func (r ringcentralRecord) recording(part ringcentralLeg) events.Recording {
	from, to := cmp.Or(part.From.is, r.From.is), cmp.Or(part.To.is, r.To.is)
	rec := events.Recording{
		Provider: ringcentralName, ID: string(part.Recording.is.ID), MediaRef: string(r.Session),
		From: from.Phone.phone(), To: to.Phone.phone(), Direction: r.Direction.direction(),
		StartedAt: cmp.Or(part.Start, r.Start).time(), Seconds: cmp.Or(part.Duration, r.Duration).seconds(1),
		Labels: labelled("telephonySession", r.Session.text()),
	}
	rec.Agent, _ = sides(rec.Direction, to.Name.text(), from.Name.text())
	return rec
}
