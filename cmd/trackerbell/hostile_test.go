package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// hostileRequests are what no listener may take, each as it goes on the wire.
// Those that end their connection do so by what they are, not by a header.
var hostileRequests = func() []string {
	const post, json = "POST /webhooks/calls HTTP/1.1\r\nHost: a\r\n", "Content-Type: application/json\r\n"
	const forged = "webhook-id: m\r\nwebhook-timestamp: 1777000000\r\nwebhook-signature: v1,AAAA\r\n"
	return []string{
		post + json + "Content-Length: 2\r\n\r\n{}",
		post + json + forged + "Content-Length: 2\r\n\r\n{}",
		post + json + forged + "Content-Length: 9\r\n\r\n{\"id\":[[[",
		post + "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
		post + json + "Transfer-Encoding: chunked\r\n\r\nzz\r\nno length\r\n0\r\n\r\n",
		post + json + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		post + json + "Content-Length: 5\r\nContent-Length: 0\r\n\r\n",
		post + json + "Content-Length: +2\r\n\r\n{}",
		post + "X: " + strings.Repeat("y", 40<<10) + "\r\n\r\n",
		"POST /webhooks/nobody HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"POST /webhooks/" + strings.Repeat("x", 4000) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST /webhooks/%2e%2e%2f%2e%2e%2fapi%2fdead HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /callbacks/symbl/" + strings.Repeat("A", 200) + " HTTP/1.1\r\nHost: a\r\n" + json + "Content-Length: 2\r\n\r\n{}",
		"POST /slack/interactions HTTP/1.1\r\nHost: a\r\nX-Slack-Signature: v0=00\r\nContent-Length: 9\r\n\r\npayload={",
		"PUT /webhooks/calls/x/media HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nRIFF",
		"GET /api/recordings HTTP/1.1\r\nHost: a\r\n\r\n",
		"BREW /webhooks/calls HTTP/1.1\r\nHost: a\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello, TLS\r\n\r\n",
	}
}()

// attacker sends over one connection for as long as the server keeps it.
type attacker struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// send gives the status of the answer; 0 when the connection ends without one.
func (a *attacker) send(request string) (status int, err error) {
	if a.conn == nil {
		if a.conn, err = net.Dial("tcp", a.addr); err != nil {
			return 0, err
		}
		a.in = bufio.NewReader(a.conn)
	}
	if err := a.conn.SetDeadline(time.Now().Add(2 * soon)); err != nil {
		return 0, err
	}
	_, _ = io.WriteString(a.conn, request) // the server may end the connection before it has read all
	resp, err := http.ReadResponse(a.in, nil)
	if err != nil {
		a.close()
		return 0, nil //nolint:nilerr // that there is no answer is an answer
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.Close || err != nil {
		a.close()
	}
	return resp.StatusCode, nil
}

func (a *attacker) close() {
	if a.conn != nil {
		_ = a.conn.Close()
		a.conn = nil
	}
}

// attack sends n hostile requests over eight connections to each listener.
func (s *service) attack(n int) {
	s.t.Helper()
	var sending sync.WaitGroup
	for i, base := range []string{s.public, s.admin} {
		work := make(chan string)
		for range 8 {
			sending.Go(func() {
				a := &attacker{addr: strings.TrimPrefix(base, "http://")}
				defer a.close()
				for request := range work {
					if status, err := a.send(request); err != nil || status != 0 && status < 400 {
						s.t.Errorf("%.60q is answered with %d, %v", request, status, err)
					}
				}
			})
		}
		sending.Go(func() {
			defer close(work)
			for j := i; j < n; j += 2 {
				work <- hostileRequests[j/2%len(hostileRequests)]
			}
		})
	}
	sending.Wait()
}

// gauge reads a metric without labels.
func (s *service) gauge(name string) float64 {
	s.t.Helper()
	a := s.ask(http.MethodGet, "/metrics")
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(a.body)
	require.NotNil(s.t, found, "%s in %s", name, a.body)
	value, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(s.t, err)
	return value
}

// files counts what the service keeps beside NATS.
func (s *service) files() (n int) {
	s.t.Helper()
	require.NoError(s.t, filepath.WalkDir(s.dir, func(string, os.DirEntry, error) error { n++; return nil }))
	return n
}

// TestHostileRequestsLeaveNothingBehind sends many of them to the running
// program, 10,000 in the long form, with bodies that stall meanwhile.
func TestHostileRequestsLeaveNothingBehind(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	const goroutinesMore, heapMore, linesMore = 10, 16 << 20, 100
	requests := 2_000
	if os.Getenv("TRACKERBELL_LONG") != "" {
		requests = 10_000
	}
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	nats := newNATS(t)
	nats.start()
	s := newExternal(t, slack, nats.url())
	p := s.start("TRACKERBELL_ADMIN_TOKEN=admin-token-of-the-test", "GOGC=25")
	s.token = "admin-token-of-the-test"
	s.waitFor(s.accept("calls", saleCall("before")), soon, isDone)
	s.attack(len(hostileRequests) * 20) // what is made once is made now
	s.client.CloseIdleConnections()
	goroutines, heap, files, stored := s.gauge("go_goroutines"), s.gauge("go_memstats_heap_alloc_bytes"), s.files(), nats.stored(t)
	lines := strings.Count(p.stderr.String(), "\n")

	var stalled []net.Conn
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.public, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST /webhooks/calls HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n{")
		require.NoError(t, err)
		stalled = append(stalled, conn)
	}
	began := time.Now()
	s.attack(requests)
	t.Logf("%d requests in %s, %d lines in the log", requests, time.Since(began).Round(time.Millisecond), strings.Count(p.stderr.String(), "\n")-lines)
	for _, conn := range stalled {
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool {
		return s.gauge("go_goroutines") <= goroutines+goroutinesMore && s.gauge("go_memstats_heap_alloc_bytes") <= heap+heapMore
	}, 2*soon, 10*tick, "from %v goroutines and %v bytes", goroutines, heap)
	require.Equal(t, files, s.files())
	require.Equal(t, stored, nats.stored(t))
	require.Less(t, strings.Count(p.stderr.String(), "\n")-lines, linesMore, "they do not fill the log")
	s.waitFor(s.accept("calls", saleCall("after")), soon, isDone)
	p.stop()
}

// stored counts the messages of each stream that recordings lead to.
func (n *natsServer) stored(t *testing.T) map[string]uint64 {
	t.Helper()
	count := map[string]uint64{}
	for _, m := range n.messages(t) {
		if m.stream != "KV_"+events.BucketState { // what the process itself notes
			count[m.stream]++
		}
	}
	return count
}

// TestPlantedSecretsStandNowhere runs calls that succeed and that fail, and
// looks for each secret in whatever the program keeps, shows or says.
func TestPlantedSecretsStandNowhere(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.refuse = func(n int, _ string) *hostedFault {
		if n == 1 {
			return &hostedFault{status: http.StatusBadRequest}
		}
		return nil
	}
	nats := newNATS(t)
	nats.start()
	s, _ := newHostedService(t, h, often, true)
	raw, err := os.ReadFile(s.config)
	require.NoError(t, err)
	yaml := regexp.MustCompile(`(?m)^nats: .*$`).ReplaceAllString(string(raw), `nats: {url: "`+nats.url()+`"}`)
	yaml = strings.Replace(yaml, "sources: [", `sources: [{name: phone, provider: twilio, secret: "`+twilioSecret+`", credentials: {username: SK0123, password: twilio-api-secret}}, `, 1)
	s.write("trackerbell.yaml", yaml)
	s.vars = append(s.vars, "SECRET_TWILIO", twilioSecret, "SECRET_PASSWORD", "twilio-api-secret", "SECRET_ADMIN", "admin-token-of-the-test",
		"SECRET_VIEWER", "viewer-token-of-the-test", "SECRET_URL_QUERY", "signature-of-the-media-url")
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	t.Cleanup(media.Close)
	p := s.start("TRACKERBELL_ADMIN_TOKEN=admin-token-of-the-test", "TRACKERBELL_ADMIN_VIEWERTOKEN=viewer-token-of-the-test")
	s.token = "admin-token-of-the-test"
	s.waitStage(s.accept("calls", saleCall("refused")), events.StageDead)
	s.waitStage(s.accept("calls", saleCall("sale-1")), events.StageDone)
	s.waitStage(s.accept("calls", hook{ID: "gone", RecordingURL: media.URL + "/gone.wav?sig=signature-of-the-media-url", From: callerNumber}), events.StageDead)
	shown := map[string][]string{"nobody": {string(s.sendStandard("nobody", saleCall("x")).body)}}
	for role, token := range map[string]string{"nobody": "a-wrong-token", "viewer": "viewer-token-of-the-test", "operator": s.token} {
		for _, path := range []string{"/metrics", "/api/recordings", "/api/recordings/calls.gone", "/api/recordings/calls.refused", "/api/dead", "/api/config"} {
			shown[role] = append(shown[role], string(s.do(http.MethodGet, s.admin+path, nil, bearer(token)).body))
		}
	}
	require.Contains(t, strings.Join(shown["viewer"], ""), "calls.gone")
	require.Contains(t, strings.Join(shown["operator"], ""), callerNumber, "an operator calls back")
	stored := nats.messages(t)
	streams := map[string]bool{}
	for _, m := range stored {
		streams[m.stream] = true
	}
	for _, name := range []string{events.StreamRecordings, events.StreamAlerts, events.StreamDead, "KV_" + events.BucketLedger} {
		require.True(t, streams[name], "%s was looked at", name)
	}
	for i := 0; i < len(s.vars); i += 2 {
		name, secret := s.vars[i], s.vars[i+1]
		if !strings.HasPrefix(name, "SECRET") || name == "SECRET_QUOTE" { // what was said is shown to who may see it
			continue
		}
		for role, texts := range shown {
			for _, text := range texts {
				if role != "operator" || name != "SECRET_CALLER" {
					require.NotContains(t, text, secret, "%s to %s", name, role)
				}
			}
		}
		for _, m := range stored {
			// A call travels with its numbers, and with the address that its media is fetched from.
			if name != "SECRET_CALLER" && name != "SECRET_URL_QUERY" && name != "SECRET_CALLBACK" {
				require.NotContains(t, m.text, secret, "%s in %s", name, m.stream)
			}
		}
	}
	p.stop() // checkLogs looks at what it wrote
}
