package source_test

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

func plivoKit() kit {
	return kit{
		secret: authToken, other: otherToken, short: "fifteen bytes!!",
		sign: func(r *source.Request, secret string, _ time.Time) {
			form, err := url.ParseQuery(string(r.Body))
			if err != nil {
				return
			}
			params := ""
			for _, name := range slices.Sorted(maps.Keys(form)) {
				params += name + form.Get(name)
			}
			// The suite calls …?agent=ana&x=%2Fa, whose query is sorted already.
			base := "https://bridge.example.com/webhooks/support?agent=ana&x=/a"
			if len(form) > 0 {
				base += "."
			}
			r.Header.Set("X-Plivo-Signature-V3-Nonce", "12345")
			r.Header.Set("X-Plivo-Signature-V3", base64.StdEncoding.EncodeToString(mac(secret, base+params+".12345")))
		},
		tamper: tamperHeader("X-Plivo-Signature-V3"),
	}
}

func plivoRequest(t *testing.T, address string, header map[string]string) source.Request {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	form := url.Values{"CallUUID": {"c1"}, "RecordUrl": {"https://media.plivo.com/x.mp3"}, "RecordingID": {"r1"}}
	r := jsonRequest(form.Encode(), header)
	r.URL = u
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestPlivosListsAndMainAccountVerify(t *testing.T) {
	p := build(t, config.Source{Provider: "plivo", Secret: authToken})
	const address = "https://bridge.example.com/hooks/plivo"
	good := base64.StdEncoding.EncodeToString(mac(authToken,
		address+"?CallUUIDc1RecordUrlhttps://media.plivo.com/x.mp3RecordingIDr1.n"))
	for name, tt := range map[string]struct {
		header map[string]string
		ok     bool
	}{
		"alone":           {map[string]string{"X-Plivo-Signature-V3": good}, true},
		"in a list":       {map[string]string{"X-Plivo-Signature-V3": "AAAA, " + good}, true},
		"main account":    {map[string]string{"X-Plivo-Signature-Ma-V3": good, "X-Plivo-Signature-V3": "AAAA"}, true},
		"another nonce":   {map[string]string{"X-Plivo-Signature-V3": good, "X-Plivo-Signature-V3-Nonce": "m"}, false},
		"empty":           {map[string]string{"X-Plivo-Signature-V3": ""}, false},
		"older signature": {map[string]string{"X-Plivo-Signature-V2": good}, false},
	} {
		r := plivoRequest(t, address, map[string]string{"X-Plivo-Signature-V3-Nonce": "n"})
		for header, value := range tt.header {
			r.Header.Set(header, value)
		}
		if tt.ok {
			require.NoError(t, p.Verify(r), name)
			continue
		}
		require.ErrorIs(t, p.Verify(r), source.ErrSignature, name)
	}
}

func TestPlivoCredentialsGoToPlivoOnly(t *testing.T) {
	p := build(t, config.Source{Provider: "plivo", Secret: authToken, Credentials: config.Credentials{Username: "MA", Password: "hush"}})
	for address, ok := range map[string]bool{
		"https://media.plivo.com/x.mp3":              true,
		"https://media.plivo.com:444/x.mp3":          false,
		"http://media.plivo.com/x.mp3":               false,
		"https://plivo.com.evil.example/x.mp3":       false,
		"https://s3.amazonaws.com/media.plivo.com/x": false,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, ok, p.Authorisation(u) != "", address)
	}
}

// Names and values are signed without anything between them: who has one webhook can
// cut it elsewhere, and has the signature for it.
func TestAPlivoWebhookThatIsCutElsewhereIsNoOtherRecording(t *testing.T) {
	const id, media = "693e61fd-8150-4091-a0f8-561d4a434288", "https://media.plivo.com/v1/Account/MA/Recording/r1.mp3"
	for name, tt := range map[string]struct {
		field string
		taken []string // into the id, from those that follow it
		form  url.Values
	}{
		"record element": {"RecordingID", []string{"RecordingStartMs"}, url.Values{
			"CallUUID": {"c1"}, "RecordUrl": {media}, "RecordingDuration": {"94"}, "RecordingEndMs": {"1795464094500"},
			"RecordingID": {id}, "RecordingStartMs": {"1795464000000"}, "To": {"18005550199"},
		}},
		"without its start": {"RecordingID", []string{"To"}, url.Values{"RecordUrl": {media}, "RecordingID": {id}, "To": {"18005550199"}}},
		"record API": {"recording_id", []string{"recording_start_ms"}, url.Values{
			"api_id": {"a1"}, "call_uuid": {"c1"}, "record_url": {media}, "recording_id": {id}, "recording_start_ms": {"1795464000000"},
		}},
		"number masking": {"RecordingUUID", []string{"SequenceNumber", "SessionUUID"}, url.Values{
			"EventName": {"SessionRecordingCompleted"}, "RecordingURL": {media}, "RecordingUUID": {id},
			"SequenceNumber": {"4"}, "SessionUUID": {"s1"}, "To": {"18005550199"}, "VirtualNumber": {"18005550100"},
		}},
		"number masking, the older": {"RecordingUUID", []string{"SecondParty"}, url.Values{
			"EventName": {"SessionRecordingCompleted"}, "FirstParty": {"14155550137"}, "RecordingResourceURL": {media},
			"RecordingUUID": {id}, "SecondParty": {"18005550199"}, "SequenceNumber": {"4"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k, p := plivoKit(), build(t, config.Source{Provider: "plivo", Secret: authToken})
			sent := plivoRequest(t, "https://bridge.example.com/webhooks/support?agent=ana&x=%2Fa", nil)
			sent.Body = []byte(tt.form.Encode())
			k.sign(&sent, authToken, now())
			require.NoError(t, p.Verify(sent))
			got, err := p.Normalise(sent)
			require.NoError(t, err)
			require.Equal(t, id, got.Recordings[0].ID)

			for _, taken := range tt.taken {
				tt.form.Set(tt.field, tt.form.Get(tt.field)+taken+tt.form.Get(taken))
				tt.form.Del(taken)
			}
			sent.Body = []byte(tt.form.Encode())
			require.NoError(t, p.Verify(sent), "Plivo's scheme cannot tell")
			_, err = p.Normalise(sent)
			require.ErrorContains(t, err, tt.field)
		})
	}
}
