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
