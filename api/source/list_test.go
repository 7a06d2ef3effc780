package source_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// since is when the webhooks began to be missed.
func since() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// listed reads the list page by page.
func listed(t *testing.T, p source.Provider, w *web) (recs []events.Recording, unusable int) {
	t.Helper()
	for cursor := ""; ; {
		page, err := source.List(t.Context(), p, since(), cursor, w)
		require.NoError(t, err)
		recs, unusable = append(recs, page.Recordings...), unusable+page.Unusable
		if cursor = page.Next; cursor == "" {
			return recs, unusable
		}
	}
}

func TestTwilioListsTheRecordingsOfAnAccount(t *testing.T) {
	const (
		list = "GET https://api.twilio.com/2010-04-01/Accounts/AC0123/Recordings.json?"
		auth = " Basic QUMwMTIzOmh1c2g="
	)
	w := &web{t: t, answers: map[string]string{
		list + "DateCreated%3E=2026-11-20T12%3A00%3A00Z&PageSize=100" + auth: `200 {"recordings":[
			{"account_sid":"AC0123","sid":"RE1","call_sid":"CA1","status":"completed","channels":2,"duration":"21","start_time":"Fri, 20 Nov 2026 20:00:00 +0000","media_url":"https://api.twilio.com/2010-04-01/Accounts/AC0123/Recordings/RE1","price":null},
			{"sid":"RE2","call_sid":"CA2","status":"processing","media_url":"https://api.twilio.com/x"},
			{"sid":"RE3","call_sid":"CA3","status":"completed","media_url":null}],
			"page":0,"next_page_uri":"/2010-04-01/Accounts/AC0123/Recordings.json?PageSize=100&Page=1&PageToken=PARE3"}`,
		list + "PageSize=100&Page=1&PageToken=PARE3" + auth: `200 {"recordings":[
			{"sid":"RE4","call_sid":"CA4","status":"completed","channels":1,"duration":"4","media_url":"https://api.twilio.com/2010-04-01/Accounts/AC0123/Recordings/RE4"}],"next_page_uri":null}`,
	}}
	p := build(t, config.Source{Provider: "twilio", Secret: authToken, Credentials: config.Credentials{Username: "AC0123", Password: "hush"}})
	recs, unusable := listed(t, p, w)
	require.Equal(t, []events.Recording{
		{
			Provider: "twilio", ID: "RE1", MediaURL: "https://api.twilio.com/2010-04-01/Accounts/AC0123/Recordings/RE1.wav?RequestedChannels=2",
			StartedAt: time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC), Seconds: 21, Channels: 2, Labels: map[string]string{"callSid": "CA1"},
		},
		{
			Provider: "twilio", ID: "RE4", MediaURL: "https://api.twilio.com/2010-04-01/Accounts/AC0123/Recordings/RE4.wav",
			Seconds: 4, Channels: 1, Labels: map[string]string{"callSid": "CA4"},
		},
	}, recs)
	require.Equal(t, 1, unusable)
}

func TestTelnyxListsTheRecordingsOfAnAccount(t *testing.T) {
	page := func(n string) string {
		return "GET https://api.telnyx.com/v2/recordings?filter%5Bcreated_at%5D%5Bgte%5D=2026-11-20T12%3A00%3A00Z&page%5Bnumber%5D=" + n + "&page%5Bsize%5D=100 Bearer hush"
	}
	w := &web{t: t, answers: map[string]string{
		page("1"): `200 {"data":[{"record_type":"recording","id":"rec-1","call_session_id":"s1","channels":"dual","status":"completed","duration_millis":60000,
			"recording_started_at":"2026-11-20T20:00:00.000000Z","recording_ended_at":"2026-11-20T20:01:00.000000Z",
			"download_urls":{"mp3":"https://s3.example.com/1.mp3","wav":"https://s3.example.com/1.wav"}}],"meta":{"page_number":1,"total_pages":2}}`,
		page("2"): `200 {"data":[{"id":"rec-2","channels":"single","download_urls":{"mp3":"https://s3.example.com/2.mp3"}},{"id":"rec-3"}],"meta":{"page_number":2,"total_pages":2}}`,
	}}
	p := build(t, config.Source{Provider: "telnyx", Secret: telnyxPublic, Credentials: config.Credentials{Token: "hush"}})
	recs, unusable := listed(t, p, w)
	require.Equal(t, []events.Recording{
		{
			Provider: "telnyx", ID: "rec-1", MediaRef: "rec-1", MediaURL: "https://s3.example.com/1.wav", Channels: 2, Seconds: 60,
			StartedAt: time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC), Labels: map[string]string{"callSession": "s1"},
		},
		{Provider: "telnyx", ID: "rec-2", MediaRef: "rec-2", MediaURL: "https://s3.example.com/2.mp3", Channels: 1},
	}, recs)
	require.Equal(t, 1, unusable)
}

func TestDialpadListsCallsWithTheirRecordings(t *testing.T) {
	const list = "GET https://dialpad.com/api/v2/call?"
	w := &web{t: t, answers: map[string]string{
		list + "started_after=1795176000000 Bearer hush": `200 {"cursor":"next","items":[
			{"call_id":"77","direction":"inbound","date_started":"1795204800000","external_number":"+14155550137","internal_number":"+18005550199","target":{"name":"Anna"},
			 "recording_details":[{"recording_type":"callrecording"},{"id":"r1","recording_type":"callrecording","duration":21000,"start_time":1795204801000,"url":"https://dialpad.com/r/r1"}]},
			{"call_id":"78","direction":"inbound","recording_details":[]}, "odd"]}`,
		list + "cursor=next&started_after=1795176000000 Bearer hush": `200 {"items":[]}`,
	}}
	p := build(t, config.Source{Provider: "dialpad", Secret: jwtSecret, Credentials: config.Credentials{Token: "hush"}})
	recs, unusable := listed(t, p, w)
	require.Len(t, recs, 1)
	require.Equal(t, events.Recording{
		Provider: "dialpad", ID: "r1", MediaURL: "https://dialpad.com/r/r1", Direction: "inbound", From: "+14155550137", To: "+18005550199",
		Agent: "Anna", StartedAt: time.UnixMilli(1795204801000).UTC(), Seconds: 21, Labels: map[string]string{"callId": "77"},
	}, recs[0])
	require.Equal(t, 2, unusable, "one of them beside what is taken")
}

func TestRingCentralListsItsCallLog(t *testing.T) {
	page := func(n string) string {
		return "GET https://platform.ringcentral.com/restapi/v1.0/account/~/call-log?dateFrom=2026-11-20T12%3A00%3A00Z&page=" + n + "&perPage=100&recordingType=All&view=Detailed Bearer access"
	}
	w := &web{t: t, answers: map[string]string{
		"POST https://platform.ringcentral.com/restapi/oauth/token?assertion=jwt&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer Basic aWQ6aHVzaA==": `200 {"access_token":"access","expires_in":3600}`,
		page("1"): `200 {"records":[{"telephonySessionId":"s-1","startTime":"2026-11-20T20:00:00.000Z","duration":21,"direction":"Inbound","from":{"phoneNumber":"+14155550137"},"to":{"phoneNumber":"+18005550199","name":"Anna"},
			"recording":{"id":"901","type":"Automatic","contentUri":"https://media.ringcentral.com/restapi/v1.0/account/1/recording/901/content"}}],
			"navigation":{"nextPage":{"uri":"https://platform.ringcentral.com/restapi/v1.0/account/1/call-log?page=2"}},"paging":{"page":1}}`,
		page("2"): `200 {"records":[` + transferred + `,{"telephonySessionId":"s-2","recording":{},"legs":[{"direction":"Inbound"}]},
			{"telephonySessionId":"s-3","legs":[{"recording":{"id":"\ufffd"}}]}],"navigation":{}}`,
	}}
	p := build(t, config.Source{Provider: "ringcentral", Secret: plainWord, Credentials: config.Credentials{Username: "id", Password: "hush", Token: "jwt"}})
	recs, unusable := listed(t, p, w)
	require.Equal(t, []events.Recording{{
		Provider: "ringcentral", ID: "901", MediaRef: "s-1", From: "+14155550137", To: "+18005550199", Direction: "inbound", Agent: "Anna",
		StartedAt: time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC), Seconds: 21, Labels: map[string]string{"telephonySession": "s-1"},
	}}, recs[:1])
	call := events.Recording{
		Provider: "ringcentral", ID: "7000", MediaRef: "s-1", From: "+14155550137", To: "+18005550199", Direction: "inbound", Agent: "Anna",
		StartedAt: time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC), Seconds: 55, Labels: map[string]string{"telephonySession": "s-1"},
	}
	leg, silent := call, call
	leg.ID, leg.To, leg.Agent, leg.StartedAt, leg.Seconds = "7001", "+18005550177", "Bert", call.StartedAt.Add(20*time.Second), 35
	silent.ID = "7002"
	require.Equal(t, []events.Recording{call, leg, silent}, recs[1:], "each recording once, with what its leg tells")
	require.Equal(t, 1, unusable, "a call without a recording is not counted")
}

// TestZoomListsMeetingsUnderTheKeysOfItsWebhooks lists a meeting that an event
// brought before.
func TestZoomListsMeetingsUnderTheKeysOfItsWebhooks(t *testing.T) {
	const meeting = `{"uuid":"/WEz4==","host_email":"a@example.com","topic":"Sales","start_time":"2026-11-20T20:00:00Z","recording_files":[
		{"id":"f1","recording_start":"2026-11-20T20:00:00Z","recording_end":"2026-11-20T20:01:00Z","file_type":"M4A","recording_type":"audio_only","status":"completed","download_url":"https://zoom.us/rec/download/f1"}]}`
	early := `{"uuid":"early","recording_files":[{"id":"f0","recording_start":"2026-11-20T08:00:00Z","file_type":"M4A","status":"completed","download_url":"https://zoom.us/rec/download/f0"}]}`
	list := "GET https://api.zoom.us/v2/accounts/acc1/recordings?from=2026-11-19&page_size=100&to=2026-12-17 Bearer access"
	w := &web{t: t, answers: map[string]string{
		zoomGrant: `200 {"access_token":"access","expires_in":3600}`,
		list:      `200 {"next_page_token":"tok","meetings":[` + early + `,{"uuid":""}]}`,
		"GET https://api.zoom.us/v2/accounts/acc1/recordings?from=2026-11-19&next_page_token=tok&page_size=100&to=2026-12-17 Bearer access": `200 {"meetings":[` + meeting + `]}`,
	}}
	p := build(t, config.Source{Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Username: "client", Password: "hush", Token: "acc1"}})
	first, err := source.List(t.Context(), p, since(), "", w)
	require.NoError(t, err)
	require.Empty(t, first.Recordings, "the list begins at the midnight before the day before")
	require.Equal(t, 1, first.Unusable)
	second, err := source.List(t.Context(), p, since(), first.Next, w)
	require.NoError(t, err)

	event := source.Request{Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"event":"recording.completed","payload":{"account_id":"acc1","object":` + meeting + `}}`)}
	d, err := p.Normalise(event)
	require.NoError(t, err)
	require.Equal(t, d.Recordings, second.Recordings)
	_, err = source.List(t.Context(), p, since(), "yesterday", w)
	require.EqualError(t, err, "cursor: must be the next of an earlier page")
}

func TestListsThatCannotBeRead(t *testing.T) {
	keys := config.Credentials{Username: "SK0123", Password: "hush"}
	for name, s := range map[string]config.Source{
		"generic has no list":        {Provider: "generic", Secret: plainWord},
		"vonage has no list":         {Provider: "vonage", Secret: jwtSecret},
		"twilio by an API key":       {Provider: "twilio", Secret: authToken, Credentials: keys},
		"telnyx without credentials": {Provider: "telnyx", Secret: telnyxPublic},
		"dialpad without":            {Provider: "dialpad", Secret: jwtSecret},
		"zoom without":               {Provider: "zoom", Secret: zoomSecret},
		"ringcentral without":        {Provider: "ringcentral", Secret: plainWord},
		"signalwire":                 {Provider: "signalwire", Secret: authToken, Credentials: keys},
	} {
		_, err := source.List(t.Context(), build(t, s), since(), "", &web{t: t})
		require.ErrorIs(t, err, source.ErrNoList, name)
	}
	w := &web{t: t, answers: map[string]string{"GET https://dialpad.com/api/v2/call?started_after=1795176000000 Bearer hush": "429 "}}
	p := build(t, config.Source{Provider: "dialpad", Secret: jwtSecret, Credentials: config.Credentials{Token: "hush"}})
	_, err := source.List(t.Context(), p, since(), "", w)
	var status *events.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusTooManyRequests, status.Status)
}

// away is a provider's API that cannot be reached.
type away struct{}

func (away) fail(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return err
	}
	return &safehttp.Error{
		Kind: safehttp.Transient, Target: u.Scheme + "://" + u.Host, Reason: "timed out", Err: &url.Error{Op: "Get", URL: rawURL, Err: io.EOF},
	}
}

func (a away) Get(_ context.Context, rawURL string, _ safehttp.Authorise, _ string) (*http.Response, error) {
	return nil, a.fail(rawURL)
}

func (a away) PostForm(_ context.Context, rawURL, _ string, _ url.Values) (*http.Response, error) {
	return nil, a.fail(rawURL)
}

func TestAListThatCannotBeReachedTellsTheHostAndNoMore(t *testing.T) {
	for want, s := range map[string]config.Source{
		"https://api.twilio.com: timed out":  {Provider: "twilio", Secret: authToken, Credentials: config.Credentials{Username: "AC0123", Password: "hush"}},
		"https://api.telnyx.com: timed out":  {Provider: "telnyx", Secret: telnyxPublic, Credentials: config.Credentials{Token: "hush"}},
		"https://dialpad.com: timed out":     {Provider: "dialpad", Secret: jwtSecret, Credentials: config.Credentials{Token: "hush"}},
		"https://zoom.us: timed out":         {Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Username: "client", Password: "hush", Token: "acc1"}},
		"https://platform.ringcentral.com: ": {Provider: "ringcentral", Secret: plainWord, Credentials: config.Credentials{Username: "id", Password: "hush", Token: "jwt"}},
	} {
		_, err := source.List(t.Context(), build(t, s), since(), "", away{})
		require.ErrorContains(t, err, want)
		require.NotRegexp(t, `hush|acc1|AC0123|\?|%`, err.Error())
		require.True(t, source.Unreachable(err), "%v", err)
	}
	require.False(t, source.Unreachable(source.ErrNoList))
}
