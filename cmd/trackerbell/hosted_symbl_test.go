package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The account of the stand-in.
const (
	hostedID     = "app-id-of-the-account"
	hostedSecret = "app-secret-of-the-account"
)

// listingLag is how long a conversation is not listed yet: longer than the first
// retry waits, and shorter than symbl.settleTime in the tests.
const listingLag = 1500 * time.Millisecond

// hostedSymbl stands in for hosted Symbl, written after its documentation
// (docs.symbl.ai) and with nothing of package symbl. A submission is not
// idempotent: each POST that it accepts is another conversation and job.
type hostedSymbl struct {
	*httptest.Server
	// refuse is asked before a submission; nil accepts it.
	refuse func(n int, path string) *hostedFault
	// early reports the job's end before the submission is answered.
	early bool
	// manual leaves jobs running until finish is called.
	manual bool
	// silent tells of no job's end; noisy tells of each twice, in a wrong order,
	// and with forged tokens besides.
	silent, noisy bool
	// ends is how jobs end; empty: completed.
	ends string
	// asID names the job id in callbacks, as bodies seen on the wire do.
	asID bool
	// detected serves results at /trackers-detected alone, as generation 1.
	detected bool
	lifetime time.Duration // of a token
	lag      time.Duration // until a conversation is listed

	stop     chan struct{}
	calls    sync.WaitGroup // callbacks under way
	mu       sync.Mutex
	token    string
	expires  time.Time
	issued   int // tokens
	attempts int // submissions, refused ones included
	taken    []submission
	jobs     map[string]*hostedJob
	running  int
	most     int // jobs that ran at a time
	trackers []map[string]any
}

// submission is a POST below /v1/process.
type submission struct {
	path   string
	query  map[string][]string
	header http.Header
	body   map[string]any // of JSON
	name   string
}

type hostedJob struct {
	id, conversation, name, webhook, status string
	messages                                []any
	started, ended, listed                  time.Time
}

// hostedFault is how a submission fails. Accept takes it all the same.
type hostedFault struct {
	accept     bool
	status     int
	retryAfter string
	hang       bool // no answer until the test ends
	drop       bool // the connection breaks
	body       string
}

// newHosted starts the stand-in with the trackers of the tests.
func newHosted(t *testing.T) *hostedSymbl {
	t.Helper()
	h := &hostedSymbl{
		lifetime: 24 * time.Hour, lag: listingLag, stop: make(chan struct{}), jobs: map[string]*hostedJob{},
		trackers: []map[string]any{
			{"id": "4476908732794496", "name": "Promotion Mention", "vocabulary": []string{"We have a sale right now on", "run sale"}},
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token:generate", h.generateToken)
	mux.HandleFunc("POST /v1/process/", h.guarded(h.process))
	mux.HandleFunc("GET /v1/job/{id}", h.guarded(h.job))
	mux.HandleFunc("GET /v1/conversations", h.guarded(h.conversations))
	mux.HandleFunc("GET /v1/conversations/{id}", h.guarded(h.conversation))
	mux.HandleFunc("GET /v1/conversations/{id}/messages", h.guarded(h.messages))
	mux.HandleFunc("GET /v1/conversations/{id}/{results}", h.guarded(h.results))
	mux.HandleFunc("GET /v1/manage/trackers", h.guarded(h.listTrackers))
	h.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(h.stop)
		h.calls.Wait()
		h.CloseClientConnections()
		h.Close()
	})
	return h
}

func (h *hostedSymbl) generateToken(w http.ResponseWriter, r *http.Request) {
	var in struct{ Type, AppID, AppSecret string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Type != "application" || in.AppID != hostedID || in.AppSecret != hostedSecret {
		writeHosted(w, http.StatusUnauthorized, map[string]any{"message": "Invalid credentials: " + in.AppSecret})
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().After(h.expires) { // asked again before, it gives the same one
		h.issued++
		h.token, h.expires = fmt.Sprintf("token-%d-of-the-account", h.issued), time.Now().Add(h.lifetime)
	}
	left := int(time.Until(h.expires).Seconds())
	writeHosted(w, http.StatusOK, map[string]any{"accessToken": h.token, "expiresIn": left})
}

// revoke makes the current token invalid before its time.
func (h *hostedSymbl) revoke() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token, h.expires = "", time.Time{}
}

func (h *hostedSymbl) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		ok := h.token != "" && r.Header.Get("Authorization") == "Bearer "+h.token && time.Now().Before(h.expires)
		h.mu.Unlock()
		if !ok {
			writeHosted(w, http.StatusUnauthorized, map[string]any{"message": "Token validation failed for provided token."})
			return
		}
		next(w, r)
	}
}

func (h *hostedSymbl) process(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	s := submission{path: r.URL.Path, query: r.URL.Query(), header: r.Header}
	if json.Unmarshal(raw, &s.body) != nil {
		s.body = nil
	}
	s.name, _ = s.body["name"].(string)
	if s.name == "" {
		s.name = r.URL.Query().Get("name")
	}
	h.mu.Lock()
	h.attempts++
	n, refuse, early, manual, silent, noisy := h.attempts, h.refuse, h.early, h.manual, h.silent, h.noisy
	ends := cmp.Or(h.ends, "completed")
	h.mu.Unlock()
	var fault *hostedFault
	if refuse != nil {
		fault = refuse(n, s.path)
	}
	if fault != nil && !fault.accept {
		h.fail(w, fault)
		return
	}
	j := h.take(s)
	switch {
	case early:
		h.finish(j.id, ends)
		<-h.told(j, ends)
	case manual:
		h.told(j, "scheduled")
	case silent:
		h.finish(j.id, ends)
	case noisy:
		h.finish(j.id, ends)
		forged := *j
		forged.webhook += "x"
		h.told(&forged, ends)
		h.told(j, ends, "in_progress", "scheduled", ends, ends)
	default:
		h.finish(j.id, ends)
		h.told(j, "scheduled", "in_progress", ends)
	}
	if fault != nil {
		h.fail(w, fault)
		return
	}
	writeHosted(w, http.StatusCreated, map[string]any{"conversationId": j.conversation, "jobId": j.id})
}

// take makes a conversation and a job of a submission.
func (h *hostedSymbl) take(s submission) *hostedJob {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = append(h.taken, s)
	n := len(h.taken)
	j := &hostedJob{
		id: fmt.Sprintf("9b1deb4d-3b7d-4bad-9bdd-%012d", n), conversation: strconv.Itoa(5815170693595136 + n),
		name: s.name, status: "in_progress", started: time.Now(), listed: time.Now().Add(h.lag),
	}
	j.webhook, _ = s.body["webhookUrl"].(string)
	j.messages = messagesOf(s, j)
	if list, isText := s.body["messages"].([]any); isText && len(list) > 0 { // a conversation starts with what is said in it
		first, _ := list[0].(map[string]any)
		span, _ := first["duration"].(map[string]any)
		start, _ := span["startTime"].(string)
		if at, err := time.Parse(time.RFC3339, start); err == nil {
			j.started = at
		}
	}
	h.jobs[j.id] = j
	h.running++
	h.most = max(h.most, h.running)
	return j
}

// messagesOf are the messages of a conversation: those that were submitted, or
// what is said in every recording here.
func messagesOf(s submission, j *hostedJob) (out []any) {
	list, isText := s.body["messages"].([]any)
	if !isText {
		return []any{map[string]any{
			"id": "6412283618000896", "text": saleQuote, "from": map[string]any{"name": "Speaker 1", "email": ""},
			"startTime": "2020-07-10T11:16:34.424Z", "endTime": "2020-07-10T11:16:38.000Z",
			"timeOffset": 13.4, "duration": 3.6, "conversationId": j.conversation, "phrases": []any{},
		}}
	}
	for i, raw := range list {
		m, _ := raw.(map[string]any)
		payload, _ := m["payload"].(map[string]any)
		span, _ := m["duration"].(map[string]any)
		out = append(out, map[string]any{
			"id": strconv.Itoa(4412283618000000 + i), "text": payload["content"], "from": m["from"],
			"startTime": span["startTime"], "endTime": span["endTime"], "conversationId": j.conversation, "phrases": []any{},
		})
	}
	return out
}

// change changes how the stand-in behaves, while it is at work.
func (h *hostedSymbl) change(how func(*hostedSymbl)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	how(h)
}

func (h *hostedSymbl) fail(w http.ResponseWriter, f *hostedFault) {
	switch {
	case f.hang:
		<-h.stop
	case f.drop:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	default:
		if f.retryAfter != "" {
			w.Header().Set("Retry-After", f.retryAfter)
		}
		if f.body != "" {
			w.WriteHeader(f.status)
			_, _ = io.WriteString(w, f.body)
			return
		}
		writeHosted(w, f.status, map[string]any{"statusCode": f.status, "message": "This API has a limit of maximum of `2` number of concurrent jobs per account."})
	}
}

// finish ends a job; told tells of it.
func (h *hostedSymbl) finish(id, status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.jobs[id]
	if j.ended.IsZero() {
		h.running--
	}
	j.status, j.ended = status, time.Now()
}

// told posts status callbacks, unsigned and in order; done is closed after the
// last one.
func (h *hostedSymbl) told(j *hostedJob, statuses ...string) (done chan struct{}) {
	done = make(chan struct{})
	field := "jobId"
	if h.asID {
		field = "id"
	}
	h.calls.Go(func() {
		defer close(done)
		if j.webhook == "" {
			return
		}
		client := http.Client{Timeout: 5 * time.Second}
		for _, status := range statuses {
			body := fmt.Sprintf(`{%q:%q,"status":%q}`, field, j.id, status)
			if resp, err := client.Post(j.webhook, "application/json", bytes.NewReader([]byte(body))); err == nil {
				_ = resp.Body.Close() // a program that was killed does not answer
			}
		}
		client.CloseIdleConnections()
	})
	return done
}
