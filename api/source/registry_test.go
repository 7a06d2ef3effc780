package source_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

func TestAnUnknownProviderIsAnsweredWithTheKnownOnes(t *testing.T) {
	_, err := source.New(config.Source{Provider: "fax", Secret: plainWord})
	require.EqualError(t, err, `provider: "fax" is none of `+strings.Join(source.Providers(), ", "))
}

func TestQueryLabelsAreTheNamedParametersThatHaveAValue(t *testing.T) {
	u, err := url.Parse("https://a.example/?agent=Ana%0A+M&agent=Bo&team=&long=" + strings.Repeat("%C3%A9", 200) + "&other=1&bad=%zz")
	require.NoError(t, err)
	got := source.QueryLabels([]string{"agent", "team", "long", "absent"}, u)
	require.Equal(t, map[string]string{"agent": "Ana  M", "long": strings.Repeat("é", 128)}, got)
	require.Nil(t, source.QueryLabels(nil, u))
}

func TestAPayloadErrorNamesItsField(t *testing.T) {
	require.EqualError(t, &source.PayloadError{Field: "id", Reason: "is required"}, "id: is required")
	require.EqualError(t, &source.PayloadError{Reason: "the body is not JSON"}, "the body is not JSON")
}

func TestAFileOfSecretsHoldsOneOnEachLine(t *testing.T) {
	k := kits()["twilio"]
	p := build(t, config.Source{Provider: "twilio", Secret: k.other + "\n" + k.secret})
	for _, secret := range []string{k.secret, k.other} {
		r := source.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: "calls.example.com", Path: "/hook"}, Header: http.Header{}, Body: []byte("a=b"), ReceivedAt: now()}
		k.sign(&r, secret, now())
		require.NoError(t, p.Verify(r))
	}
	_, err := source.New(config.Source{Provider: "vonage", Secret: "short\n" + k.secret})
	require.ErrorContains(t, err, "secret: ")
}
