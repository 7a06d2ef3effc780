package transcribe_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// recogniser is a server that hears with pocketsphinx and speaks as OpenAI's
// and whisper.cpp's do: it stands for those, whose models cannot be had
// wherever these tests run.
type recogniser struct {
	t        *testing.T
	ears     engine.Transcriber
	troubles []http.HandlerFunc // that it has before it answers
	asked    atomic.Int32
}

// ServeHTTP is POST /v1/audio/transcriptions.
func (s *recogniser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := ask(s.t, r)
	if n := int(s.asked.Add(1)); n <= len(s.troubles) {
		s.troubles[n-1](w, r)
		return
	}
	if a.path != "POST /v1/audio/transcriptions" || a.fields.Get("model") == "" || a.fields.Get("response_format") != "verbose_json" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":{"message":"Invalid request","type":"invalid_request_error"}}`))
		return
	}
	path := filepath.Join(s.t.TempDir(), "audio.wav")
	if err := os.WriteFile(path, a.file, 0o600); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	length := time.Duration(len(a.file)-44) * time.Second / 32_000
	heard, err := s.ears.Transcribe(r.Context(), engine.Speech{Path: path, Duration: length, Language: "en-US"})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(verbose(heard, length))
}

// verboseJSON is the body of a transcription, as the server of whisper.cpp 1.9
// writes it.
type verboseJSON struct {
	Task     string           `json:"task"`
	Language string           `json:"language"`
	Duration float64          `json:"duration"`
	Text     string           `json:"text"`
	Segments []verboseSegment `json:"segments"`
}

type verboseSegment struct {
	ID           int     `json:"id"`
	Text         string  `json:"text"`
	Start        float64 `json:"start"`
	End          float64 `json:"end"`
	Tokens       []int   `json:"tokens"`
	Temperature  float64 `json:"temperature"`
	AvgLogprob   float64 `json:"avg_logprob"`
	NoSpeechProb float64 `json:"no_speech_prob"`
}

func verbose(heard []engine.Segment, length time.Duration) verboseJSON {
	v := verboseJSON{Task: "transcribe", Language: "english", Duration: length.Seconds(), Segments: []verboseSegment{}}
	for i, h := range heard {
		v.Text += " " + h.Text + "\n"
		v.Segments = append(v.Segments, verboseSegment{
			ID: i, Text: " " + h.Text, Start: h.Start.Seconds(), End: h.End.Seconds(), Tokens: []int{50363}, AvgLogprob: -0.3, NoSpeechProb: 0.01,
		})
	}
	return v
}

// recognising makes the server, and the transcriber that asks it.
func recognising(t *testing.T, troubles ...http.HandlerFunc) (*recogniser, engine.Transcriber) {
	t.Helper()
	s := &recogniser{t: t, ears: pocketsphinx(t), troubles: troubles}
	return s, server(t, s.ServeHTTP)
}

func TestEachSideOfACallIsUnderstoodByAServer(t *testing.T) {
	needSpeech(t, "flite")
	s, transcriber := recognising(t)
	recording, options := spokenCall(t)
	require.Equal(t, inTheCall(), heard(t, listening(t, transcriber), recording, options))
	require.EqualValues(t, 2, s.asked.Load(), "once for each channel")
}

func TestASentenceIsUnderstoodOnceTheServerIsWell(t *testing.T) {
	needSpeech(t, "flite")
	s, transcriber := recognising(t, tooBusy, hangsUp)
	got := heard(t, listening(t, transcriber), interleaved(spoken(t, "rms", customerSays)), symbl.Options{})
	require.Equal(t, map[string]string{"Lost Card": "", "Cancellation": ""}, got)
	require.EqualValues(t, 3, s.asked.Load())
}

func tooBusy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte("<html>Too Many Requests</html>"))
}

// hangsUp breaks off in the middle of its answer.
func hangsUp(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"task":"transcribe","text":" I lost my","segments":[{"id":0,"text":" I lost`))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
