package source_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

func ringcentralKit() kit {
	return kit{
		secret: plainWord, other: otherToken, short: "ninebytes", bodyFree: true,
		sign: func(r *source.Request, secret string, _ time.Time) {
			r.Header.Set("Verification-Token", secret)
		},
		tamper: tamperHeader("Verification-Token"),
		unlike: func(o *source.Outline) { o.RecordingURL, o.StartedAt, o.Seconds = "", time.Time{}, 0 },
	}
}

func TestRingCentralsHandshakeRepeatsItsTokenAndNothingElse(t *testing.T) {
	p := build(t, config.Source{Provider: "ringcentral", Secret: plainWord})
	for token, ok := range map[string]bool{
		"3fe2a0c8-8a64-4b8c-9c6c-a1b2c3d4e5f6": true,
		strings.Repeat("x", 256):               true,
		strings.Repeat("x", 257):               false,
		"a\r\nSet-Cookie: b":                   false,
		"a b":                                  false,
		"<script>":                             false,
		"":                                     false,
	} {
		r := source.Request{Method: http.MethodPost, Header: http.Header{"Validation-Token": {token}}, ReceivedAt: now()}
		if !ok {
			require.ErrorIs(t, p.Verify(r), source.ErrSignature, token)
			continue
		}
		require.NoError(t, p.Verify(r))
		got, err := p.Normalise(r)
		require.NoError(t, err)
		require.Equal(t, source.Delivery{Reply: &source.Reply{Header: map[string]string{"Validation-Token": token}}}, got)
		r.Body = []byte("{}")
		require.ErrorIs(t, p.Verify(r), source.ErrSignature, "with a body it must be our token")
	}
	r := jsonRequest("{}", map[string]string{"Validation-Token": plainWord})
	require.NoError(t, p.Verify(r), "the documentation calls the header so")
}

const (
	ringcentralGrant = "POST https://platform.ringcentral.com/restapi/oauth/token?assertion=jwt&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer Basic aWQ6aHVzaA=="
	ringcentralLog   = "GET https://platform.ringcentral.com/restapi/v1.0/account/~/call-log?recordingType=All&telephonySessionId=s-1&view=Detailed Bearer access"
	ringcentralMedia = "https://media.ringcentral.com/restapi/v1.0/account/1/recording/7001/content"
)

func TestRingCentralRecordingsAreLookedForInTheCallLog(t *testing.T) {
	w := &web{t: t, answers: map[string]string{
		ringcentralGrant: `200 {"access_token":"access","expires_in":3600}`,
		ringcentralLog:   `200 {"records":[]}`,
	}}
	rec := events.Recording{ID: "7001", MediaRef: "s-1"}
	credentials := config.Credentials{Username: "id", Password: "hush", Token: "jwt"}
	p := build(t, config.Source{Provider: "ringcentral", Secret: plainWord, Credentials: credentials})
	for _, notYet := range []string{`200 {"records":[]}`, `200 {"records":[{"recording":{"id":"7001"}}]}`, `200 {"records":[{"recording":{"id":"6","contentUri":"https://x.example"}}]}`, `404 `} {
		w.answers[ringcentralLog] = notYet
		_, err := source.Locate(t.Context(), p, rec, false, w)
		var status *events.StatusError
		require.ErrorAs(t, err, &status, notYet)
		require.Equal(t, 404, status.Status, "it is waited for")
	}
	w.answers[ringcentralLog] = `200 {"records":[{"id":"a"},{"recording":{"id":7001,"contentUri":"` + ringcentralMedia + `"}}]}`
	m, err := source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Equal(t, ringcentralMedia, m.URL)
	require.True(t, m.Private)
	require.Equal(t, "Bearer access", header(t, m, ringcentralMedia))
	require.Empty(t, header(t, m, "https://ringcentral.com.evil.example/x"))

	require.True(t, m.Renewable, "its token may end before the download")
	m, err = source.Locate(t.Context(), p, rec, true, w)
	require.NoError(t, err)
	require.False(t, m.Renewable, "once is enough")

	_, err = source.Locate(t.Context(), build(t, config.Source{Provider: "ringcentral", Secret: plainWord}), rec, false, w)
	require.ErrorIs(t, err, events.ErrNoMedia)
	_, err = source.New(config.Source{Provider: "ringcentral", Secret: plainWord, Credentials: config.Credentials{Username: "id", Password: "hush"}})
	require.ErrorContains(t, err, "credentials: ")
	require.NotContains(t, err.Error(), "hush")
}

// transferred is a call as "Working with detailed call log data" shows it, which
// was then handed on: its first recording stands with the call and its first leg,
// the second only with the leg that it is of.
const transferred = `{"id":"ASaxDDkSZ5s42MA","sessionId":"13916417004","telephonySessionId":"s-1","startTime":"2026-11-20T20:00:00.000Z","duration":55,
	"type":"Voice","direction":"Inbound","action":"Phone Call","result":"Accepted",
	"to":{"phoneNumber":"+18005550199","name":"Anna"},"from":{"phoneNumber":"+14155550137","name":"SAN FRANCSCO CA","location":"San Francisco (South), CA"},
	"recording":{"id":"7000","type":"OnDemand","contentUri":"https://media.ringcentral.com/restapi/v1.0/account/1/recording/7000/content"},
	"transport":"PSTN","lastModifiedTime":"2026-11-20T20:01:00.336Z","legs":[
	{"startTime":"2026-11-20T20:00:00.000Z","duration":55,"type":"Voice","direction":"Inbound","legType":"Accept","master":true,
	 "to":{"phoneNumber":"+18005550199","name":"Anna"},"from":{"phoneNumber":"+14155550137","name":"SAN FRANCSCO CA"},
	 "recording":{"id":"7000","type":"OnDemand","contentUri":"https://media.ringcentral.com/restapi/v1.0/account/1/recording/7000/content"}},
	{"startTime":"2026-11-20T20:00:20.000Z","duration":35,"type":"Voice","direction":"Outbound","legType":"PstnToSip",
	 "to":{"phoneNumber":"+18005550177","name":"Bert"},"from":{"phoneNumber":"+14155550137","name":"Anna"},
	 "recording":{"id":7001,"type":"OnDemand","contentUri":"` + ringcentralMedia + `"},"extension":{"id":664573005}},
	{"legType":"FindMe","recording":{"id":"7002","contentUri":"https://media.ringcentral.com/restapi/v1.0/account/1/recording/7002/content"}},
	{"legType":"CallOut","recording":null}]}`

func TestARecordingOfALegIsFound(t *testing.T) {
	w := &web{t: t, answers: map[string]string{
		ringcentralGrant: `200 {"access_token":"access","expires_in":3600}`,
		ringcentralLog:   `200 {"records":[{"telephonySessionId":"s-1","legs":["odd"]},{"legs":{}},` + transferred + `]}`,
	}}
	p := build(t, config.Source{Provider: "ringcentral", Secret: plainWord, Credentials: config.Credentials{Username: "id", Password: "hush", Token: "jwt"}})
	for id, want := range map[string]string{
		"7000": "https://media.ringcentral.com/restapi/v1.0/account/1/recording/7000/content",
		"7001": ringcentralMedia,
	} {
		m, err := source.Locate(t.Context(), p, events.Recording{ID: id, MediaRef: "s-1"}, false, w)
		require.NoError(t, err, id)
		require.Equal(t, want, m.URL)
	}
	_, err := source.Locate(t.Context(), p, events.Recording{ID: "7003", MediaRef: "s-1"}, false, w)
	var status *events.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusNotFound, status.Status)
}
