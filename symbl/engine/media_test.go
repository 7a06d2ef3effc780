package engine_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// ears is a transcriber that is told what to hear, and keeps what it was
// given.
type ears struct {
	hear func(ctx context.Context, s engine.Speech) ([]engine.Segment, error)

	mu    sync.Mutex
	asked []engine.Speech
}

func (e *ears) Transcribe(ctx context.Context, s engine.Speech) ([]engine.Segment, error) {
	e.mu.Lock()
	e.asked = append(e.asked, s)
	e.mu.Unlock()
	return e.hear(ctx, s)
}

func (e *ears) calls() []engine.Speech {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// hearing always hears the same.
func hearing(segments ...engine.Segment) *ears {
	return &ears{hear: func(context.Context, engine.Speech) ([]engine.Segment, error) { return segments, nil }}
}

// at is a segment.
func at(start, end float64, text string) engine.Segment {
	return engine.Segment{Start: time.Duration(start * 1e9), End: time.Duration(end * 1e9), Text: text}
}

// upload submits a recording and gives its job.
func (a *api) upload(recording, query string, headers ...string) symbl.Job {
	a.t.Helper()
	status, answer := a.do(http.MethodPost, "/v1/process/audio?"+query, recording, headers...)
	require.Equal(a.t, http.StatusCreated, status, answer)
	return decode[symbl.Job](a.t, answer)
}

// kept is how many objects are in the engine's object store.
func kept(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	blobs, err := js.ObjectStore(t.Context(), "ENGINE_BLOBS")
	require.NoError(t, err)
	objects, err := blobs.List(t.Context())
	if err != nil {
		require.ErrorIs(t, err, jetstream.ErrNoObjectsFound)
	}
	return len(objects)
}

func TestARecordingBecomesMessagesAndTrackers(t *testing.T) {
	transcriber := hearing(at(0.5, 1, "Hello."), at(1.2, 2, "I lost my debit card"), at(2, 2.5, "today."))
	js, dir := connect(t, startNATS(t)), t.TempDir()
	e := newEngine(t, js, engine.Config{Transcriber: transcriber, TempDir: dir})
	stop := start(t, e)
	a := call(t, e)
	a.track("Lost Card", "lost my debit card")
	job := a.upload(hum(3, 0.5), "name=call+7&startTime=2026-01-02T03:04:05Z&languageCode=en-GB&customVocabulary="+
		url.QueryEscape(`["Trackerbell"]`)+"&enableSpeakerDiarization=true&diarizationSpeakerCount=2")
	a.await(job, symbl.Completed)

	require.Len(t, transcriber.calls(), 1)
	require.Empty(t, cmp.Diff(engine.Speech{
		Duration: 3 * time.Second, Language: "en-GB", Vocabulary: []string{"Trackerbell"}, Diarize: true, Speakers: 2,
	}, transcriber.calls()[0], cmpopts.IgnoreFields(engine.Speech{}, "Path")))

	messages := a.messages(job.ConversationID)
	require.Len(t, messages, 2, "a sentence that was cut is one message")
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Equal(t, "I lost my debit card today.", messages[1].Text)
	require.Equal(t, begin.Add(1200*time.Millisecond), messages[1].StartTime)
	require.Equal(t, begin.Add(2500*time.Millisecond), messages[1].EndTime)
	require.InDelta(t, 1.2, *messages[1].TimeOffset, 0.001, "it counts from the start of the recording")
	found := a.detected(job.ConversationID)
	require.Len(t, found, 1)
	require.Equal(t, messages[1].ID, found[0].Matches[0].MessageRefs[0].ID)
	require.Equal(t, 2, found[0].Matches[0].MessageRefs[0].Offset)

	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Zero(t, kept(t, js), "audio is not kept")
	stop()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// Channel 1 is louder than channel 2, so that they can be told apart.
func byLoudness(t *testing.T) *ears {
	t.Helper()
	return &ears{hear: func(_ context.Context, s engine.Speech) ([]engine.Segment, error) {
		data, err := os.ReadFile(s.Path)
		if err != nil {
			return nil, err
		}
		peak := 0
		for i := 44; i < len(data); i += 2 {
			peak = max(peak, int(int16(uint16(data[i])|uint16(data[i+1])<<8)))
		}
		switch {
		case peak > 20_000:
			return []engine.Segment{at(0, 1, "How can I help?"), at(3, 4, "I can offer you a discount.")}, nil
		case peak > 13_000:
			return []engine.Segment{at(0, 4, "Both at once.")}, nil
		}
		return []engine.Segment{at(1.5, 2.5, "I lost my card.")}, nil
	}}
}

func TestChannelsAreHeardApartAndPutTogetherByTime(t *testing.T) {
	a := oneEngine(t, engine.Config{Transcriber: byLoudness(t), TempDir: t.TempDir()})
	said := func(job symbl.Job) (lines []string) {
		a.await(job, symbl.Completed)
		for _, m := range a.messages(job.ConversationID) {
			lines = append(lines, m.From.Name+" "+m.From.Email+"|"+m.Text)
		}
		return lines
	}
	const apart = "enableSeparateRecognitionPerChannel=true&"
	metadata := "channelMetadata=" + url.QueryEscape(`[{"channel":2,"speaker":{"name":"Caller"}},{"channel":1,"speaker":{"name":"Agent","email":"agent@example.com"}}]`)
	call := hum(5, 0.8, 0.2)
	require.Equal(t, []string{
		"Agent agent@example.com|How can I help?", "Caller |I lost my card.", "Agent agent@example.com|I can offer you a discount.",
	}, said(a.upload(call, apart+metadata)))
	require.Equal(t, []string{
		"Speaker 1 |How can I help?", "Speaker 2 |I lost my card.", "Speaker 1 |I can offer you a discount.",
	}, said(a.upload(call, apart)))
	require.Equal(t, []string{" |Both at once."}, said(a.upload(call, metadata)))
	require.Equal(t, []string{"Speaker 1 |How can I help?", "Speaker 1 |I can offer you a discount."},
		said(a.upload(hum(5, 0.8, 0), apart)), "a silent channel is not heard")
}

// voices can tell speakers apart.
type voices struct{ *ears }

func (voices) Diarizes() bool { return true }

func TestDiarizationReplacesChannelsWhereTheTranscriberCan(t *testing.T) {
	one := at(0, 1, "Hello.")
	one.Speaker = "A"
	for _, able := range []bool{true, false} {
		heard := hearing(one)
		var transcriber engine.Transcriber = heard
		if able {
			transcriber = voices{heard}
		}
		a := oneEngine(t, engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
		job := a.upload(hum(1, 0.8, 0.2), "enableSeparateRecognitionPerChannel=true&enableSpeakerDiarization=true")
		a.await(job, symbl.Completed)
		if able {
			require.Len(t, heard.calls(), 1)
			require.Equal(t, "A", a.messages(job.ConversationID)[0].From.Name)
		} else {
			require.Len(t, heard.calls(), 2)
			require.Equal(t, "Speaker 1", a.messages(job.ConversationID)[0].From.Name)
		}
	}
}

func TestARecordingIsAppendedToAConversation(t *testing.T) {
	a := oneEngine(t, engine.Config{Transcriber: hearing(at(0, 1, "The sale goes on.")), TempDir: t.TempDir()})
	a.track("Sale", "sale")
	first := a.submit(says("a sale"))
	a.await(first, symbl.Completed)
	second := decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/video/"+first.ConversationID, hum(1, 0.5)))
	require.Equal(t, first.ConversationID, second.ConversationID)
	a.await(second, symbl.Completed)
	require.Len(t, a.messages(first.ConversationID), 2)
	require.Len(t, a.detected(first.ConversationID)[0].Matches[0].MessageRefs, 2)
	a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/audio/1234567890123456", hum(1, 0.5))
	a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/audio/url/1234567890123456", `{"url":"https://example.com/a.wav"}`)
}

func TestUploadsThatCannotBeAreRefusedAtOnce(t *testing.T) {
	js := connect(t, startNATS(t))
	a := call(t, newEngine(t, js, engine.Config{Transcriber: hearing(), MaxMedia: 100_000}))
	for body, want := range map[string]int{
		"":                               http.StatusBadRequest,
		"<html>Log in</html>":            http.StatusBadRequest,
		`{"url":"https://x.example/a"}`:  http.StatusBadRequest,
		hum(7, 0.5):                      http.StatusRequestEntityTooLarge,
		"ID3" + strings.Repeat("x", 1e6): http.StatusRequestEntityTooLarge,
	} {
		a.refused(want, http.MethodPost, "/v1/process/audio", body)
	}
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio?confidenceThreshold=2", hum(1, 0.5)), "confidenceThreshold")
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio?url=x", hum(1, 0.5)), `"url"`)
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio", hum(1, 0.5), "Idempotency-Key", strings.Repeat("k", 300)), "Idempotency-Key")
	form := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n" + hum(1, 0.5) + "\r\n--b--\r\n"
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio", form), "not a multipart form")
	require.Zero(t, kept(t, js))
}

func TestTheSameUploadIsTakenInOnce(t *testing.T) {
	js := connect(t, startNATS(t))
	a := call(t, newEngine(t, js, engine.Config{Transcriber: hearing()}))
	recording := hum(1, 0.5)
	job := a.upload(recording, "name=x", "Idempotency-Key", "k")
	one := kept(t, js)
	require.Equal(t, job, a.upload(recording, "name=x", "Idempotency-Key", "k"))
	a.refused(http.StatusUnprocessableEntity, http.MethodPost, "/v1/process/audio?name=x", hum(1, 0.4), "Idempotency-Key", "k")
	require.Equal(t, one, kept(t, js), "the bytes of a repeated upload are not kept")
}

// A large recording must come out as it went in.
func TestALargeUploadIsPutAsideInParts(t *testing.T) {
	js := connect(t, startNATS(t))
	transcriber := hearing(at(0, 1, "Hello."))
	e := newEngine(t, js, engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
	a := call(t, e)
	recording := hum(1, 0.5)
	recording = recording[:12] + "JUNK\x00\x00\x90\x00" + strings.Repeat("x", 9<<20) + recording[12:]
	job := a.upload(recording, "")
	require.Equal(t, 3, kept(t, js))
	start(t, e)
	a.await(job, symbl.Completed)
	require.Equal(t, time.Second, transcriber.calls()[0].Duration)
	require.Eventually(t, func() bool { return kept(t, js) == 0 }, eventually, tick)
}

func TestUploadsWithoutAJobAreSweptUp(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	e := newEngine(t, js, engine.Config{Transcriber: hearing()})
	a := call(t, e)
	a.upload(hum(1, 0.5), "")
	one := kept(t, js)
	js.only = "input."
	js.dieAfter(0)
	a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/audio", hum(1, 0.5))
	js.armed.Store(false)
	require.Equal(t, one+1, kept(t, js))
	for _, want := range []int{0, 1} {
		swept, err := e.Sweep(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, swept)
		e.SetNow(func() time.Time { return time.Now().Add(7 * time.Hour) })
	}
	require.Equal(t, one, kept(t, js), "that of the job stays")
}

// downloads is a client that may reach this machine.
func downloads(t *testing.T, allow ...string) *safehttp.Client {
	t.Helper()
	client, err := safehttp.New(safehttp.Options{AllowHosts: allow})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func TestARecordingIsDownloadedByURL(t *testing.T) {
	failed := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gone.wav":
			http.NotFound(w, r)
		case r.URL.Path == "/page.wav":
			_, _ = w.Write([]byte("<html>Log in</html>"))
		case r.URL.Path == "/later.wav" && failed < 25: // more often than what is nobody's fault may fail
			failed++
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(hum(1, 0.5)))
		}
	}))
	t.Cleanup(srv.Close)
	a := oneEngine(t, engine.Config{
		Transcriber: hearing(at(0, 1, "A sale.")), TempDir: t.TempDir(), Downloads: downloads(t, "127.0.0.1"), MaxMedia: 20_000,
	})
	a.track("Sale", "sale")
	submit := func(path string) symbl.Job {
		body := `{"url":"` + srv.URL + path + `?sig=secret","name":"by url","features":{},"metadata":{}}`
		return decode[symbl.Job](t, a.ok(http.MethodPost, "/v1/process/video/url", body))
	}
	for _, path := range []string{"/call.wav", "/later.wav"} {
		job := submit(path)
		a.await(job, symbl.Completed)
		require.Len(t, a.detected(job.ConversationID), 1)
	}
	require.Contains(t, a.await(submit("/gone.wav"), symbl.Failed).Error, "404")
	require.Contains(t, a.await(submit("/page.wav"), symbl.Failed).Error, "text/html")
}

func TestAServerOfRecordingsIsLeftAloneAsLongAsItAsks(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after := r.URL.Query().Get("after")
		if after == "soon" {
			after = time.Now().Add(5 * time.Minute).UTC().Format(http.TimeFormat)
		}
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(srv.Close)
	logs, seen := observer.New(zap.WarnLevel)
	a := oneEngine(t, engine.Config{
		Transcriber: hearing(), TempDir: t.TempDir(), Downloads: downloads(t, "127.0.0.1"), Logger: zap.New(logs),
	})
	for after, want := range map[string][2]time.Duration{
		"70":    {70 * time.Second, 70 * time.Second},
		"86400": {15 * time.Minute, 15 * time.Minute},
		"soon":  {4 * time.Minute, 5 * time.Minute},
		"-1":    {0, time.Second},
	} {
		job := decode[symbl.Job](t, a.ok(http.MethodPost, "/v1/process/audio/url", `{"url":"`+srv.URL+`/?after=`+after+`"}`))
		var waits *observer.ObservedLogs
		require.Eventually(t, func() bool {
			waits = seen.FilterMessageSnippet("goes back to the queue").FilterField(zap.String("job", job.JobID))
			return waits.Len() > 0
		}, eventually, tick)
		got, ok := waits.All()[0].ContextMap()["again"].(time.Duration)
		require.True(t, ok)
		require.GreaterOrEqual(t, got, want[0], after)
		require.LessOrEqual(t, got, want[1], after)
	}
}

func TestURLsThatMayNotBeFetchedFailTheJob(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	a := oneEngine(t, engine.Config{Transcriber: hearing(), TempDir: t.TempDir(), Downloads: downloads(t)})
	job := decode[symbl.Job](t, a.ok(http.MethodPost, "/v1/process/audio/url", `{"url":"`+srv.URL+`/a.wav?sig=secret"}`))
	problem := a.await(job, symbl.Failed).Error
	require.Contains(t, problem, "media.allowHosts")
	require.NotContains(t, problem, "secret")

	for _, body := range []string{`{}`, `{"url":""}`, `{"url":"ftp://x/a.wav"}`, `{"url":"a.wav"}`, `{"url":7}`} {
		require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio/url", body), `"url"`)
	}
	off := oneEngine(t, engine.Config{Transcriber: hearing(), TempDir: t.TempDir()})
	require.Contains(t, off.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/audio/url", `{"url":"https://example.com/a.wav"}`), "downloads are off")
}
