package source_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// kit is what the conformance suite must know of a provider: two secrets that
// are good enough and how a request is signed, written without our own code.
type kit struct {
	secret, other string
	short         string // a secret that must be refused
	sign          func(r *source.Request, secret string, at time.Time)
	tamper        func(*source.Request) // spoils the signature that sign set
	stale         time.Duration         // age at which a signature no longer counts; 0: the scheme has no time
	bodyFree      bool                  // the signature does not cover the body
	timeInBody    bool                  // the time that is checked is a field of the body
	unlike        func(*source.Outline) // forgets what the provider's webhook does not carry
}

func kits() map[string]kit {
	return map[string]kit{
		"generic": genericKit(), "twilio": twilioKit(), "signalwire": signalwireKit(), "zoom": zoomKit(),
		"vonage": vonageKit(), "telnyx": telnyxKit(), "aircall": aircallKit(), "dialpad": dialpadKit(), "plivo": plivoKit(),
		"eventbridge": eventbridgeKit(), "ringcentral": ringcentralKit(),
	}
}

// tamperHeader spoils a header.
func tamperHeader(name string) func(*source.Request) {
	return func(r *source.Request) {
		value := r.Header.Get(name)
		first := "A"
		if value[:1] == first {
			first = "B"
		}
		r.Header.Set(name, first+value[1:])
	}
}

// sample is one delivery of testdata/<provider>/*.json and what must come of it.
type sample struct {
	Name        string            `json:"name"`
	ContentType string            `json:"contentType"`
	Body        json.RawMessage   `json:"body"` // of the four, one is set
	Raw         string            `json:"raw"`
	Form        map[string]string `json:"form"`
	Want        struct {
		Recordings []events.Recording `json:"recordings"`
		Unusable   string             `json:"unusable"` // the field that one of several lacks
		Ignored    string             `json:"ignored"`
		Status     int                `json:"status"`
		Field      string             `json:"field"`
	} `json:"want"`
}

func (s sample) bytes() []byte {
	switch {
	case s.Form != nil:
		form := url.Values{}
		for name, value := range s.Form {
			form.Set(name, value)
		}
		return []byte(form.Encode())
	case s.Body != nil:
		return s.Body
	}
	return []byte(s.Raw)
}

func (s sample) request(t *testing.T, at time.Time) source.Request {
	t.Helper()
	u, err := url.Parse("https://bridge.example.com/webhooks/support?agent=ana&x=%2Fa")
	require.NoError(t, err)
	r := source.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: s.bytes(), ReceivedAt: at}
	if s.ContentType != "" {
		r.Header.Set("Content-Type", s.ContentType)
	}
	return r
}

func samples(tb testing.TB, provider string) []sample {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", provider, "*.json"))
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	var all []sample
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(tb, err)
		var some []sample
		require.NoError(tb, json.Unmarshal(data, &some), file)
		all = append(all, some...)
	}
	return all
}

func goodSample(t *testing.T, provider string) sample {
	t.Helper()
	for _, s := range samples(t, provider) {
		if s.Name == "good" {
			return s
		}
	}
	require.Fail(t, "no sample is named good")
	return sample{}
}

func build(tb testing.TB, s config.Source) source.Provider {
	tb.Helper()
	p, err := source.New(s)
	require.NoError(tb, err)
	return p
}

func now() time.Time { return time.Unix(1795464416, 0).UTC() }

func TestEveryProviderConforms(t *testing.T) {
	for _, provider := range source.Providers() {
		k, ok := kits()[provider]
		require.True(t, ok, "the conformance suite has no kit for %s", provider)
		t.Run(provider, func(t *testing.T) {
			t.Run("deliveries become what their samples say", func(t *testing.T) { suiteSamples(t, provider, k) })
			t.Run("signatures", func(t *testing.T) { suiteSignatures(t, provider, k) })
			t.Run("secrets", func(t *testing.T) { suiteSecrets(t, provider, k) })
			t.Run("hostile values do no harm", func(t *testing.T) { suiteHostile(t, provider, k) })
			t.Run("a composed webhook verifies and reads the same", func(t *testing.T) { suiteCompose(t, provider, k) })
		})
	}
}

func suiteSamples(t *testing.T, provider string, k kit) {
	t.Helper()
	p := build(t, config.Source{Provider: provider, Secret: k.secret})
	for _, s := range samples(t, provider) {
		t.Run(s.Name, func(t *testing.T) {
			r := s.request(t, now())
			k.sign(&r, k.secret, now())
			if s.Want.Status == 0 || s.Want.Status == http.StatusUnprocessableEntity && !k.timeInBody {
				require.NoError(t, p.Verify(r))
				require.NoError(t, p.Verify(r), "a repetition is left to deduplication")
			}
			got, err := p.Normalise(r)
			if s.Want.Status != 0 {
				var refused *source.PayloadError
				require.ErrorAs(t, err, &refused)
				require.Equal(t, s.Want.Status, refused.Status, refused.Error())
				require.Equal(t, s.Want.Field, refused.Field, refused.Error())
				requireNoLeak(t, err, k, s)
				return
			}
			require.NoError(t, err)
			require.Equal(t, s.Want.Ignored, got.Ignored)
			require.Empty(t, cmp.Diff(s.Want.Recordings, got.Recordings))
			if s.Want.Unusable == "" {
				require.NoError(t, got.Unusable)
				return
			}
			var lacks *source.PayloadError
			require.ErrorAs(t, got.Unusable, &lacks)
			require.Equal(t, s.Want.Unusable, lacks.Field)
		})
	}
}

func suiteSignatures(t *testing.T, provider string, k kit) {
	t.Helper()
	s := goodSample(t, provider)
	signed := func(secret string, at time.Time) source.Request {
		r := s.request(t, now())
		k.sign(&r, secret, at)
		return r
	}
	one := config.Source{Provider: provider, Secret: k.secret}
	two := config.Source{Provider: provider, Secrets: []string{k.other, k.secret}}
	tests := map[string]struct {
		source  config.Source
		request source.Request
		spoil   func(*source.Request)
		ok      bool
	}{
		"good":                      {one, signed(k.secret, now()), nil, true},
		"old secret while rotating": {two, signed(k.other, now()), nil, true},
		"new secret while rotating": {two, signed(k.secret, now()), nil, true},
		"wrong secret":              {one, signed(k.other, now()), nil, false},
		"tampered body": {one, signed(k.secret, now()), func(r *source.Request) {
			r.Body = append([]byte(nil), r.Body...)
			r.Body[len(r.Body)/2] ^= 1
		}, k.bodyFree},
		"tampered signature": {one, signed(k.secret, now()), k.tamper, false},
		"no signature":       {one, s.request(t, now()), nil, false},
		"empty body": {one, signed(k.secret, now()), func(r *source.Request) { r.Body = nil },
			k.bodyFree && len(signed(k.secret, now()).Header) > 1},
	}
	if k.stale > 0 {
		late := tests["good"]
		late.request, late.ok = signed(k.secret, now().Add(-k.stale-time.Second)), false
		tests["stale"] = late
		late.request = signed(k.secret, now().Add(k.stale+time.Second))
		tests["from the future"] = late
		late.request, late.ok = signed(k.secret, now().Add(-k.stale)), true
		tests["just in time"] = late
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.spoil != nil {
				tt.spoil(&tt.request)
			}
			err := build(t, tt.source).Verify(tt.request)
			if tt.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, source.ErrSignature)
			requireNoLeak(t, err, k, s)
		})
	}
}

func suiteSecrets(t *testing.T, provider string, k kit) {
	t.Helper()
	for name, tt := range map[string]struct {
		source config.Source
		key    string
	}{
		"too short":              {config.Source{Secret: k.short}, "secret: "},
		"too short in a list":    {config.Source{Secrets: []string{k.secret, k.short}}, "secrets[1]: "},
		"too short and insecure": {config.Source{Secret: k.short, Insecure: true}, "secret: "},
		"none":                   {config.Source{}, "secret: "},
	} {
		t.Run(name, func(t *testing.T) {
			tt.source.Provider = provider
			_, err := source.New(tt.source)
			require.ErrorContains(t, err, tt.key)
			require.True(t, strings.HasPrefix(err.Error(), tt.key), err.Error())
			require.NotContains(t, err.Error(), k.short)
		})
	}
	t.Run("none and insecure takes unsigned deliveries", func(t *testing.T) {
		p := build(t, config.Source{Provider: provider, Insecure: true})
		require.NoError(t, p.Verify(goodSample(t, provider).request(t, now())))
	})
	t.Run("insecure with a secret still verifies", func(t *testing.T) {
		p := build(t, config.Source{Provider: provider, Insecure: true, Secret: k.secret})
		require.ErrorIs(t, p.Verify(goodSample(t, provider).request(t, now())), source.ErrSignature)
	})
}

func suiteCompose(t *testing.T, provider string, k kit) {
	t.Helper()
	s := goodSample(t, provider)
	o := source.Outline{
		ID: "demo-1", RecordingURL: "https://media.example.com/demo-1.wav", From: "+14155552671", To: "1001",
		Direction: "inbound", StartedAt: now(), Seconds: 94,
	}
	for _, src := range []config.Source{
		{Provider: provider, Secrets: []string{k.other, k.secret}}, {Provider: provider, Insecure: true},
	} {
		p := build(t, src)
		r, err := p.Compose(o, s.request(t, now()).URL, now())
		require.NoError(t, err)
		require.NoError(t, p.Verify(r))
		if !src.Insecure {
			require.NoError(t, build(t, config.Source{Provider: provider, Secret: k.secret}).Verify(r), "signed with the newest secret")
		}
		got, err := p.Normalise(r)
		require.NoError(t, err)
		require.Len(t, got.Recordings, 1)
		rec := got.Recordings[0]
		read := source.Outline{
			ID: rec.ID, RecordingURL: rec.MediaURL, From: rec.From, To: rec.To,
			Direction: rec.Direction, StartedAt: rec.StartedAt, Seconds: rec.Seconds,
		}
		want := o
		if k.unlike != nil {
			k.unlike(&want)
			k.unlike(&read)
		}
		require.Equal(t, want, read)
	}
	p := build(t, config.Source{Provider: provider, Secret: k.secret})
	for _, bad := range []source.Outline{{}, {ID: "a"}, {RecordingURL: o.RecordingURL}} {
		_, err := p.Compose(bad, s.request(t, now()).URL, now())
		require.Error(t, err)
	}
}
