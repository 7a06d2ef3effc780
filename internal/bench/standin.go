package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// standIn plays Symbl's Async API, Slack and the provider's recordings on
// loopback, and knows when which recording got where.
type standIn struct {
	url    string
	server *http.Server
	client *http.Client   // of the callbacks
	id     *regexp.Regexp // of a recording

	mu   sync.Mutex
	plan plan
	seen
}

// plan is how jobs run.
type plan struct {
	delay, jitter time.Duration // a job takes delay and up to jitter more
	silent        bool          // the callback never comes
	held          bool          // jobs never end
	failEvery     int           // every so-manieth submit gets 500
	throttleEvery int           // every so-manieth submit gets 429
	slow          bool          // Slack takes one message a second for each channel
}

// seen is what happened since the last reset.
type seen struct {
	jobs    []*job
	of      map[string]*job      // by recording
	posted  map[string]bool      // recordings
	twice   int                  // posts of a recording that was posted before
	again   int                  // jobs of a recording that had one
	strange int                  // posts of a recording that has no job
	tries   int                  // submits, the refused ones included
	next    map[string]time.Time // when a channel takes its next message
	limits  int                  // messages that came too early for that
	beyond  []time.Duration      // from the end of a job to its post
	// How many jobs ran at once, and do now; and when the first one ended and the
	// last one was submitted.
	most, running        int
	firstEnd, lastSubmit time.Time
	bytes                int64 // of recordings that were sent, not handed over by URL
}

// job is one recording's. Its id and its conversation's are its place in the list.
type job struct {
	recording, hook string
	done            time.Time // zero while it runs
}

func newStandIn(ctx context.Context) (*standIn, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &standIn{url: "http://" + ln.Addr().String(), id: regexp.MustCompile(`RE[0-9a-f]{32}`), client: &http.Client{Timeout: startTime, Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}}
	s.reset(plan{})
	s.server = &http.Server{Handler: s.routes(), ReadHeaderTimeout: startTime}
	go func() { _ = s.server.Serve(ln) }() // it ends with close
	return s, nil
}

func (s *standIn) close() {
	_ = s.server.Close()
	s.client.CloseIdleConnections()
}

// reset forgets everything; what belongs to an earlier run is then unknown.
func (s *standIn) reset(p plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.seen = p, seen{of: map[string]*job{}, posted: map[string]bool{}, next: map[string]time.Time{}}
}

// counts gives the jobs, the posted recordings and the posts too many.
func (s *standIn) counts() (jobs, posted, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs), len(s.posted), s.twice
}

// look is what happened so far.
func (s *standIn) look() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

func (s *standIn) beyondJobs() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.beyond...)
}

func (s *standIn) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token:generate", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"accessToken":"stand-in","expiresIn":86400}`)
	})
	mux.HandleFunc("POST /v1/process/audio/url", s.submit)
	mux.HandleFunc("POST /v1/process/audio", s.submitFile)
	mux.HandleFunc("GET "+streamPath, s.serveLarge)
	mux.HandleFunc("GET /v1/job/{id}", s.job)
	mux.HandleFunc("GET /v1/conversations/{id}/trackers", s.known(foundTrackers))
	mux.HandleFunc("GET /v1/conversations/{id}/trackers-detected", s.known(foundTrackers))
	mux.HandleFunc("GET /v1/conversations/{id}/messages", s.known(foundMessages))
	mux.HandleFunc("GET /recordings/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = io.WriteString(w, "RIFF\x24\x00\x00\x00WAVEfmt ") // the caller may be gone
	})
	mux.HandleFunc("POST /api/chat.postMessage", s.post)
	mux.HandleFunc("POST /services/", s.post)
	mux.HandleFunc("POST /api/auth.test", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"ok":true,"url":"https://stand-in.slack.com/","team":"T","user":"bot","team_id":"T1","user_id":"U1","bot_id":"B1"}`)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) //nolint:gosec // JSON; the caller may be gone
}

// recordingIn finds the recording's id, which ties a job and a post to the webhook.
func (s *standIn) recordingIn(text []byte) string { return string(s.id.Find(text)) }

func (s *standIn) submit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var req struct {
		WebhookURL string `json:"webhookUrl"`
	}
	if err != nil || json.Unmarshal(body, &req) != nil {
		answer(w, http.StatusBadRequest, `{"message":"the body does not parse"}`)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(w, s.recordingIn(body), req.WebhookURL)
}

// take makes a job of a recording, unless the plan says no.
func (s *standIn) take(w http.ResponseWriter, recording, hook string) {
	s.tries++
	switch {
	case s.plan.failEvery > 0 && s.tries%s.plan.failEvery == 0:
		answer(w, http.StatusInternalServerError, `{"message":"it failed"}`)
		return
	case s.plan.throttleEvery > 0 && s.tries%s.plan.throttleEvery == 0:
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, `{"message":"too many requests"}`)
		return
	}
	i, j := len(s.jobs), &job{recording: recording, hook: hook}
	if s.of[j.recording] != nil {
		s.again++
	}
	s.jobs, s.of[j.recording] = append(s.jobs, j), j
	s.running, s.lastSubmit = s.running+1, time.Now()
	s.most = max(s.most, s.running)
	if !s.plan.held {
		took := s.plan.delay
		if s.plan.jitter > 0 {
			took += rand.N(s.plan.jitter) //nolint:gosec // no secret
		}
		s.endAfter(i, j, took)
	}
	answer(w, http.StatusCreated, fmt.Sprintf(`{"conversationId":"%d","jobId":"%d"}`, i, i))
}

// endAfter ends the job after a while and then calls back, unless the plan is
// silent. It ends when the timer fires, not when that was due: the timer's
// lateness is not the service's.
func (s *standIn) endAfter(i int, j *job, after time.Duration) {
	told := j.hook != "" && !s.plan.silent
	if after == 0 {
		s.end(j)
	}
	time.AfterFunc(after, func() {
		s.mu.Lock()
		s.end(j)
		s.mu.Unlock()
		if told {
			s.callBack(j.hook, i)
		}
	})
}

// end notes that the job has ended, if that is new. It may be one of an earlier
// plan.
func (s *standIn) end(j *job) {
	if !j.done.IsZero() {
		return
	}
	j.done = time.Now()
	if s.of[j.recording] != j {
		return
	}
	s.running--
	if s.firstEnd.IsZero() {
		s.firstEnd = j.done
	}
}

func (s *standIn) callBack(hook string, i int) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, hook, bytes.NewReader(fmt.Appendf(nil, `{"jobId":"%d","status":"completed"}`, i)))
	if err != nil {
		return // a hook that is no URL is never called
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err == nil { // the service polls for what it was not told
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// find gives the job of a request by its number.
func (s *standIn) find(r *http.Request) *job {
	var i int
	if _, err := fmt.Sscan(r.PathValue("id"), &i); err != nil || i < 0 || i >= len(s.jobs) {
		return nil
	}
	return s.jobs[i]
}

func (s *standIn) job(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, status := s.find(r), "in_progress"
	switch {
	case j == nil:
		answer(w, http.StatusNotFound, `{"message":"job not found"}`)
		return
	case !j.done.IsZero():
		status = "completed"
	}
	answer(w, http.StatusOK, fmt.Sprintf(`{"id":%q,"status":%q}`, r.PathValue("id"), status))
}

// known answers for conversations that exist.
func (s *standIn) known(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		j := s.find(r)
		s.mu.Unlock()
		if j == nil {
			answer(w, http.StatusNotFound, `{"message":"conversation not found"}`)
			return
		}
		answer(w, http.StatusOK, body)
	}
}

// post takes a message through Slack's Web API or an incoming webhook.
func (s *standIn) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		answer(w, http.StatusBadRequest, `{"ok":false,"error":"invalid_post"}`)
		return
	}
	now := time.Now()
	if !s.takes(body, now) {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, `{"ok":false,"error":"ratelimited"}`)
		return
	}
	s.arrived(s.recordingIn(body), now)
	if strings.HasPrefix(r.URL.Path, "/services/") {
		answer(w, http.StatusOK, "ok")
		return
	}
	answer(w, http.StatusOK, fmt.Sprintf(`{"ok":true,"channel":"C1","ts":"%d.%06d"}`, now.Unix(), now.Nanosecond()/1000))
}

// takes tells whether the channel of a message takes one now.
func (s *standIn) takes(body []byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.plan.slow { // then it costs neither side anything
		return true
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return true
	}
	channel := form.Get("channel")
	if now.Before(s.next[channel]) {
		s.limits++
		return false
	}
	s.next[channel] = now.Add(time.Second)
	return true
}

// arrived notes a post.
func (s *standIn) arrived(recording string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.posted[recording] {
		s.twice++
		return
	}
	j := s.of[recording]
	if j == nil {
		s.strange++
		return
	}
	s.posted[recording] = true
	s.beyond = append(s.beyond, now.Sub(j.done))
}

// Two trackers with three matches, as the Trackers API page shows them.
const (
	foundTrackers = `[{"id":"1","name":"Cancellation","matches":[` +
		`{"type":"vocabulary","value":"cancel my plan","messageRefs":[{"id":"11","text":"I want to cancel my plan before it renews.","offset":10}],"insightRefs":[]},` +
		`{"type":"similar","value":"stop the service","messageRefs":[{"id":"12","text":"Please end the contract this month.","offset":-1}],"insightRefs":[]}]},` +
		`{"id":"2","name":"Competitor","matches":[` +
		`{"type":"vocabulary","value":"another vendor","messageRefs":[{"id":"13","text":"We talk to another vendor already.","offset":11}],"insightRefs":[]}]}]`
	foundMessages = `{"messages":[{"id":"11","text":"I want to cancel my plan before it renews.","from":{"id":"1","name":"Speaker 1"},` +
		`"startTime":"2026-11-23T20:00:00.000Z","endTime":"2026-11-23T20:00:05.000Z","timeOffset":0,"duration":5}]}`
)
