package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

const zoomConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
engine: {transcriber: command, command: [/bin/sh, "${DIR}/hear.sh", "{input}"]}
sources:
  - {name: zoom, provider: zoom, secret: "${SECRET_ZOOM}"}
trackers: ${DIR}/trackers.yaml
`

const zoomSecret = "secret-token-of-zoom"

// zoomFiles is zoom.us, which gives a meeting's sound and its transcript to
// whoever has the token of the event. The sound is not there at first.
type zoomFiles struct{ asked atomic.Int32 }

func (z *zoomFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	notYet := []int{http.StatusNotFound, http.StatusConflict}
	sound := strings.HasSuffix(r.URL.Path, "/audio")
	switch {
	case r.Header.Get("Authorization") != "Bearer secret-download-token":
		w.WriteHeader(http.StatusUnauthorized)
	case sound && int(z.asked.Load()) < len(notYet):
		w.WriteHeader(notYet[z.asked.Add(1)-1])
	case sound:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(stereo()))
	default:
		_, _ = w.Write([]byte("WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.000\nAnna: We have a sale right now on shoes.\n"))
	}
}

// zoomEvent posts an event about the only file of a meeting, as Zoom signs it.
func (s *service) zoomEvent(event, uuid, fileType, file string) api.Accepted {
	s.t.Helper()
	body := fmt.Sprintf(`{"event":%q,"event_ts":1,"download_token":"secret-download-token","payload":{"account_id":"a","object":{"id":8,"uuid":%q,
		"host_email":"anna@example.com","topic":"Sales","start_time":"2026-11-23T19:59:58Z","recording_files":[{"id":"f","file_type":%q,
		"recording_start":"2026-11-23T20:00:00Z","recording_end":"2026-11-23T20:00:10Z","status":"completed",
		"download_url":"https://zoom.us/rec/webhook_download/%s"}]}}}`, event, uuid, fileType, file)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(zoomSecret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	got := s.do(http.MethodPost, s.public+"/webhooks/zoom", []byte(body), http.Header{
		"Content-Type": {"application/json"}, "X-Zm-Request-Timestamp": {stamp}, "X-Zm-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	})
	require.Equal(s.t, http.StatusOK, got.status, "%s", got.body)
	var taken api.Accepted
	require.NoError(s.t, json.Unmarshal(got.body, &taken))
	return taken
}

// A meeting's sound and its transcript come in two events, in either order:
// whichever comes first is submitted, and there is one alert.
func TestAZoomMeetingIsOneAlertWhicheverOfItsFilesComesFirst(t *testing.T) {
	t.Parallel()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, zoomConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_ZOOM", zoomSecret,
		"SECRET_DOWNLOAD", "secret-download-token")
	s.write("trackers.yaml", testTrackers)
	s.hear(hearsSale)
	s.letHear()
	s.start(standIn(t, &zoomFiles{}, "zoom.us")...)

	sound := func(uuid string) api.Accepted { return s.zoomEvent("recording.completed", uuid, "M4A", "audio") }
	transcript := func(uuid string) api.Accepted {
		return s.zoomEvent("recording.transcript_completed", uuid, "TRANSCRIPT", "transcript")
	}
	for uuid, order := range map[string][]func(string) api.Accepted{"/sound==": {sound, transcript}, "text//==": {transcript, sound}} {
		first := order[0](uuid)
		require.False(t, first.Duplicate)
		require.Equal(t, api.Accepted{Recording: first.Recording, Duplicate: true}, order[1](uuid), "the other is the same recording")
		require.Eventually(t, func() bool {
			r, ok := s.recording(first.Recording)
			return ok && r.Stage == events.StageDone
		}, 3*soon, tick)
		r, _ := s.recording(first.Recording)
		require.Equal(t, 1, r.Attempts["submit"], "waiting is no failure")
		require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
		require.Equal(t, api.Accepted{Recording: first.Recording, Duplicate: true}, order[1](uuid), "after it is done, too")
		require.Len(t, alertsOf(slack, "#alerts", first.Recording), 1)
	}
}
