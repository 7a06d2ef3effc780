package transcribe_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

// These tests let a real recogniser (Debian's pocketsphinx) hear a real voice
// (flite's): from the sound to the trackers and their speakers.

const (
	agentSays    = "I can offer you a discount if you book today."
	customerSays = "I lost my debit card and I want to cancel my account."

	recognition = 3 * time.Minute // that it may take on a busy machine
)

// needSpeech skips a test where the recogniser or the voices are missing.
func needSpeech(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range append(programs, "pocketsphinx_continuous", "awk") {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed (Debian: pocketsphinx, pocketsphinx-en-us, flite)", p)
		}
	}
}

// spoken are the samples of a sentence: 16 kHz, mono.
func spoken(t *testing.T, voice, sentence string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "speech.wav")
	said, err := exec.CommandContext(t.Context(), "flite", "-voice", voice, "-t", sentence, "-o", path).CombinedOutput()
	require.NoError(t, err, "%s", said)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "RIFF", string(data[:4]))
	return data[44:]
}

// interleaved is a WAV file of channels of 16 kHz.
func interleaved(channels ...[]byte) []byte {
	length := 0
	for _, c := range channels {
		length = max(length, len(c)/2)
	}
	le, n := binary.LittleEndian, len(channels)
	b := le.AppendUint32([]byte("RIFF"), uint32(36+2*n*length))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00"...)
	b = le.AppendUint16(b, uint16(n))
	b = le.AppendUint32(b, 16_000)
	b = le.AppendUint32(b, uint32(32_000*n))
	b = le.AppendUint16(b, uint16(2*n))
	b = append(b, "\x10\x00data"...)
	b = le.AppendUint32(b, uint32(2*n*length))
	for i := range length {
		for _, c := range channels {
			if 2*i+1 < len(c) {
				b = append(b, c[2*i], c[2*i+1])
			} else {
				b = append(b, 0, 0)
			}
		}
	}
	return b
}

// pocketsphinx hears by the script of the example.
func pocketsphinx(t *testing.T) engine.Transcriber {
	t.Helper()
	command, err := transcribe.NewCommand([]string{"../../../examples/audio/pocketsphinx.sh", transcribe.Input})
	require.NoError(t, err)
	return command
}

// listening is an engine that hears through a transcriber, with the trackers of
// the tests, and a client of it.
func listening(t *testing.T, transcriber engine.Transcriber) *symbl.Client {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(30*time.Second))
	nc, err := nats.Connect("", nats.InProcessServer(s))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	e, err := engine.New(t.Context(), engine.Config{Transcriber: transcriber, TempDir: t.TempDir()}, js)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })

	id, secret := e.Credentials()
	c, err := symbl.New(symbl.Config{
		BaseURL: "http://engine", AppID: id, AppSecret: secret,
		HTTPClient: &http.Client{Transport: engine.Transport(e.Handler())},
	})
	require.NoError(t, err)
	for name, phrase := range map[string]string{
		"Discount": "offer you a discount", "Lost Card": "lost my debit card", "Cancellation": "cancel my account",
		"Country": "what your country can do for you", "Weather": "it will rain tomorrow",
	} {
		_, err := c.CreateTracker(t.Context(), symbl.Tracker{Name: name, Vocabulary: []string{phrase}})
		require.NoError(t, err)
	}
	return c
}

// heard submits a recording, waits for its job, and gives who said something
// for each tracker that fired.
func heard(t *testing.T, c *symbl.Client, recording []byte, options symbl.Options) map[string]string {
	t.Helper()
	options.EnableAllTrackers = true
	job, err := c.SubmitFile(t.Context(), symbl.FileRequest{Options: options, Size: int64(len(recording))}, bytes.NewReader(recording))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		status, err := c.Job(t.Context(), job.JobID)
		require.NoError(t, err)
		require.NotEqual(t, symbl.Failed, status.Status, status.Error)
		return status.Status == symbl.Completed
	}, recognition, 50*time.Millisecond)
	messages, err := c.Messages(t.Context(), job.ConversationID)
	require.NoError(t, err)
	from := map[string]string{}
	for _, m := range messages {
		from[m.ID] = m.From.Name
	}
	results, err := c.TrackerResults(t.Context(), job.ConversationID)
	require.NoError(t, err)
	speakers := map[string]string{}
	for _, r := range results {
		speakers[r.Name] = from[r.Matches[0].MessageRefs[0].ID]
	}
	return speakers
}

func TestASpokenSentenceIsUnderstood(t *testing.T) {
	needSpeech(t, "flite")
	got := heard(t, listening(t, pocketsphinx(t)), interleaved(spoken(t, "rms", customerSays)), symbl.Options{})
	require.Equal(t, map[string]string{"Lost Card": "", "Cancellation": ""}, got)
}

// spokenCall is a call with the agent on its first channel and the customer on
// its second, and how to submit it.
func spokenCall(t *testing.T) ([]byte, symbl.Options) {
	t.Helper()
	agent := spoken(t, "slt", agentSays)
	customer := append(make([]byte, len(agent)+16_000), spoken(t, "rms", customerSays)...)
	return interleaved(agent, customer), symbl.Options{SeparateChannels: true, ChannelMetadata: []symbl.Channel{
		{Channel: 1, Speaker: symbl.Person{Name: "Agent"}}, {Channel: 2, Speaker: symbl.Person{Name: "Customer"}},
	}}
}

// inTheCall are the trackers of the spoken call, and who said them.
func inTheCall() map[string]string {
	return map[string]string{"Discount": "Agent", "Lost Card": "Customer", "Cancellation": "Customer"}
}

func TestEachSideOfACallIsUnderstood(t *testing.T) {
	needSpeech(t, "flite")
	recording, options := spokenCall(t)
	require.Equal(t, inTheCall(), heard(t, listening(t, pocketsphinx(t)), recording, options))
}

// A human voice, where the recording is at hand: it lies beside the
// repository and is not part of it.
func TestAHumanVoiceIsUnderstood(t *testing.T) {
	recording, err := os.ReadFile("../../../../shared/data/audio/jfk.wav")
	if err != nil {
		t.Skip("there is no recording of a human voice here")
	}
	needSpeech(t)
	require.Contains(t, heard(t, listening(t, pocketsphinx(t)), recording, symbl.Options{}), "Country")
}
