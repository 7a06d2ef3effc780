package transcribe_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

// asked is a request for a transcription.
type asked struct {
	path, authorization string
	length              int64
	fields              url.Values
	file                []byte
}

func ask(t *testing.T, r *http.Request) asked {
	t.Helper()
	a := asked{path: r.Method + " " + r.URL.Path, authorization: r.Header.Get("Authorization"), length: r.ContentLength}
	if err := r.ParseMultipartForm(64 << 20); err != nil {
		t.Error(err)
		return a
	}
	a.fields = r.MultipartForm.Value
	file, header, err := r.FormFile("file")
	if err != nil {
		t.Error(err)
		return a
	}
	a.file, _ = io.ReadAll(file)
	_ = file.Close()
	if header.Filename != "audio.wav" || header.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("the file is %v", header.Header)
	}
	return a
}

func TestTheRequestIsThatOfOpenAI(t *testing.T) {
	got := make(chan asked, 1)
	o := server(t, func(w http.ResponseWriter, r *http.Request) {
		got <- ask(t, r)
		_, _ = io.WriteString(w, `{"segments":[]}`)
	})
	s := speech(t, time.Second)
	s.Vocabulary = []string{"Trackerbell", "debit card"}
	_, err := o.Transcribe(t.Context(), s)
	require.NoError(t, err)
	a := <-got
	require.Equal(t, "POST /v1/audio/transcriptions", a.path)
	require.Equal(t, "Bearer "+key, a.authorization)
	require.Greater(t, a.length, int64(32_000), "some servers take no chunks")
	require.Empty(t, cmp.Diff(url.Values{
		"model": {"whisper-1"}, "language": {"en"}, "response_format": {"verbose_json"}, "prompt": {"Trackerbell, debit card"},
	}, a.fields))
	require.Equal(t, "RIFF", string(a.file[:4]))
	require.Len(t, a.file, 44+32_000)
}

func TestADiarizingModelIsAskedForSpeakers(t *testing.T) {
	got := make(chan asked, 1)
	o := modelled(t, "gpt-4o-transcribe-diarize", func(w http.ResponseWriter, r *http.Request) {
		got <- ask(t, r)
		_, _ = io.WriteString(w, `{"segments":[]}`)
	})
	s := speech(t, time.Second)
	s.Diarize, s.Vocabulary = true, []string{"x"}
	_, err := o.Transcribe(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(url.Values{
		"model": {"gpt-4o-transcribe-diarize"}, "language": {"en"}, "response_format": {"diarized_json"}, "chunking_strategy": {"auto"},
	}, (<-got).fields))
}

func TestALongVocabularyIsCut(t *testing.T) {
	got := make(chan asked, 1)
	o := server(t, func(w http.ResponseWriter, r *http.Request) {
		got <- ask(t, r)
		_, _ = io.WriteString(w, `{"segments":[]}`)
	})
	s := speech(t, time.Second)
	for i := range 1000 {
		s.Vocabulary = append(s.Vocabulary, fmt.Sprintf("word %d", i))
	}
	_, err := o.Transcribe(t.Context(), s)
	require.NoError(t, err)
	prompt := (<-got).fields.Get("prompt")
	require.LessOrEqual(t, len(prompt), 800)
	require.True(t, strings.HasPrefix(prompt, "word 0, word 1, "))
	require.Regexp(t, `word \d+$`, prompt)
}

// OpenAI takes at most 25 MB.
func TestALongFileIsSentInPieces(t *testing.T) {
	var files []int
	o := server(t, func(w http.ResponseWriter, r *http.Request) {
		files = append(files, len(ask(t, r).file))
		_, _ = io.WriteString(w, `{"segments":[{"start":1,"end":2,"text":"hello","speaker":"A"}]}`)
	})
	got, err := o.Transcribe(t.Context(), speech(t, 12*time.Minute))
	require.NoError(t, err)
	require.Len(t, files, 2)
	total := 0
	for _, size := range files {
		require.Less(t, size, 20_000_000)
		total += size - 44
	}
	require.Equal(t, 12*60*32_000, total)
	require.Len(t, got, 2)
	require.Equal(t, time.Second, got[0].Start)
	require.Greater(t, got[1].Start, 9*time.Minute)
	require.Equal(t, "A (part 2)", got[1].Speaker, "the same label in another piece may be somebody else")
}

func TestAnswersOfTheServerAreClassified(t *testing.T) {
	for status, want := range map[int]engine.TranscriberFailure{
		400: engine.Refused, 401: engine.Refused, 403: engine.Refused, 404: engine.Refused, 413: engine.Refused, 422: engine.Refused,
		302: engine.Refused, 204: engine.Refused,
		408: engine.Away, 409: engine.Away, 425: engine.Away, 429: engine.Away, 500: engine.Away, 502: engine.Away, 503: engine.Away, 504: engine.Away,
	} {
		o := server(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, `{"error":{"message":"Incorrect API key `+key+"\u001b[31m"+`","type":"x"}}`)
			}
		})
		_, err := o.Transcribe(t.Context(), speech(t, time.Second))
		failed := failure(t, err)
		require.Equal(t, want, failed.Failure, "%d", status)
		require.Equal(t, 7*time.Second, failed.RetryAfter)
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.NotContains(t, err.Error(), key)
		require.NotContains(t, err.Error(), "\u001b")
	}
}

func TestReasonsOfOtherServersAreTold(t *testing.T) {
	for _, body := range []string{`{"error":"no such model"}`, `{"detail":"no such model"}`, `{"error":{"message":"no such model"}}`, "no such model\n"} {
		o := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, body)
		})
		_, err := o.Transcribe(t.Context(), speech(t, time.Second))
		require.True(t, strings.HasSuffix(err.Error(), "Not Found: no such model"), err)
	}
}

func TestAServerThatIsNotThereIsAway(t *testing.T) {
	o, err := transcribe.NewOpenAI(transcribe.OpenAIConfig{BaseURL: "http://127.0.0.1:1/v1?token=secret", Model: "x"})
	require.NoError(t, err)
	_, err = o.Transcribe(t.Context(), speech(t, time.Second))
	require.Equal(t, engine.Away, failure(t, err).Failure)
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.NotContains(t, err.Error(), "secret")
}

func TestAServerThatDiesWhileItAnswersIsAway(t *testing.T) {
	o := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"segments":[`)
	})
	_, err := o.Transcribe(t.Context(), speech(t, time.Second))
	require.Equal(t, engine.Away, failure(t, err).Failure)
}

func TestAWrongAddressIsRefusedAtOnce(t *testing.T) {
	for _, address := range []string{"", "whisper:8000", "ftp://whisper/v1", "http://", "http://%zz"} {
		_, err := transcribe.NewOpenAI(transcribe.OpenAIConfig{BaseURL: address})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "zz")
	}
}
