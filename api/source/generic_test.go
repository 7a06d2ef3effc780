package source_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	whsec     = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	whsecKey  = "0123456789abcdef0123456789abcdef"
	plainWord = "a plain pass phrase"
)

func genericKit() kit {
	return kit{
		secret: whsec, other: plainWord, short: "fifteen bytes!!", stale: 5 * time.Minute,
		sign: func(r *source.Request, secret string, at time.Time) {
			if secret == whsec {
				secret = whsecKey
			}
			signStandard(r.Header, secret, "msg_1", at.Unix(), r.Body)
		},
		tamper: func(r *source.Request) { r.Header.Set("webhook-id", "msg_2") },
	}
}

func TestAnAddressThatIsTooLongIsStillKnownForOne(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for _, from := range []string{
		"sip:" + strings.Repeat("alice.", 60) + "@pbx.example",
		strings.Repeat("é", 200) + "@" + strings.Repeat("pbx.", 60) + "example",
	} {
		body := fmt.Sprintf(`{"id": "1", "recordingUrl": "https://a.example/1", "from": %q}`, from)
		got, err := p.Normalise(jsonRequest(body, nil))
		require.NoError(t, err)
		number := got.Recordings[0].From
		require.LessOrEqual(t, len(number), 256)
		require.Equal(t, from[:4], number[:4])
		require.Contains(t, number, "@pbx.")
	}
}

func mac(key, message string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(message))
	return m.Sum(nil)
}

func signStandard(h http.Header, key, id string, stamp int64, body []byte) {
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", fmt.Sprint(stamp))
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac(key, fmt.Sprintf("%s.%d.%s", id, stamp, body))))
}

func jsonRequest(body string, header map[string]string) source.Request {
	r := source.Request{Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}, Body: []byte(body), ReceivedAt: now()}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

const vector = `{"event":"x","n":1}`

func TestStandardWebhooksVectorOfTheReferenceLibraryVerifies(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Secret: whsec})
	r := jsonRequest(vector, map[string]string{
		"webhook-id": "msg_1", "webhook-timestamp": "1795464416", "webhook-signature": "v1,PA2DCJyHr7cY2aLp7X8ZOc7ry6pqxh7rxa2w4U5sB+M=",
	})
	require.NoError(t, p.Verify(r))
	r.Body = []byte(`{"event":"x","n":2}`)
	require.ErrorIs(t, p.Verify(r), source.ErrSignature)
}

func TestGenericSchemes(t *testing.T) {
	std := func(key string) string {
		return base64.StdEncoding.EncodeToString(mac(key, "msg_1.1795464416."+vector))
	}
	plain := func(key string) string { return hex.EncodeToString(mac(key, vector)) }
	standard := func(signature string) map[string]string {
		return map[string]string{"webhook-id": "msg_1", "webhook-timestamp": "1795464416", "webhook-signature": signature}
	}
	with := func(header map[string]string, name, value string) map[string]string {
		header[name] = value
		return header
	}
	unprefixed := strings.TrimPrefix(whsec, "whsec_")
	tests := map[string]struct {
		secret string
		header map[string]string
		ok     bool
	}{
		"several signatures":                         {whsec, standard("v1a,abc v1,AAAA v1," + std(whsecKey)), true},
		"other versions only":                        {whsec, standard("v1a," + std(whsecKey) + " v2," + std(whsecKey)), false},
		"plain secret, Standard Webhooks":            {plainWord, standard("v1," + std(plainWord)), true},
		"unprefixed base64 secret, decoded":          {unprefixed, standard("v1," + std(whsecKey)), true},
		"unprefixed base64 secret, as written":       {unprefixed, standard("v1," + std(unprefixed)), true},
		"timestamp that is no number":                {whsec, with(standard("v1,"+std(whsecKey)), "webhook-timestamp", "yesterday"), false},
		"timestamp without signature":                {whsec, map[string]string{"webhook-timestamp": "1795464416", "webhook-id": "a"}, false},
		"plain HMAC":                                 {plainWord, map[string]string{"X-Signature-256": "sha256=" + plain(plainWord)}, true},
		"plain HMAC in capitals":                     {plainWord, map[string]string{"X-Signature-256": "sha256=" + strings.ToUpper(plain(plainWord))}, true},
		"plain HMAC, whsec secret as written":        {whsec, map[string]string{"X-Signature-256": "sha256=" + plain(whsec)}, true},
		"plain HMAC, whsec secret decoded":           {whsec, map[string]string{"X-Signature-256": "sha256=" + plain(whsecKey)}, true},
		"plain HMAC without prefix":                  {plainWord, map[string]string{"X-Signature-256": plain(plainWord)}, false},
		"plain HMAC cut short":                       {plainWord, map[string]string{"X-Signature-256": "sha256=" + plain(plainWord)[:62]}, false},
		"plain HMAC that is no hex":                  {plainWord, map[string]string{"X-Signature-256": "sha256=zz"}, false},
		"plain HMAC, wrong":                          {plainWord, map[string]string{"X-Signature-256": "sha256=" + plain(whsecKey)}, false},
		"bearer":                                     {plainWord, map[string]string{"Authorization": "Bearer " + plainWord}, true},
		"bearer in lower case":                       {plainWord, map[string]string{"Authorization": "bearer " + plainWord}, true},
		"bearer, whsec secret":                       {whsec, map[string]string{"Authorization": "Bearer " + whsec}, true},
		"bearer, whsec secret decoded":               {whsec, map[string]string{"Authorization": "Bearer " + whsecKey}, false},
		"bearer, wrong":                              {plainWord, map[string]string{"Authorization": "Bearer " + plainWord + "!"}, false},
		"basic":                                      {plainWord, map[string]string{"Authorization": "Basic " + plainWord}, false},
		"a failing Standard signature beats bearer":  {plainWord, with(standard("v1,AAAA"), "Authorization", "Bearer "+plainWord), false},
		"a failing Standard signature beats HMAC":    {plainWord, with(standard("v1,AAAA"), "X-Signature-256", "sha256="+plain(plainWord)), false},
		"a failing plain HMAC beats bearer":          {plainWord, map[string]string{"X-Signature-256": "sha256=00", "Authorization": "Bearer " + plainWord}, false},
		"a good Standard signature ignores the rest": {plainWord, with(standard("v1,"+std(plainWord)), "Authorization", "Basic x"), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := build(t, config.Source{Provider: "generic", Secret: tt.secret})
			err := p.Verify(jsonRequest(vector, tt.header))
			if tt.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, source.ErrSignature)
		})
	}
}

func TestMalformedGenericSecretsAreRefused(t *testing.T) {
	encode := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, key := range []string{"", "%%%", encode(23)[len("whsec_"):], encode(65)[len("whsec_"):]} {
		_, err := source.New(config.Source{Provider: "generic", Secret: "whsec_" + key})
		require.EqualError(t, err, "secret: after whsec_ there must be the base64 of 24 to 64 bytes")
	}
	for _, secret := range []string{encode(24), encode(64), strings.Repeat("x", 16)} {
		build(t, config.Source{Provider: "generic", Secret: secret})
	}
}

func TestGenericSendsNoCredentials(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Secret: plainWord})
	require.Empty(t, p.Authorisation(&url.URL{Scheme: "https", Host: "media.example.com"}))
	_, err := source.New(config.Source{Provider: "generic", Secret: plainWord, Credentials: config.Credentials{Token: "hush"}})
	require.ErrorContains(t, err, "credentials: ")
	require.NotContains(t, err.Error(), "hush")
}

func TestCloudEventsOfTheSDKAreRead(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	e := cloudevents.New()
	e.SetID("e1")
	e.SetSource("/pbx")
	e.SetType("com.example.recording.ready")
	e.SetTime(now())
	e.SetExtension("tenant", "acme")
	call := map[string]string{"id": "call-1", "recordingUrl": "https://a.example/1.wav"}
	require.NoError(t, e.SetData("application/json", call))
	for _, base64 := range []bool{false, true} {
		e.DataBase64 = base64
		body, err := e.MarshalJSON()
		require.NoError(t, err)
		got, err := p.Normalise(jsonRequest(string(body), map[string]string{"Content-Type": "application/cloudevents+json"}))
		require.NoError(t, err)
		require.Equal(t, "call-1", got.Recordings[0].ID)
		require.Equal(t, "https://a.example/1.wav", got.Recordings[0].MediaURL)
	}
}

func TestComposedTranscriptsReadTheSame(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Secret: plainWord})
	said := []events.Utterance{{Speaker: "Agent", Text: "Hello", Start: 0, End: 1.5}, {Text: "Hi", Start: 2, End: 3}}
	r, err := p.Compose(source.Outline{ID: "a", Transcript: said, Agent: "Ana"}, &url.URL{}, now())
	require.NoError(t, err)
	require.NoError(t, p.Verify(r))
	got, err := p.Normalise(r)
	require.NoError(t, err)
	require.Equal(t, said, got.Recordings[0].Transcript)
	require.Equal(t, "Ana", got.Recordings[0].Agent)
}

func TestTranscriptsAreLimited(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	transcript := func(n int) string {
		return `{"id":"a","transcript":[` + strings.TrimSuffix(strings.Repeat(`{"text":"a"},`, n), ",") + `]}`
	}
	got, err := p.Normalise(jsonRequest(transcript(100_000), nil))
	require.NoError(t, err)
	require.Len(t, got.Recordings[0].Transcript, 100_000)
	_, err = p.Normalise(jsonRequest(transcript(100_001), nil))
	require.EqualError(t, err, "transcript: holds more than 100000 utterances")
}
