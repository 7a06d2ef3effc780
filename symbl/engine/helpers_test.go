package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// nats.go 1.55 leaves this goroutine of an object's Put behind when it starts
// only after the Put has ended.
const lateStart = "github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(lateStart)) }

const (
	appID     = "test-app"
	appSecret = "test-secret"

	eventually = 2 * time.Minute
	tick       = 5 * time.Millisecond
)

// startNATS runs a NATS server with JetStream that ends with the test.
func startNATS(tb testing.TB) *server.Server {
	tb.Helper()
	s, err := server.NewServer(&server.Options{
		DontListen: true,
		JetStream:  true,
		StoreDir:   tb.TempDir(),
		NoSigs:     true,
	})
	require.NoError(tb, err)
	s.Start()
	tb.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(tb, s.ReadyForConnections(10*time.Second))
	return s
}

// connect opens a connection of its own, as another process would have.
func connect(tb testing.TB, s *server.Server) jetstream.JetStream {
	tb.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	require.NoError(tb, err)
	tb.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(tb, err)
	return js
}

// newEngine makes an engine with known credentials that tries again at once.
func newEngine(tb testing.TB, js jetstream.JetStream, cfg engine.Config) *engine.Engine {
	tb.Helper()
	cfg.AppID, cfg.AppSecret = appID, appSecret
	e, err := engine.New(tb.Context(), engine.Hasty(cfg), js)
	require.NoError(tb, err)
	return e
}

// start runs an engine's workers until the test ends or stop is called.
func start(tb testing.TB, e *engine.Engine) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	ended := false
	stop = func() {
		if cancel(); !ended {
			ended = true
			require.NoError(tb, <-done)
		}
	}
	tb.Cleanup(stop)
	return stop
}

// oneEngine is an engine on a NATS of its own, with its workers running.
func oneEngine(tb testing.TB, cfg engine.Config) *api {
	tb.Helper()
	e := newEngine(tb, connect(tb, startNATS(tb)), cfg)
	start(tb, e)
	return call(tb, e)
}

// api calls an engine with a token, as a client does.
type api struct {
	t     testing.TB
	http  *http.Client
	token string
}

func call(tb testing.TB, e *engine.Engine) *api {
	tb.Helper()
	a := &api{t: tb, http: &http.Client{Transport: engine.Transport(e.Handler()), Timeout: eventually}}
	id, secret := e.Credentials()
	got := a.ok(http.MethodPost, "/oauth2/token:generate", fmt.Sprintf(`{"type":"application","appId":%q,"appSecret":%q}`, id, secret))
	a.token = field[string](tb, got, "accessToken")
	return a
}

// do sends a request; headers are name and value by turns.
func (a *api) do(method, path, body string, headers ...string) (status int, answer string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://engine"+path, strings.NewReader(body))
	require.NoError(a.t, err)
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := a.http.Do(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	require.Contains(a.t, resp.Header.Get("Content-Type"), "application/json")
	obey(a.t, req, body, resp, string(data))
	return resp.StatusCode, string(data)
}

// ok is do for a request that must succeed.
func (a *api) ok(method, path, body string, headers ...string) string {
	a.t.Helper()
	status, answer := a.do(method, path, body, headers...)
	require.Contains(a.t, []int{http.StatusOK, http.StatusCreated}, status, answer)
	return answer
}

// refused is do for a request that must give the status and a message.
func (a *api) refused(want int, method, path, body string, headers ...string) string {
	a.t.Helper()
	status, answer := a.do(method, path, body, headers...)
	require.Equal(a.t, want, status, answer)
	message := field[string](a.t, answer, "message")
	require.NotEmpty(a.t, message)
	return message
}

// submit sends a text submission and gives its job.
func (a *api) submit(body string, headers ...string) symbl.Job {
	a.t.Helper()
	status, answer := a.do(http.MethodPost, "/v1/process/text", body, headers...)
	require.Equal(a.t, http.StatusCreated, status, answer)
	return decode[symbl.Job](a.t, answer)
}

// status is the state of a job.
func (a *api) status(job symbl.Job) symbl.JobStatus {
	a.t.Helper()
	return decode[symbl.JobStatus](a.t, a.ok(http.MethodGet, "/v1/job/"+job.JobID, ""))
}

// await waits until a job has ended.
func (a *api) await(job symbl.Job, want symbl.Status) symbl.JobStatus {
	a.t.Helper()
	var got symbl.JobStatus
	require.Eventually(a.t, func() bool {
		got = a.status(job)
		return got.Status == symbl.Completed || got.Status == symbl.Failed
	}, eventually, tick)
	require.Equal(a.t, want, got.Status, got.Error)
	return got
}

func (a *api) detected(conversation string) []symbl.TrackerResult {
	a.t.Helper()
	return decode[[]symbl.TrackerResult](a.t, a.ok(http.MethodGet, "/v1/conversations/"+conversation+"/trackers", ""))
}

func (a *api) messages(conversation string) []symbl.Message {
	a.t.Helper()
	answer := a.ok(http.MethodGet, "/v1/conversations/"+conversation+"/messages", "")
	return field[[]symbl.Message](a.t, answer, "messages")
}

// track creates a tracker and gives its id.
func (a *api) track(name string, vocabulary ...string) string {
	a.t.Helper()
	body, err := json.Marshal(symbl.Tracker{Name: name, Vocabulary: vocabulary})
	require.NoError(a.t, err)
	return field[symbl.Tracker](a.t, a.ok(http.MethodPost, "/v1/manage/tracker", string(body)), "tracker").ID
}

// says is the body of a text submission with the messages.
func says(messages ...string) string {
	var parts []string
	for _, m := range messages {
		parts = append(parts, fmt.Sprintf(`{"payload":{"content":%q}}`, m))
	}
	return `{"messages":[` + strings.Join(parts, ",") + `]}`
}

func decode[T any](tb testing.TB, data string) T {
	tb.Helper()
	var value T
	require.NoError(tb, json.Unmarshal([]byte(data), &value), data)
	return value
}

func field[T any](tb testing.TB, data, name string) T {
	tb.Helper()
	fields := decode[map[string]json.RawMessage](tb, data)
	require.Contains(tb, fields, name)
	return decode[T](tb, string(fields[name]))
}
