package source_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	authToken  = "12345678901234567890123456789012"
	twilioHook = "https://bridge.example.com/hooks/twilio?tenant=acme"
)

func twilioKit() kit {
	return kit{
		secret: authToken, other: "another auth token 1234567890", short: "fifteen bytes!!",
		sign: func(r *source.Request, secret string, _ time.Time) {
			message := ""
			if strings.Contains(r.Header.Get("Content-Type"), "json") {
				sum := sha256.Sum256(r.Body)
				u := *r.URL
				u.RawQuery += "&bodySHA256=" + hex.EncodeToString(sum[:])
				r.URL = &u
			} else if form, err := url.ParseQuery(string(r.Body)); err == nil {
				var pairs []string
				for name, values := range form {
					pairs = append(pairs, name+values[0])
				}
				slices.Sort(pairs)
				message = strings.Join(pairs, "")
			}
			m := hmac.New(sha1.New, []byte(secret))
			m.Write([]byte(r.URL.String() + message))
			r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(m.Sum(nil)))
		},
		tamper: tamperHeader("X-Twilio-Signature"),
	}
}

// signalwireKit signs forms as Twilio does, and JSON in hex over URL and body.
func signalwireKit() kit {
	k := twilioKit()
	form := k.sign
	k.sign = func(r *source.Request, secret string, at time.Time) {
		form(r, secret, at)
		r.Header.Set("X-SignalWire-Signature", r.Header.Get("X-Twilio-Signature"))
		r.Header.Del("X-Twilio-Signature")
		if strings.Contains(r.Header.Get("Content-Type"), "json") {
			m := hmac.New(sha1.New, []byte(secret))
			m.Write([]byte(r.URL.String() + string(r.Body)))
			r.Header.Set("X-SignalWire-Signature", hex.EncodeToString(m.Sum(nil)))
		}
	}
	k.tamper = tamperHeader("X-SignalWire-Signature")
	return k
}

func twilioRequest(t *testing.T, address, contentType, body, signature string) source.Request {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	r := source.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: []byte(body), ReceivedAt: now()}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Twilio-Signature", signature)
	return r
}

func TestTwilioVectorsOfTheNodeLibraryVerify(t *testing.T) {
	p := build(t, config.Source{Provider: "twilio", Secret: authToken})
	form := url.Values{
		"AccountSid": {"AC" + strings.Repeat("0", 32)}, "CallSid": {"CA" + strings.Repeat("1", 32)}, "RecordingSid": {"RE" + strings.Repeat("2", 32)},
		"RecordingUrl":    {"https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE2"},
		"RecordingStatus": {"completed"}, "RecordingDuration": {"94"}, "RecordingChannels": {"2"}, "RecordingSource": {"DialVerb"},
	}.Encode()
	const formType = "application/x-www-form-urlencoded"
	const signature = "RcIXLbshdp0YehWYdISnphb3L9c="
	require.NoError(t, p.Verify(twilioRequest(t, twilioHook, formType, form, signature)))
	port := strings.Replace(twilioHook, ".com/", ".com:443/", 1)
	require.NoError(t, p.Verify(twilioRequest(t, port, formType, form, signature)), "Twilio signs with and without the port")
	for _, address := range []string{
		strings.Replace(twilioHook, "https", "http", 1), twilioHook + "&x=1", strings.Replace(twilioHook, "bridge", "internal", 1),
	} {
		require.ErrorIs(t, p.Verify(twilioRequest(t, address, formType, form, signature)), source.ErrSignature, address)
	}

	digest := twilioHook + "&bodySHA256=27ebfe91a318dc07829eec267640f3751e9a3cdc12079c47803ad76b3404b82e"
	const jsonSignature = "cO78tOHdU2aSRPOQoqbY45/CiJo="
	require.NoError(t, p.Verify(twilioRequest(t, digest, "application/json", vector, jsonSignature)))
	require.ErrorIs(t, p.Verify(twilioRequest(t, digest, "application/json", vector+" ", jsonSignature)), source.ErrSignature)
}

// FuzzTwilioSignaturesAreJudgedAsByTwiliosLibrary signs one URL and sends
// another, which differ in the port or not at all.
func FuzzTwilioSignaturesAreJudgedAsByTwiliosLibrary(f *testing.F) {
	for _, address := range []string{
		twilioHook, "https://bridge.example.com:443/hooks/twilio", "http://bridge.example.com/hooks", "http://bridge.example.com:80/hooks?a=b&a=c",
		"https://bridge.example.com:8443/hooks/twilio?line=1", "http://bridge.example.com:443/", "https://bridge.example.com", twilioHook + "&bodySHA256=00",
	} {
		for _, body := range []string{"RecordingSid=RE2&To=%2B15005550006", "b=1&a=2&b=3", "a=1;b=2", "", "%zz", `{"a":"b"}`} {
			for port := range 4 {
				f.Add(address, body, port)
			}
		}
	}
	validator := client.NewRequestValidator(authToken)
	f.Fuzz(func(t *testing.T, address, body string, port int) {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || strings.ContainsAny(u.Host, "[@") || strings.HasSuffix(u.Host, ":") {
			t.Skip("the library makes nothing sensible of such a host")
		}
		signed := *u
		signed.Host = []string{u.Host, u.Hostname(), u.Hostname() + ":443", u.Hostname() + ":80"}[uint(port)%4]
		r := twilioRequest(t, signed.String(), "application/x-www-form-urlencoded", body, "")
		twilioKit().sign(&r, authToken, now())
		r.URL = u
		p := build(t, config.Source{Provider: "twilio", Secret: authToken})
		want := validator.ValidateBody(u.String(), r.Body, r.Header.Get("X-Twilio-Signature"))
		require.Equal(t, want, p.Verify(r) == nil)
	})
}

func TestTwilioCredentialsGoToTwilioOnly(t *testing.T) {
	credentials := config.Credentials{Username: "SK1", Password: "hush"}
	p := build(t, config.Source{Provider: "twilio", Secret: authToken, Credentials: credentials})
	for address, ok := range map[string]bool{
		"https://api.twilio.com/2010-04-01/x.wav":   true,
		"https://API.Twilio.com:443/x":              true,
		"https://api.dublin.ie1.twilio.com/x":       true,
		"http://api.twilio.com/x":                   false,
		"https://api.twilio.com:8443/x":             false,
		"https://api.twilio.com./x":                 false,
		"https://api.twilio.com.evil.example/x":     false,
		"https://evil.example/api.twilio.com":       false,
		"https://evil.example#api.twilio.com":       false,
		"https://eviltwilio.com/x":                  false,
		"https://api.twilio.com@evil.example/x":     false,
		"https://user@api.twilio.com/x":             false,
		"https://api.ie1.twilio.com/x":              false,
		"https://api..ie1.twilio.com/x":             false,
		"https://a.api.dublin.ie1.twilio.com/x":     false,
		"https://media.twilio.com/x":                false,
		"https://twilio.com/x":                      false,
		"https://.twilio.com/x":                     false,
		"https://bucket.s3.amazonaws.com/x?sig=abc": false,
		"ftp://api.twilio.com/x":                    false,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		want := ""
		if ok {
			want = "Basic " + base64.StdEncoding.EncodeToString([]byte("SK1:hush"))
		}
		require.Equal(t, want, p.Authorisation(u), address)
	}
	none := build(t, config.Source{Provider: "twilio", Secret: authToken})
	require.Empty(t, none.Authorisation(&url.URL{Scheme: "https", Host: "api.twilio.com"}))
}

func TestTwilioNeedsNoCredentialsButItsAuthToken(t *testing.T) {
	const account = "AC0123456789abcdef0123456789abcdef"
	p := build(t, config.Source{Provider: "twilio", Secrets: []string{"an older token, going", authToken}})
	own := "Basic " + base64.StdEncoding.EncodeToString([]byte(account+":"+authToken))
	for address, want := range map[string]string{
		"https://api.twilio.com/2010-04-01/Accounts/" + account + "/Recordings/RE1.wav":              own,
		"https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/" + account + "/Recordings/RE1":       own,
		"https://api.twilio.com/2010-04-01/Accounts/" + account:                                      "",
		"https://api.twilio.com/x/2010-04-01/Accounts/" + account + "/Recordings/RE1":                "",
		"http://api.twilio.com/2010-04-01/Accounts/" + account + "/Recordings/RE1":                   "",
		"https://evil.example/2010-04-01/Accounts/" + account + "/Recordings/RE1":                    "",
		"https://evil.example/?x=https://api.twilio.com/2010-04-01/Accounts/" + account + "/Recordi": "",
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want, p.Authorisation(u), address)
	}
	other := build(t, config.Source{Provider: "signalwire", Secret: authToken})
	require.Empty(t, other.Authorisation(&url.URL{Scheme: "https", Host: "acme.signalwire.com", Path: "/2010-04-01/Accounts/" + account + "/Recordings/RE1"}))
}

func TestHalfCredentialsAreRefused(t *testing.T) {
	for key, credentials := range map[string]config.Credentials{
		"credentials: ":       {Username: "hush"},
		"credentials: user":   {Password: "hush"},
		"credentials.token: ": {Token: "hush"},
	} {
		_, err := source.New(config.Source{Provider: "twilio", Secret: authToken, Credentials: credentials})
		require.ErrorContains(t, err, key)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestSignalWireCredentialsGoToSpacesOnly(t *testing.T) {
	p := build(t, config.Source{Provider: "signalwire", Secret: authToken, Credentials: config.Credentials{Username: "p", Password: "hush"}})
	for address, ok := range map[string]bool{
		"https://acme.signalwire.com/x.wav":         true,
		"https://acme.signalwire.com:443/x.wav":     true,
		"https://acme.signalwire.com:444/x.wav":     false,
		"http://acme.signalwire.com/x.wav":          false,
		"https://signalwire.com/x.wav":              false,
		"https://.signalwire.com/x.wav":             false,
		"https://acmesignalwire.com/x.wav":          false,
		"https://acme.signalwire.com.evil.example/": false,
		"https://api.twilio.com/x.wav":              false,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, ok, p.Authorisation(u) != "", address)
	}
}

func TestSignalWireTakesTheAliasOfItsHeader(t *testing.T) {
	p := build(t, config.Source{Provider: "signalwire", Secret: authToken})
	s := goodSample(t, "signalwire")
	r := s.request(t, now())
	twilioKit().sign(&r, authToken, now())
	require.NoError(t, p.Verify(r))
}

func TestTwilioSendsNoTranscripts(t *testing.T) {
	p := build(t, config.Source{Provider: "twilio", Secret: authToken})
	_, err := p.Compose(source.Outline{ID: "a", Transcript: []events.Utterance{{Text: "x"}}}, &url.URL{}, now())
	require.ErrorContains(t, err, "recordings only")
}

func TestTheFirstOfARepeatedParameterCounts(t *testing.T) {
	k := twilioKit()
	p := build(t, config.Source{Provider: "twilio", Secret: authToken})
	r := twilioRequest(t, twilioHook, "application/x-www-form-urlencoded",
		"RecordingSid=RE1&RecordingSid=RE2&RecordingStatus=completed&RecordingStatus=failed&RecordingUrl=https%3A%2F%2Fa.example%2F1", "")
	k.sign(&r, authToken, now())
	require.NoError(t, p.Verify(r))
	got, err := p.Normalise(r)
	require.NoError(t, err)
	require.Equal(t, "RE1", got.Recordings[0].ID)
}

// Names and values are signed without anything between them: who has one webhook can
// cut it elsewhere, and has the signature for it.
func TestAWebhookThatIsCutElsewhereIsNoOtherRecording(t *testing.T) {
	k := twilioKit()
	p := build(t, config.Source{Provider: "twilio", Secret: authToken})
	sent := url.Values{
		"RecordingSid": {"RE" + strings.Repeat("2", 32)}, "RecordingSource": {"DialVerb"}, "RecordingStatus": {"completed"}, "RecordingUrl": {"https://a.example/1"},
	}
	const formType = "application/x-www-form-urlencoded"
	r := twilioRequest(t, twilioHook, formType, sent.Encode(), "")
	k.sign(&r, authToken, now())
	require.NoError(t, p.Verify(r))

	sent.Set("RecordingSid", sent.Get("RecordingSid")+"RecordingSourceDialVerb")
	sent.Del("RecordingSource")
	cut := twilioRequest(t, twilioHook, formType, sent.Encode(), r.Header.Get("X-Twilio-Signature"))
	require.NoError(t, p.Verify(cut), "Twilio's scheme cannot tell")
	_, err := p.Normalise(cut)
	require.ErrorContains(t, err, "RecordingSid")
}
