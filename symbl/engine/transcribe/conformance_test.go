package transcribe_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

// kit is one way to transcribe, for the suite.
type kit struct {
	name string
	// gives makes a transcriber that hears this in every file.
	gives func(t *testing.T, output string) engine.Transcriber
	// fails makes one that fails, and says why.
	fails func(t *testing.T, why string) engine.Transcriber
	// hangs makes one that never answers; begun is closed when it was asked.
	hangs func(t *testing.T, begun chan struct{}) engine.Transcriber
	// endless makes one whose answer has no end.
	endless func(t *testing.T) engine.Transcriber
}

func kits() []kit {
	return []kit{
		{
			name: "command",
			gives: func(t *testing.T, output string) engine.Transcriber {
				t.Helper()
				path := filepath.Join(t.TempDir(), "output")
				require.NoError(t, os.WriteFile(path, []byte(output), 0o600))
				return command(t, `cat `+path)
			},
			fails: func(t *testing.T, why string) engine.Transcriber {
				t.Helper()
				return command(t, `echo '`+why+`' >&2; exit 1`)
			},
			hangs: func(t *testing.T, begun chan struct{}) engine.Transcriber {
				t.Helper()
				path := filepath.Join(t.TempDir(), "begun")
				go func() {
					for _, err := os.Stat(path); err != nil && t.Context().Err() == nil; _, err = os.Stat(path) {
						<-time.After(time.Millisecond)
					}
					close(begun)
				}()
				return command(t, `touch `+path+`; sleep 1000`)
			},
			endless: func(t *testing.T) engine.Transcriber {
				t.Helper()
				return command(t, `cat /dev/zero`)
			},
		},
		{
			name: "openai",
			gives: func(t *testing.T, output string) engine.Transcriber {
				t.Helper()
				return server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, output) })
			},
			fails: func(t *testing.T, why string) engine.Transcriber {
				t.Helper()
				return server(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, why, http.StatusInternalServerError) })
			},
			hangs: func(t *testing.T, begun chan struct{}) engine.Transcriber {
				t.Helper()
				return server(t, func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					close(begun)
					<-r.Context().Done()
				})
			},
			endless: func(t *testing.T) engine.Transcriber {
				t.Helper()
				return server(t, func(w http.ResponseWriter, _ *http.Request) {
					for junk := make([]byte, 1<<20); ; {
						if _, err := w.Write(junk); err != nil {
							return
						}
					}
				})
			},
		},
	}
}

// command makes a transcriber of a shell script whose $1 is the file.
func command(t *testing.T, script string) engine.Transcriber {
	t.Helper()
	c, err := transcribe.NewCommand([]string{"/bin/sh", "-c", script, "sh", transcribe.Input})
	require.NoError(t, err)
	return c
}

// server makes a transcriber of an HTTP handler.
func server(t *testing.T, handler http.HandlerFunc) *transcribe.OpenAI {
	t.Helper()
	return modelled(t, "whisper-1", handler)
}

func modelled(t *testing.T, model string, handler http.HandlerFunc) *transcribe.OpenAI {
	t.Helper()
	srv := httptest.NewServer(handler)
	o, err := transcribe.NewOpenAI(transcribe.OpenAIConfig{BaseURL: srv.URL + "/v1", Model: model, APIKey: key})
	require.NoError(t, err)
	t.Cleanup(func() { o.Close(); srv.Close() })
	return o
}

const key = "sk-the-secret-key"

// outputs are ways to write the same two segments.
func outputs() map[string]string {
	return map[string]string{
		"WebVTT":         "WEBVTT\n\n00:00.500 --> 00:01.500\nI lost my\ndebit card\n\n00:02.000 --> 00:03.000\nand <b>more</b>\n",
		"SRT":            "1\n00:00:00,500 --> 00:00:01,500\nI lost my\ndebit card\n\n2\n00:00:02,000 --> 00:00:03,000\n<i>and</i> more\n",
		"verbose_json":   `{"task":"transcribe","language":"english","duration":3,"text":"…","segments":[{"id":0,"seek":0,"start":0.5,"end":1.5,"text":" I lost my debit card","tokens":[1],"avg_logprob":-0.2},{"id":1,"start":2,"end":3,"text":" and more"}]}`,
		"JSON segments":  `[{"start":0.5,"end":1.5,"text":"I lost my debit card"},{"start":2.0,"end":3.0,"text":"and more"}]`,
		"whisper.cpp's":  `{"systeminfo":"x","result":{"language":"en"},"transcription":[{"timestamps":{"from":"00:00:00,500","to":"00:00:01,500"},"offsets":{"from":500,"to":1500},"text":" I lost my debit card"},{"offsets":{"from":2000,"to":3000},"text":" and more"}]}`,
		"whisper's log":  "Detecting language\n[00:00:00.500 --> 00:00:01.500]   I lost my debit card\n[00:02.000 --> 00:03.000]  and more\n\n",
		"beyond the end": `[{"start":0.5,"end":1.5,"text":"I lost my debit card"},{"start":2.0,"end":9999,"text":"and more"},{"start":-1,"end":-1,"text":" "},{"start":3,"end":3,"text":"[BLANK_AUDIO]"}]`,
	}
}

func TestTranscribersReadEveryOutput(t *testing.T) {
	want := []engine.Segment{
		{Start: 500 * time.Millisecond, End: 1500 * time.Millisecond, Text: "I lost my debit card"},
		{Start: 2 * time.Second, End: 3 * time.Second, Text: "and more"},
	}
	for _, k := range kits() {
		for name, output := range outputs() {
			t.Run(k.name+", "+name, func(t *testing.T) {
				got, err := k.gives(t, output).Transcribe(t.Context(), speech(t, 3*time.Second))
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(want, got))
			})
		}
	}
}

func TestTranscribersTellSpeakersWhereTheyKnowThem(t *testing.T) {
	for _, k := range kits() {
		for _, output := range []string{
			`{"text":"…","segments":[{"type":"transcript.text.segment","id":"seg_001","start":0,"end":1,"text":"Hi","speaker":"A"},{"start":1,"end":2,"text":"Hello","speaker":"B"}]}`,
			"WEBVTT\n\n00:00.000 --> 00:01.000\n<v A>Hi\n\n00:01.000 --> 00:02.000\n<v B>Hello\n",
		} {
			s := speech(t, 2*time.Second)
			s.Diarize = true
			got, err := k.gives(t, output).Transcribe(t.Context(), s)
			require.NoError(t, err)
			require.Len(t, got, 2)
			require.Equal(t, []string{"A", "B"}, []string{got[0].Speaker, got[1].Speaker})
		}
	}
}

func TestSilenceIsNoError(t *testing.T) {
	for _, k := range kits() {
		for _, output := range []string{"", "WEBVTT\n", "[]", `{"text":"","segments":[]}`, "[00:00:00.000 --> 00:00:03.000]  [BLANK_AUDIO]\n"} {
			got, err := k.gives(t, output).Transcribe(t.Context(), speech(t, time.Second))
			require.NoError(t, err, "%s: %q", k.name, output)
			require.Empty(t, got)
		}
	}
}

func TestATextWithoutTimesIsOneSegment(t *testing.T) {
	for _, k := range kits() {
		got, err := k.gives(t, `{"text":"I lost my debit card"}`).Transcribe(t.Context(), speech(t, time.Second))
		require.NoError(t, err)
		require.Equal(t, []engine.Segment{{End: time.Second, Text: "I lost my debit card"}}, got)
	}
}

func TestWhatIsNoTranscriptIsRefused(t *testing.T) {
	for _, k := range kits() {
		for _, output := range []string{"the private words", `{"private": "words"}`, `{"segments": "private words"}`, `[1]`, `{"segm`, "1\n00:00:xx --> 00:00:02,000\nprivate words\n",
			"<!DOCTYPE html>\n<html><!-- private --> <body>Log in</body></html>\n"} {
			_, err := k.gives(t, output).Transcribe(t.Context(), speech(t, time.Second))
			require.Equal(t, engine.Refused, failure(t, err).Failure, "%s: %q", k.name, output)
			require.NotContains(t, err.Error(), "private")
		}
	}
}

func TestAnAnswerWithoutEndIsRefused(t *testing.T) {
	for _, k := range kits() {
		_, err := k.endless(t).Transcribe(t.Context(), speech(t, time.Second))
		require.Equal(t, engine.Refused, failure(t, err).Failure, k.name)
		require.ErrorContains(t, err, "more than")
	}
}

func TestAFailureSaysWhyAndMayPass(t *testing.T) {
	for _, k := range kits() {
		_, err := k.fails(t, "out of memory "+strings.Repeat("x", 10_000)+" at the end").Transcribe(t.Context(), speech(t, time.Second))
		require.Error(t, err)
		var failed *engine.TranscriberError
		if errors.As(err, &failed) {
			require.NotEqual(t, engine.Refused, failed.Failure, k.name)
		}
		require.Less(t, len(err.Error()), 1000)
		require.Regexp(t, "out of memory|at the end", err.Error())
	}
}

func TestCancellingEndsATranscription(t *testing.T) {
	why := errors.New("the job was taken away")
	for _, k := range kits() {
		begun := make(chan struct{})
		transcriber := k.hangs(t, begun)
		ctx, cancel := context.WithCancelCause(t.Context())
		ended, s := make(chan error, 1), speech(t, time.Second)
		go func() {
			_, err := transcriber.Transcribe(ctx, s)
			ended <- err
		}()
		<-begun
		cancel(why)
		select {
		case err := <-ended:
			require.ErrorIs(t, err, why, k.name)
		case <-time.After(10 * time.Second):
			require.Fail(t, "it goes on", k.name)
		}
	}
}

func TestAFileThatIsGoneIsAnError(t *testing.T) {
	for _, k := range kits() {
		s := speech(t, time.Second)
		s.Path = filepath.Join(t.TempDir(), "gone.wav")
		transcriber := k.gives(t, "[]")
		if k.name == "command" {
			transcriber = command(t, `cat "$1"`)
		}
		_, err := transcriber.Transcribe(t.Context(), s)
		require.Error(t, err)
	}
}
