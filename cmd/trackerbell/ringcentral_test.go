package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

const ringcentralConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}"}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
engine: {transcriber: command, command: [/bin/sh, "${DIR}/hear.sh", "{input}"]}
sources:
  - name: rc
    provider: ringcentral
    secret: "${SECRET_PLAIN}"
    credentials: {username: client-id, password: "${SECRET_CLIENT}", token: "${SECRET_JWT}"}
trackers: ${DIR}/trackers.yaml
`

// ringcentral is RingCentral's platform and media hosts, as its reference
// describes them (developers.ringcentral.com: authentication by JWT, the call
// log, the content of a recording). The answers of the call log come in the
// order of story.
type ringcentral struct {
	mu     sync.Mutex
	tokens int      // that were given
	valid  string   // the one that is taken now
	story  []string // of the call log; the last one stays
	asked  []string // every request: host, method, path, and status
}

func (r *ringcentral) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.answer(w, req)
	r.asked = append(r.asked, fmt.Sprintf("%s %s %s %d", req.Host, req.Method, req.URL.Path, status))
}

func (r *ringcentral) answer(w http.ResponseWriter, req *http.Request) int {
	write := func(status int, body string) int {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return status
	}
	if req.URL.Path == "/restapi/oauth/token" {
		id, secret, _ := req.BasicAuth()
		if id != "client-id" || secret != "secret-of-the-client" || req.PostFormValue("assertion") != "secret.jwt.credential" ||
			req.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			return write(http.StatusBadRequest, `{"error":"invalid_grant"}`)
		}
		r.tokens++
		r.valid = fmt.Sprintf("secret-access-%d", r.tokens)
		return write(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":3600,"scope":"ReadCallLog"}`, r.valid))
	}
	next := ""
	if req.URL.Path == "/restapi/v1.0/account/~/call-log" {
		next = r.story[0]
		if len(r.story) > 1 {
			r.story = r.story[1:]
		}
		if next == "token revoked" {
			r.valid = "none"
		}
	}
	if req.Header.Get("Authorization") != "Bearer "+r.valid {
		return write(http.StatusUnauthorized, `{"errorCode":"TokenInvalid","message":"OAU-213: Token not found"}`)
	}
	switch {
	case strings.HasPrefix(req.URL.Path, "/restapi/v1.0/account/1/recording/7001/content") && req.Host == "media.ringcentral.com":
		w.Header().Set("Content-Type", "audio/x-wav")
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(stereo()))
		return http.StatusOK
	case next == "" || req.URL.Query().Get("telephonySessionId") != "s-a1":
		return write(http.StatusNotFound, `{"errorCode":"CMN-102"}`)
	case next == "throttled":
		w.Header().Set("Retry-After", "1")
		return write(http.StatusTooManyRequests, `{"errorCode":"CMN-301","message":"Request rate exceeded"}`)
	}
	return write(http.StatusOK, next)
}

const (
	ringcentralNotYet = `{"records":[]}`
	ringcentralEmpty  = `{"records":[{"id":"log1","sessionId":"111","telephonySessionId":"s-a1","recording":{"id":"7001","type":"Automatic"}}]}`
	ringcentralThere  = `{"records":[{"id":"log1","sessionId":"111","telephonySessionId":"s-a1","duration":20,"type":"Voice","direction":"Inbound",
		"recording":{"id":"7001","uri":"https://platform.ringcentral.com/restapi/v1.0/account/1/recording/7001","type":"Automatic",
		"contentUri":"https://media.ringcentral.com/restapi/v1.0/account/1/recording/7001/content"}}],"paging":{"page":1}}`
	ringcentralEvent = `{"uuid":"5","event":"/restapi/v1.0/account/1/telephony/sessions","timestamp":"2026-11-23T20:02:00Z","subscriptionId":"sub","ownerId":"1",
		"body":{"sequence":9,"sessionId":"111","telephonySessionId":"s-a1","eventTime":"2026-11-23T20:02:00Z","parties":[{"id":"p-1","extensionId":"5",
		"direction":"Inbound","from":{"phoneNumber":"+14155552671","name":"Bo"},"to":{"phoneNumber":"+18005550199","name":"Ana"},
		"status":{"code":"Disconnected"},"recordings":[{"id":"7001","active":false}]}]}}`
)

// standIn serves hosts of a provider on loopback, and gives the environment in
// which the program reaches them there and trusts them.
func standIn(t *testing.T, h http.Handler, hosts ...string) (env []string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-in"}, DNSNames: hosts, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	var reroute []string
	for _, host := range hosts {
		reroute = append(reroute, host+":443="+srv.Listener.Addr().String())
	}
	return []string{"SSL_CERT_FILE=" + roots, "SAFEHTTP_REROUTE=" + strings.Join(reroute, ",")}
}

// A call's recording is polled for by delayed redelivery: through answers
// without it, a throttled one and a token that no longer holds.
func TestARingCentralRecordingIsAwaitedInTheCallLog(t *testing.T) {
	t.Parallel()
	rc := &ringcentral{story: []string{ringcentralNotYet, ringcentralEmpty, "throttled", "token revoked", ringcentralThere}}
	env := standIn(t, rc, "platform.ringcentral.com", "media.ringcentral.com")
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, ringcentralConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_PLAIN", plainSecret,
		"SECRET_CLIENT", "secret-of-the-client", "SECRET_JWT", "secret.jwt.credential", "SECRET_ACCESS", "secret-access-")
	s.write("trackers.yaml", testTrackers)
	s.hear(hearsSale)
	s.letHear()
	p := s.start(env...)

	hello := s.do(http.MethodPost, s.public+"/webhooks/rc", nil, http.Header{"Validation-Token": {"3fe2a0c8-8a64"}})
	require.Equal(t, http.StatusOK, hello.status)
	require.Equal(t, "3fe2a0c8-8a64", hello.header.Get("Validation-Token"))
	header := http.Header{"Content-Type": {"application/json"}, "Verification-Token": {plainSecret}}
	got := s.do(http.MethodPost, s.public+"/webhooks/rc", []byte(ringcentralEvent), header)
	require.Equal(t, http.StatusOK, got.status, "%s", got.body)
	require.JSONEq(t, `{"recording":"rc.7001","duplicate":false}`, string(got.body))

	require.Eventually(t, func() bool {
		r, ok := s.recording("rc.7001")
		return ok && r.Stage == events.StageDone
	}, 3*soon, tick)
	r, _ := s.recording("rc.7001")
	require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
	require.Equal(t, 1, r.Attempts["submit"], "waiting is no failure")
	require.Len(t, alertsOf(slack, "#alerts", "rc.7001"), 1)
	p.stop()

	const log = "platform.ringcentral.com GET /restapi/v1.0/account/~/call-log "
	const token = "platform.ringcentral.com POST /restapi/oauth/token 200"
	const content = "media.ringcentral.com GET /restapi/v1.0/account/1/recording/7001/content 200"
	require.Equal(t, []string{token, log + "200", log + "200", log + "429", log + "401", token, log + "200", content, content}, rc.asked)
}
