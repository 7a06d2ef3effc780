package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFormThatASessionDidNotOutliveSaysSo(t *testing.T) {
	s := newSite(t, "op", "")
	for referer, want := range map[string]string{
		"": "/trackers", "http://localhost:8081/trackers/edit?id=7&x=%26": "/trackers/edit?id=7&x=%26", "http://evil.example/x": "/trackers", "http://localhost:8081//evil.example": "/",
		"http://localhost:8081/trackers/preview": "/trackers", "http://localhost:8081/system/silences": "/trackers",
		"http://localhost:8081/recordings/calls.a/replay": "/recordings", "http://localhost:8081/recordings/calls.a": "/recordings/calls.a",
	} {
		r := httptest.NewRequest(http.MethodPost, "/trackers/save", strings.NewReader(url.Values{"id": {"7"}}.Encode()))
		r.Host = "localhost:8081"
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Referer", referer)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, 401, w.Code)
		require.Contains(t, w.Body.String(), "You are no longer signed in", referer)
		require.Contains(t, w.Body.String(), "Nothing was changed")
		require.Contains(t, w.Body.String(), `href="/login?next=`+url.QueryEscape(want)+`"`)
	}
	require.Contains(t, s.get("/login?next="+url.QueryEscape("/trackers/edit?id=7"), "").Body.String(), `name="next" value="/trackers/edit?id=7"`)
	require.Contains(t, s.get("/login?next=//evil.example", "").Body.String(), `name="next" value="/"`)
}

// upload is a form with a file of so many bytes.
func upload(t *testing.T, path string, size int) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "mine.yaml")
	require.NoError(t, err)
	_, err = part.Write(bytes.Repeat([]byte("#"), size))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Authorization", "Bearer op")
	return r
}

func TestAFileMayBeLargerThanAForm(t *testing.T) {
	s := newSite(t, "op", "")
	for _, c := range []struct {
		path       string
		size, want int
	}{{"/trackers/import", 8<<20 - 1000, 303}, {"/trackers/import", 8 << 20, 413}, {"/trackers/preview", 1 << 20, 413}} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, upload(t, c.path, c.size))
		require.Equal(t, c.want, w.Code, "%s %d", c.path, c.size)
		if c.want == 413 {
			require.Contains(t, w.Body.String(), "MiB that are read at once")
		}
	}
	require.Len(t, s.trackers.imported, 8<<20-1000)
	w := s.do("POST", "/trackers/save", "op", url.Values{"vocabulary": {strings.Repeat("x", 1<<20)}})
	require.Equal(t, 413, w.Code)
	require.NotContains(t, w.Body.String(), "too old")
}
