package symbl_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// submitted is the documentation's answer to a submission.
const submitted = `{"conversationId":"5815170693595136","jobId":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}`

var documentedJob = symbl.Job{ConversationID: "5815170693595136", JobID: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}

// everything is all options at once.
func everything() symbl.Options {
	return symbl.Options{
		Name: "support.CA1 & co", WebhookURL: "https://calls.example.com/callbacks/symbl/Tk9?x=1",
		EnableAllTrackers: true, TrackerIDs: []string{"5123033831841280", "7"}, LanguageCode: "en-GB",
		SeparateChannels: true, IdempotencyKey: "support.CA1",
		ChannelMetadata: []symbl.Channel{{Channel: 1, Speaker: symbl.Person{Name: "Ann", Email: "ann@example.com"}}, {Channel: 2, Speaker: symbl.Person{Name: "Caller"}}},
	}
}

func TestSubmitTextIsSentAsDocumented(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/text": {{status: 201, body: submitted}}})
	at := time.Date(2020, 7, 10, 11, 16, 21, 24e6, time.UTC)
	job, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{
		Options: everything(),
		Messages: []symbl.TextMessage{
			{Payload: symbl.Payload{Content: "We're <running> a sale", ContentType: "text/plain"}, From: &symbl.Person{Name: "Ann", UserID: "u1"}, Duration: &symbl.Span{StartTime: at, EndTime: at.Add(time.Second)}},
			{Payload: symbl.Payload{Content: "Thanks"}},
		},
	})
	require.NoError(t, err)
	require.Equal(t, documentedJob, job)
	got := f.only(t)
	require.Equal(t, "POST /v1/process/text", got.line())
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Equal(t, "support.CA1", got.Header.Get("Idempotency-Key"))
	require.JSONEq(t, `{
		"name": "support.CA1 & co",
		"webhookUrl": "https://calls.example.com/callbacks/symbl/Tk9?x=1",
		"languageCode": "en-GB",
		"enableAllTrackers": true,
		"trackers": [{"id":"5123033831841280"},{"id":"7"}],
		"messages": [
			{"payload":{"content":"We're <running> a sale","contentType":"text/plain"},"from":{"name":"Ann","userId":"u1"},
			 "duration":{"startTime":"2020-07-10T11:16:21.024Z","endTime":"2020-07-10T11:16:22.024Z"}},
			{"payload":{"content":"Thanks"}}]
	}`, got.Body)
}

func TestSubmitURLIsSentAsDocumented(t *testing.T) {
	const body = `{
		"url": "https://media.example.com/call.mp3?sig=abc",
		"name": "support.CA1 & co",
		"webhookUrl": "https://calls.example.com/callbacks/symbl/Tk9?x=1",
		"languageCode": "en-GB",
		"enableAllTrackers": true,
		"trackers": [{"id":"5123033831841280"},{"id":"7"}],
		"enableSeparateRecognitionPerChannel": true,
		"channelMetadata": [{"channel":1,"speaker":{"name":"Ann","email":"ann@example.com"}},{"channel":2,"speaker":{"name":"Caller"}}]
	}`
	for kind, path := range map[symbl.Kind]string{
		symbl.Audio: "/v1/process/audio/url", symbl.Video: "/v1/process/video/url", "": "/v1/process/audio/url",
	} {
		f := serve(t, map[string][]answer{"POST " + path: {{status: 201, body: submitted}}})
		job, err := client(t, f.URL).SubmitURL(t.Context(), symbl.URLRequest{
			Options: everything(), Kind: kind, URL: "https://media.example.com/call.mp3?sig=abc",
		})
		require.NoError(t, err)
		require.Equal(t, documentedJob, job)
		got := f.only(t)
		require.Equal(t, "POST "+path, got.line())
		require.JSONEq(t, body, got.Body)
	}
}

func TestOptionsThatAreNotSetAreNotSent(t *testing.T) {
	f := serve(t, map[string][]answer{
		"POST /v1/process/audio/url": {{status: 201, body: submitted}},
		"POST /v1/process/audio":     {{status: 201, body: submitted}},
	})
	c := client(t, f.URL)
	alone := symbl.Options{ChannelMetadata: []symbl.Channel{{Channel: 1}}} // only valid with the flag
	_, err := c.SubmitURL(t.Context(), symbl.URLRequest{Options: alone, URL: "https://x.example/a"})
	require.NoError(t, err)
	_, err = c.SubmitFile(t.Context(), symbl.FileRequest{Options: alone}, strings.NewReader("x"))
	require.NoError(t, err)
	calls := f.calls()
	require.JSONEq(t, `{"url":"https://x.example/a"}`, calls[0].Body)
	require.Equal(t, "POST /v1/process/audio", calls[1].line())
	require.NotContains(t, calls[1].Header, "Idempotency-Key")
}

func TestSubmitFileIsSentAsDocumented(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/audio": {{status: 201, body: submitted}}})
	job, err := client(t, f.URL).SubmitFile(t.Context(), symbl.FileRequest{Options: everything(), Size: 8, ContentType: "audio/wav"}, strings.NewReader("RIFFdata"))
	require.NoError(t, err)
	require.Equal(t, documentedJob, job)
	got := f.only(t)
	query, err := url.ParseQuery(got.Query)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(url.Values{
		"name":                                {"support.CA1 & co"},
		"webhookUrl":                          {"https://calls.example.com/callbacks/symbl/Tk9?x=1"},
		"languageCode":                        {"en-GB"},
		"enableAllTrackers":                   {"true"},
		"trackers":                            {`[{"id":"5123033831841280"},{"id":"7"}]`},
		"enableSeparateRecognitionPerChannel": {"true"},
		"channelMetadata":                     {`[{"channel":1,"speaker":{"name":"Ann","email":"ann@example.com"}},{"channel":2,"speaker":{"name":"Caller"}}]`},
	}, query))
	require.Equal(t, "audio/wav", got.Header.Get("Content-Type"))
	require.Equal(t, "support.CA1", got.Header.Get("Idempotency-Key"))
	require.EqualValues(t, 8, got.Length)
	require.Equal(t, "RIFFdata", got.Body)
}

func TestAFileOfUnknownSizeIsSentInChunks(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/video": {{status: 201, body: submitted}}})
	_, err := client(t, f.URL).SubmitFile(t.Context(), symbl.FileRequest{Kind: symbl.Video}, strings.NewReader("ftyp"))
	require.NoError(t, err)
	got := f.only(t)
	require.EqualValues(t, -1, got.Length)
	require.Equal(t, "ftyp", got.Body)
}

func TestOnlyDocumentedContentTypesArePassedOn(t *testing.T) {
	for _, tt := range []struct {
		kind        symbl.Kind
		given, sent string
	}{
		{symbl.Audio, "audio/wav", "audio/wav"},
		{symbl.Audio, "Audio/MPEG; rate=8000", "audio/mpeg"},
		{symbl.Audio, "audio/mp3", "audio/mp3"},
		{"", "audio/wave", "audio/wave"},
		{symbl.Video, "video/mp4", "video/mp4"},
		{symbl.Audio, "audio/ogg", ""},
		{symbl.Audio, "audio/x-wav", ""},
		{symbl.Audio, "application/octet-stream", ""},
		{symbl.Audio, "video/mp4", ""},
		{symbl.Video, "audio/wav", ""},
		{symbl.Audio, ";;", ""},
		{symbl.Audio, "", ""},
	} {
		f := serve(t, map[string][]answer{
			"POST /v1/process/audio": {{status: 201, body: submitted}},
			"POST /v1/process/video": {{status: 201, body: submitted}},
		})
		_, err := client(t, f.URL).SubmitFile(t.Context(), symbl.FileRequest{Kind: tt.kind, ContentType: tt.given}, strings.NewReader("x"))
		require.NoError(t, err)
		require.Equal(t, tt.sent, f.only(t).Header.Get("Content-Type"), "%q of %q", tt.given, tt.kind)
	}
}

func TestASubmissionSucceedsWith200To202AndBothIDs(t *testing.T) {
	for _, status := range []int{200, 201, 202} {
		f := serve(t, map[string][]answer{"POST /v1/process/text": {{status: status, body: submitted}}})
		_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
		require.NoError(t, err)
	}
	for name, a := range map[string]answer{
		"204":             {status: 204},
		"206":             {status: 206, body: submitted},
		"HTML":            {status: 201, body: "<html>"},
		"empty":           {status: 201},
		"no job id":       {status: 201, body: `{"conversationId":"5"}`},
		"ids are objects": {status: 201, body: `{"conversationId":{},"jobId":{}}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{"POST /v1/process/text": {a}})
			job, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
			e := failure(t, err)
			require.Equal(t, symbl.Transient, e.Class)
			require.False(t, e.Definite, "it may have been accepted")
			require.Empty(t, job.JobID)
			require.Equal(t, name == "no job id", job.ConversationID == "5", "what is known is returned")
		})
	}
}

func TestSubmissionsThatCannotBeRightAreNotSent(t *testing.T) {
	f := serve(t, nil)
	c := client(t, f.URL)
	badKey := symbl.Options{IdempotencyKey: "a\r\nX-Evil: 1"}
	for name, submit := range map[string]func(body io.Reader) error{
		"unknown kind of file": func(b io.Reader) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{Kind: "smell"}, b)
			return err
		},
		"key with a line break": func(b io.Reader) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{Options: badKey}, b)
			return err
		},
		"unknown kind of URL": func(io.Reader) error {
			_, err := c.SubmitURL(t.Context(), symbl.URLRequest{Kind: "smell", URL: "https://x.example"})
			return err
		},
		"no URL": func(io.Reader) error {
			_, err := c.SubmitURL(t.Context(), symbl.URLRequest{})
			return err
		},
		"text with a bad key": func(io.Reader) error {
			_, err := c.SubmitText(t.Context(), symbl.TextRequest{Options: badKey})
			return err
		},
		"no file": func(io.Reader) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := &closable{Reader: strings.NewReader("x")}
			e := failure(t, submit(file))
			require.Equal(t, symbl.Permanent, e.Class)
			require.True(t, e.Definite)
			if strings.Contains(name, "of file") || strings.Contains(name, "line break") {
				require.Equal(t, 1, file.closed)
			}
		})
	}
	require.Empty(t, f.got)
}

type closable struct {
	io.Reader
	closed int
}

func (c *closable) Close() error { c.closed++; return nil }

func TestTheFileIsClosedOnce(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/audio": {{status: 201, body: submitted}}})
	file := &closable{Reader: strings.NewReader("RIFF")}
	_, err := client(t, f.URL).SubmitFile(t.Context(), symbl.FileRequest{Size: 4}, file)
	require.NoError(t, err)
	require.Equal(t, 1, file.closed)
}

// failing gives some bytes and then an error.
type failing struct {
	io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestAFileThatCannotBeReadIsNoFaultOfTheServer(t *testing.T) {
	errGone := fmt.Errorf("download: %w", &url.Error{Op: "Get", URL: "https://media.example.com/x?sig=hunter2", Err: errors.New("peer is gone")})
	for name, tt := range map[string]struct {
		request symbl.FileRequest
		body    io.Reader
		cause   error
	}{
		"of unknown size": {symbl.FileRequest{}, &failing{strings.NewReader("RIFF"), errGone}, errGone},
		"of known size":   {symbl.FileRequest{Size: 100}, &failing{strings.NewReader("RIFF"), errGone}, errGone},
		"too short":       {symbl.FileRequest{Size: 100}, strings.NewReader("RIFF"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{"POST /v1/process/audio": {{status: 201, body: submitted}}})
			_, err := client(t, f.URL).SubmitFile(t.Context(), tt.request, tt.body)
			e := failure(t, err)
			require.Equal(t, symbl.Transient, e.Class)
			require.True(t, e.Definite, "half a body is not accepted")
			require.ErrorContains(t, err, "read the file")
			require.NotContains(t, err.Error(), "hunter2")
			if tt.cause != nil {
				require.ErrorIs(t, err, tt.cause, "the caller knows what its reader means")
			}
			require.Empty(t, f.calls(), "the server saw the end of a body")
		})
	}
	t.Run("even if the server complains", func(t *testing.T) {
		c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
			_, err := io.ReadAll(r.Body)
			require.Error(t, err)
			return reply(r, http.StatusBadRequest, `{"message":"cannot read the audio"}`), nil
		})))
		_, err := c.SubmitFile(t.Context(), symbl.FileRequest{}, &failing{strings.NewReader("RIFF"), errGone})
		require.ErrorIs(t, err, errGone)
		require.Equal(t, symbl.Transient, failure(t, err).Class)
	})
}

func TestARefusalBeforeTheFileIsReadIsTheServersOwn(t *testing.T) {
	c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
		// A transport that has the answer closes the body, perhaps while it is
		// being read; such a read fails.
		require.NoError(t, r.Body.Close())
		_, err := r.Body.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		return reply(r, http.StatusTooManyRequests, ""), nil
	})))
	source, _ := io.Pipe()
	_, err := c.SubmitFile(t.Context(), symbl.FileRequest{}, source)
	require.Equal(t, symbl.Throttled, failure(t, err).Class)
}
