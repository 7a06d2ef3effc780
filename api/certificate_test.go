package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// certified is a provider whose requests name a certificate.
type certified struct {
	provider
	url string
}

func (c *certified) CertificateURL(source.Request) string { return c.url }

// documents are what a source.Client finds, by URL, and which were asked for.
type documents struct {
	found map[string]string
	asked []string
}

func (d *documents) Get(_ context.Context, raw string, _ safehttp.Authorise, _ string) (*http.Response, error) {
	d.asked = append(d.asked, raw)
	body, ok := d.found[raw]
	status := http.StatusOK
	if !ok {
		status = http.StatusForbidden
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (*documents) PostForm(context.Context, string, string, url.Values) (*http.Response, error) {
	return nil, io.ErrUnexpectedEOF
}

func newCertified(t *testing.T, p source.Provider, web source.Client) http.Handler {
	t.Helper()
	h, err := api.NewPublic(api.PublicConfig{MaxBody: maxBody, MaxMedia: maxMedia}, api.PublicDeps{
		Sources: map[string]api.Source{"calls": {Provider: p}}, Intake: &intake{}, Web: web,
		Registry: prometheus.NewRegistry(), Log: zap.NewNop(),
	})
	require.NoError(t, err)
	return h
}

func TestCertificatesAreFetchedOnceAndBeforeTheSignatureIsChecked(t *testing.T) {
	var seen []string
	p := &certified{url: "https://sns.example/a.pem"}
	p.verify = func(r source.Request) error {
		seen = append(seen, string(r.Certificate))
		return nil
	}
	web := &documents{found: map[string]string{p.url: "certificate"}}
	h := newCertified(t, p, web)
	for range 3 {
		require.Equal(t, http.StatusAccepted, post(h, "/webhooks/calls", "{}").Code)
	}
	require.Equal(t, []string{"certificate", "certificate", "certificate"}, seen)
	require.Equal(t, []string{p.url}, web.asked)

	p.url = "https://sns.example/none.pem"
	require.Equal(t, http.StatusServiceUnavailable, post(h, "/webhooks/calls", "{}").Code, "the sender must try again")
	require.Equal(t, http.StatusServiceUnavailable, post(newCertified(t, p, nil), "/webhooks/calls", "{}").Code)
}

func TestSubscriptionsAreConfirmedBeforeTheAnswer(t *testing.T) {
	p := &provider{normalise: func(source.Request) (source.Delivery, error) {
		return source.Delivery{Ignored: "subscription confirmed", Visit: "https://sns.example/confirm"}, nil
	}}
	web := &documents{found: map[string]string{"https://sns.example/confirm": ""}}
	w := post(newCertified(t, p, web), "/webhooks/calls", "{}")
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"ignored":"subscription confirmed"}`, w.Body.String())
	require.Equal(t, []string{"https://sns.example/confirm"}, web.asked)

	web = &documents{}
	require.Equal(t, http.StatusServiceUnavailable, post(newCertified(t, p, web), "/webhooks/calls", "{}").Code)

	p.verify = func(source.Request) error { return source.ErrSignature }
	web = &documents{}
	require.Equal(t, http.StatusUnauthorized, post(newCertified(t, p, web), "/webhooks/calls", "{}").Code)
	require.Empty(t, web.asked)
}

func TestHandshakesAreAnsweredInFewBytes(t *testing.T) {
	reply := &source.Reply{Header: map[string]string{"Validation-Token": strings.Repeat("x", 256)}}
	p := newPublic(t)
	p.provider.normalise = func(source.Request) (source.Delivery, error) { return source.Delivery{Reply: reply}, nil }
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	resp, err := server.Client().Post(server.URL+"/webhooks/calls", "", nil)
	require.NoError(t, err)
	raw := &strings.Builder{}
	require.NoError(t, resp.Write(raw))
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, reply.Header["Validation-Token"], resp.Header.Get("Validation-Token"))
	require.Less(t, len(raw.String()), 1024, "RingCentral takes no more")

	reply = &source.Reply{Body: map[string]string{"plainToken": "a", "encryptedToken": "b"}}
	w := post(p, "/webhooks/calls", "{}")
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"plainToken":"a","encryptedToken":"b"}`, w.Body.String())
}

func TestAProviderMayWantExactly200(t *testing.T) {
	p := newPublic(t)
	p.provider.normalise = func(source.Request) (source.Delivery, error) {
		return source.Delivery{Recordings: []events.Recording{{ID: "a"}, {ID: "aa"}}, Status: http.StatusOK}, nil
	}
	w := post(p, "/webhooks/calls", "{}")
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"recordings":[{"recording":"calls.a","duplicate":false},{"recording":"calls.aa","duplicate":false}]}`, w.Body.String())
}
