package main

import (
	"bytes"
	endian "encoding/binary"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// audioConfig transcribes by a script in the service's directory.
const audioConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}"}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
engine: {transcriber: command, command: [/bin/sh, "${DIR}/hear.sh", "{input}"]}
media: {allowHosts: [127.0.0.1], maxBytes: 20MiB}
sources: [{name: calls, provider: generic, secret: "${SECRET_PLAIN}", agentChannel: 1}]
trackers: ${DIR}/trackers.yaml
`

// hearsSale is a transcriber that hears the sale on every channel, once there
// is a file "go" beside it. It notes that it was asked.
const hearsSale = `
[ "$(head -c 4 "$1")" = RIFF ] || exit 3
echo asked >> "${DIR}/asked"
while [ ! -e "${DIR}/go" ]; do sleep 0.02; done
printf 'WEBVTT\n\n00:13.400 --> 00:18.000\n` + saleQuote + `\n\n00:18.500 --> 00:19.500\nMy dentist said so.\n'
`

func newAudioService(t *testing.T, script string) (*service, *slacktest.Server) {
	t.Helper()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, audioConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_PLAIN", plainSecret,
		"SECRET_QUERY", "signature-of-the-url")
	s.write("trackers.yaml", testTrackers)
	s.hear(script)
	return s, slack
}

// hear writes the script that transcribes.
func (s *service) hear(script string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "hear.sh"), []byte(os.Expand(script, func(name string) string {
		if name == "DIR" {
			return s.dir
		}
		return "$" + name
	})), 0o600))
}

// letHear lets the script answer.
func (s *service) letHear() {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "go"), nil, 0o600))
}

// asked waits until the script was asked so many times.
func (s *service) asked(times int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		notes, _ := os.ReadFile(filepath.Join(s.dir, "asked"))
		return bytes.Count(notes, []byte("asked")) >= times
	}, soon, tick)
}

// stereo is a recording of 20 seconds, two channels of 8 kHz, of which the
// second is silent.
func stereo() []byte {
	le := endian.LittleEndian
	const frames = 20 * 8000
	b := le.AppendUint32([]byte("RIFF"), 36+4*frames)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data"...)
	b = le.AppendUint32(b, 4*frames)
	for i := range frames {
		b = le.AppendUint16(b, uint16(i%64*200))
		b = le.AppendUint16(b, 0)
	}
	return b
}

// recordings serves the stereo recording on loopback.
func recordings(t *testing.T) string {
	t.Helper()
	recording := stereo()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(recording))
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/call?sig=signature-of-the-url"
}

// sendURL sends a webhook that names the recording, and gives its key.
func (s *service) sendURL(id, address string) string {
	s.t.Helper()
	body := hook{ID: id, RecordingURL: address, Channels: 2, From: callerNumber, Agent: "Anna"}.json(s.t)
	a := s.do(http.MethodPost, s.public+"/webhooks/calls", body, signature256(plainSecret, body))
	require.Equal(s.t, http.StatusAccepted, a.status, "%s", a.body)
	return "calls." + id
}

// sendBytes sends the recording itself.
func (s *service) sendBytes(id string) string {
	s.t.Helper()
	recording := stereo()
	header := signature256(plainSecret, recording)
	header.Set("Content-Type", "audio/wav")
	a := s.do(http.MethodPut, s.public+"/webhooks/calls/"+id+"/media", recording, header)
	require.Equal(s.t, http.StatusAccepted, a.status, "%s", a.body)
	return "calls." + id
}

func TestEndToEndARecordingBecomesAnAlert(t *testing.T) {
	t.Parallel()
	s, slack := newAudioService(t, hearsSale)
	s.letHear()
	p := s.start()
	for _, key := range []string{s.sendURL("by-url", recordings(t)), s.sendBytes("by-bytes")} {
		r := s.waitStage(key, events.StageDone)
		require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
		posted := alertsOf(slack, "#alerts", key)
		require.Len(t, posted, 1)
		text := blocksText(t, posted[0].Blocks)
		require.Contains(t, text, saleQuote)
		require.Contains(t, text, "0:13", "the time in the recording")
		require.NotContains(t, text, "dentist", "which no tracker found")
	}
	var found api.RecordingList
	s.ask(http.MethodGet, "/api/recordings?q=my+dentist").decode(t, &found)
	require.Len(t, found.Recordings, 2, "all that was said is searched")
	s.ask(http.MethodGet, "/api/recordings?q=my+doctor").decode(t, &found)
	require.Empty(t, found.Recordings)
	require.Contains(t, blocksText(t, alertsOf(slack, "#alerts", "calls.by-url")[0].Blocks), "Anna · 0:13", "who speaks on the first channel")
	p.stop()
}

func TestKillWhileARecordingIsTranscribed(t *testing.T) {
	t.Parallel()
	s, slack := newAudioService(t, hearsSale)
	p := s.start()
	keys := []string{s.sendURL("by-url", recordings(t)), s.sendBytes("by-bytes")}
	s.asked(2)
	p.kill()
	s.letHear()
	p = s.restart(keys...)
	for _, key := range keys {
		require.Len(t, alertsOf(slack, "#alerts", key), 1, key)
	}
	p.stop()
}

func TestEndToEndARecordingThatCannotBeTranscribedIsADeadLetter(t *testing.T) {
	t.Parallel()
	s, _ := newAudioService(t, `echo "no transcript but the private words"`)
	s.start()
	r := s.waitStage(s.sendURL("garbled", recordings(t)), events.StageDead)
	require.Contains(t, r.Error, "neither WebVTT, SRT nor JSON segments")
	require.NotContains(t, r.Error, "private words")
	require.Len(t, r.DeadLetters, 1)
}

func TestAWrongTranscriberIsAWrongConfiguration(t *testing.T) {
	t.Parallel()
	s := newService(t, "engine: {transcriber: command, command: [no-such-program, \"{input}\"]}\nnats: {dataDir: \"${DATA}\"}\n")
	for _, args := range [][]string{{"serve"}, {"check"}, {"engine", "--addr", "127.0.0.1:0"}} {
		r := s.command(args...)
		require.Equal(t, exitUsage, r.code, "%q: %s", args, r.stderr)
		require.Contains(t, r.stderr, "engine.command")
		require.Contains(t, r.stderr, "no-such-program")
	}
}
