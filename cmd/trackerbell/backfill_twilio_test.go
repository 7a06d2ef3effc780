package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

const (
	twilioAccount     = "AC0123456789abcdef0123456789abcdef"
	twilioPause       = 6 // seconds, longer than the command waits by itself
	twilioListPath    = "/2010-04-01/Accounts/" + twilioAccount + "/Recordings"
	twilioBackfilling = `
server: {addr: "${PUBLIC}", publicURL: "http://${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}"}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
engine: {transcriber: command, command: [/bin/sh, "${DIR}/hear.sh", "{input}"]}
sources: [{name: phone, provider: twilio, secret: "${SECRET_TWILIO}", credentials: {username: ` + twilioAccount + `, password: "${SECRET_PASSWORD}"}}]
trackers: ${DIR}/trackers.yaml
`
)

// twilioHost is api.twilio.com: the list of an account's recordings, two to a
// page (twilio.com/docs/voice/api/recording), and their media. Each page but the
// first is refused once.
type twilioHost struct {
	recordings []string

	mu      sync.Mutex
	refused []time.Time // by page
	again   []time.Time // when it was asked for then
}

func newTwilioHost(recordings int) *twilioHost {
	h := &twilioHost{refused: make([]time.Time, recordings/2), again: make([]time.Time, recordings/2)}
	for i := range recordings {
		h.recordings = append(h.recordings, fmt.Sprintf("RE%032d", i))
	}
	return h
}

func (h *twilioHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != twilioListPath+".json" {
		w.Header().Set("Content-Type", "audio/x-wav")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(stereo()))
		return
	}
	page := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("Page"), &page)
	h.mu.Lock()
	defer h.mu.Unlock()
	if page > 0 && h.refused[page].IsZero() {
		h.refused[page] = time.Now()
		w.Header().Set("Retry-After", strconv.Itoa(twilioPause))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if h.again[page].IsZero() {
		h.again[page] = time.Now()
	}
	list := map[string]any{"next_page_uri": nil}
	if last := 2*page + 2; last < len(h.recordings) {
		list["next_page_uri"] = fmt.Sprintf("%s.json?PageSize=2&Page=%d", twilioListPath, page+1)
	}
	var found []any
	for _, sid := range h.recordings[2*page : min(2*page+2, len(h.recordings))] {
		found = append(found, map[string]any{
			"sid": sid, "call_sid": "CA" + sid[2:], "status": "completed", "channels": 2, "duration": "20",
			"start_time": "Fri, 27 Nov 2026 16:21:08 +0000", "media_url": "https://api.twilio.com" + twilioListPath + "/" + sid,
		})
	}
	list["recordings"] = found
	_ = json.NewEncoder(w).Encode(list) // a client that is gone does not read it
}

// asked tells when a page was refused, and asked for again.
func (h *twilioHost) asked(page int) (refused, again time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refused[page], h.again[page]
}

// TestABackfillIsEndedOverlappedAndRepeated takes in what no webhook told of:
// the first run ends in the middle, webhooks come while the second is under way,
// and a third finds nothing new.
func TestABackfillIsEndedOverlappedAndRepeated(t *testing.T) {
	t.Parallel()
	host := newTwilioHost(6)
	env := standIn(t, host, "api.twilio.com")
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, twilioBackfilling, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_TWILIO", twilioSecret, "SECRET_PASSWORD", "twilio-api-secret")
	s.write("trackers.yaml", testTrackers)
	s.hear(hearsSale)
	s.letHear()
	p := s.start(env...)
	webhook := func(i int) {
		form := twilioForm(host.recordings[i], "https://api.twilio.com"+twilioListPath+"/"+host.recordings[i])
		a, err := s.try(http.MethodPost, s.public+"/webhooks/phone", []byte(form.Encode()), twilioHeader(s.public+"/webhooks/phone", form))
		if err != nil || a.status/100 != 2 {
			t.Errorf("webhook: %d %v", a.status, err)
		}
	}
	webhook(1) // this one did come
	run := []string{"recordings", "backfill", "phone", "--since", "24h", "--output", "json", "--config", s.config}
	first := launch(t, s.dir, nil, run...)
	require.Eventually(t, func() bool { refused, _ := host.asked(1); return !refused.IsZero() }, soon, tick)
	first.signal(syscall.SIGINT)
	require.Equal(t, 1, first.code(), "it says that it did not come to the end")
	require.Contains(t, first.stderr.String(), "run it again")
	require.Contains(t, first.stdout.String(), `"new": 1`)

	var overlap sync.WaitGroup
	for i := range host.recordings {
		overlap.Go(func() { webhook(i) })
	}
	again := printed[backfilled](t, s.must(run[:7]...))
	overlap.Wait()
	require.Equal(t, len(host.recordings), again.New+again.Known)
	refused, asked := host.asked(2)
	require.GreaterOrEqual(t, asked.Sub(refused), twilioPause*time.Second, "it waits as it is asked to")
	last := printed[backfilled](t, s.must(run[:7]...))
	require.Zero(t, last.New)
	require.Equal(t, len(host.recordings), last.Known)

	for _, sid := range host.recordings {
		s.waitFor("phone."+sid, 3*soon, isDone)
		require.Len(t, alertsOf(slack, "#alerts", "phone."+sid), 1)
	}
	require.Equal(t, len(host.recordings), strings.Count(p.stderr.String(), `"msg":"submitted"`), "each once")
	require.Len(t, printed[api.RecordingList](t, s.must("recordings", "list", "--output", "json")).Recordings, len(host.recordings))
	p.stop()
}
