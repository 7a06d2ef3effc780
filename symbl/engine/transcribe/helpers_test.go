package transcribe_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

// nats.go 1.55 leaves this goroutine of an object's Put behind when it starts
// only after the Put has ended.
const lateStart = "github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(lateStart)) }

// speech is a silent file of some length to transcribe.
func speech(t *testing.T, length time.Duration) engine.Speech {
	t.Helper()
	samples := int(length/time.Millisecond) * 32
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(samples+36))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data"...)
	b = append(le.AppendUint32(b, uint32(samples)), make([]byte, samples)...)
	path := filepath.Join(t.TempDir(), "channel-1.wav")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return engine.Speech{Path: path, Duration: length, Language: "en-US"}
}

// failure is what a transcriber says of an error.
func failure(t *testing.T, err error) *engine.TranscriberError {
	t.Helper()
	var failed *engine.TranscriberError
	require.ErrorAs(t, err, &failed)
	return failed
}
