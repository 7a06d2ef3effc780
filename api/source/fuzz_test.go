package source_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

// fuzzNormalise holds what requireSane holds, and that an error says nothing of
// the secret.
func fuzzNormalise(f *testing.F, provider string) {
	f.Helper()
	k := kits()[provider]
	p := build(f, config.Source{Provider: provider, Secret: k.secret})
	for _, s := range samples(f, provider) {
		f.Add(s.bytes(), s.ContentType)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		header := http.Header{"Content-Type": {contentType}}
		got, err := p.Normalise(source.Request{Method: http.MethodPost, URL: &url.URL{}, Header: header, Body: body, ReceivedAt: now()})
		requireSane(t, got, err)
		if err != nil {
			requireNoLeak(t, err, k, sample{})
		}
	})
}

// fuzzVerify holds that nothing verifies which its secret did not sign.
func fuzzVerify(f *testing.F, provider string, k kit, headers ...string) {
	f.Helper()
	p := build(f, config.Source{Provider: provider, Secret: k.secret})
	f.Add([]byte("a=b"), "/hook?bodySHA256=1", "a", "b", "c")
	for _, s := range samples(f, provider) {
		forged := source.Request{Method: http.MethodPost, URL: &url.URL{Path: "/hook"}, Header: http.Header{}, Body: s.bytes(), ReceivedAt: now()}
		k.sign(&forged, k.other, now())
		given := []string{"", "", ""}
		for i, name := range headers {
			given[i] = forged.Header.Get(name)
		}
		f.Add(forged.Body, forged.URL.String(), given[0], given[1], given[2])
	}
	f.Fuzz(func(t *testing.T, body []byte, address, first, second, third string) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		r := source.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: body, ReceivedAt: now()}
		for i, value := range []string{first, second, third}[:len(headers)] {
			r.Header.Set(headers[i], value)
		}
		err = p.Verify(r)
		require.ErrorIs(t, err, source.ErrSignature)
		requireNoLeak(t, err, k, sample{})
	})
}

func FuzzGenericNormalise(f *testing.F) { fuzzNormalise(f, "generic") }

func FuzzTwilioNormalise(f *testing.F) { fuzzNormalise(f, "twilio") }

func FuzzGenericStandardVerify(f *testing.F) {
	fuzzVerify(f, "generic", genericKit(), "webhook-id", "webhook-timestamp", "webhook-signature")
}

func FuzzGenericVerify(f *testing.F) {
	fuzzVerify(f, "generic", genericKit(), "X-Signature-256", "Authorization")
}

func FuzzTwilioVerify(f *testing.F) { fuzzVerify(f, "twilio", twilioKit(), "X-Twilio-Signature") }

func FuzzParseTranscript(f *testing.F) {
	f.Add([]byte(cues("Ana: Hello", "Bo: Hi")))
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>Hello <v Bo>Hi\n"))
	f.Add([]byte(`[{"speaker":"Ana","text":"Hello","start":0,"end":1}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := source.ParseTranscript(data)
		if err != nil {
			return
		}
		require.NotEmpty(t, got)
		requireUtterances(t, got)
	})
}

func FuzzZoomNormalise(f *testing.F) { fuzzNormalise(f, "zoom") }

func FuzzZoomVerify(f *testing.F) {
	fuzzVerify(f, "zoom", zoomKit(), "X-Zm-Signature", "X-Zm-Request-Timestamp")
}

func FuzzVonageNormalise(f *testing.F) { fuzzNormalise(f, "vonage") }

func FuzzVonageVerify(f *testing.F) { fuzzVerify(f, "vonage", vonageKit(), "Authorization") }

func FuzzTelnyxNormalise(f *testing.F) { fuzzNormalise(f, "telnyx") }

func FuzzTelnyxVerify(f *testing.F) {
	fuzzVerify(f, "telnyx", telnyxKit(), "Telnyx-Signature-Ed25519", "Telnyx-Timestamp")
}

func FuzzAircallNormalise(f *testing.F) { fuzzNormalise(f, "aircall") }

func FuzzAircallVerify(f *testing.F) { fuzzVerify(f, "aircall", aircallKit()) }

func FuzzDialpadNormalise(f *testing.F) { fuzzNormalise(f, "dialpad") }

func FuzzDialpadVerify(f *testing.F) { fuzzVerify(f, "dialpad", dialpadKit()) }

func FuzzPlivoNormalise(f *testing.F) { fuzzNormalise(f, "plivo") }

func FuzzPlivoVerify(f *testing.F) {
	fuzzVerify(f, "plivo", plivoKit(), "X-Plivo-Signature-V3", "X-Plivo-Signature-V3-Nonce")
}

func FuzzEventBridgeNormalise(f *testing.F) { fuzzNormalise(f, "eventbridge") }

func FuzzEventBridgeVerify(f *testing.F) {
	fuzzVerify(f, "eventbridge", eventbridgeKit(), "Authorization", "X-Api-Key", "X-Amz-Sns-Message-Type")
}

func FuzzRingCentralNormalise(f *testing.F) { fuzzNormalise(f, "ringcentral") }

func FuzzRingCentralVerify(f *testing.F) {
	fuzzVerify(f, "ringcentral", ringcentralKit(), "Verification-Token")
}

// FuzzSNS sends messages as Amazon SNS does, with a certificate that did not
// sign them: only Amazon is asked for certificates and confirmations, and nothing
// verifies.
func FuzzSNS(f *testing.F) {
	signer, other := newSNSSigner(f), newSNSSigner(f)
	m, text := snsNotification("2")
	good := signer.request(f, m, text)
	f.Add(good.Body, other.certificate, "Notification")
	f.Add([]byte(`{"Type":"SubscriptionConfirmation","TopicArn":"`+topic+`","SubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription","SignatureVersion":"1"}`),
		signer.certificate, "SubscriptionConfirmation")
	f.Add([]byte(`{"Type":"Notification","TopicArn":"`+topic+`","Message":"{\"detail\":[]}","SigningCertURL":"`+certURL+`"}`), []byte("-----BEGIN"), "UnsubscribeConfirmation")
	p := build(f, config.Source{Provider: "eventbridge", Secret: topic})
	f.Fuzz(func(t *testing.T, body, certificate []byte, kind string) {
		header := http.Header{"X-Amz-Sns-Message-Type": {kind}, "Content-Type": {"text/plain"}}
		r := source.Request{Method: http.MethodPost, URL: &url.URL{}, Header: header, Body: body, ReceivedAt: now(), Certificate: certificate}
		require.ErrorIs(t, p.Verify(r), source.ErrSignature)
		got, err := p.Normalise(r)
		requireSane(t, got, err)
		for _, address := range []string{source.CertificateURL(p, r), got.Visit} {
			if address == "" {
				continue
			}
			u, err := url.Parse(address)
			require.NoError(t, err)
			require.Equal(t, "https", u.Scheme)
			require.Regexp(t, `^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`, u.Hostname())
		}
	})
}
