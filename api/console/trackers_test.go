package console_test

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// account is a console.Trackers whose trackers are found where a phrase stands.
type account struct {
	list     []symbl.Tracker
	saved    []symbl.Tracker
	deleted  []string
	imported string
	slow     time.Duration // that a save takes
	broken   error
}

func (a *account) List(context.Context) ([]symbl.Tracker, error) { return a.list, a.broken }

func (a *account) Save(_ context.Context, id string, t symbl.Tracker) error {
	<-time.After(a.slow)
	t.ID = id
	a.saved = append(a.saved, t)
	if at := slices.IndexFunc(a.list, func(one symbl.Tracker) bool { return one.ID == id }); at >= 0 {
		a.list[at] = t
	}
	return a.broken
}

func (a *account) Delete(_ context.Context, id string) error {
	a.deleted = append(a.deleted, id)
	return a.broken
}

func (a *account) Import(_ context.Context, file []byte) (int, error) {
	a.imported = string(file)
	return 1, a.broken
}

func (a *account) Export(context.Context) ([]byte, error) { return []byte("- name: Sale\n"), a.broken }

func (a *account) Check(t symbl.Tracker) error {
	if len(t.Vocabulary) == 0 {
		return errors.New("vocabulary: must not be empty")
	}
	return nil
}

func (a *account) Match(t symbl.Tracker, texts []string) []console.Hit {
	var hits []console.Hit
	for i, text := range texts {
		for _, phrase := range t.Vocabulary {
			if like, similar := strings.CutPrefix(phrase, "like "); similar && strings.Contains(text, like) {
				hits = append(hits, console.Hit{Text: i, Quote: notify.Quote{Text: text, Phrase: phrase, Offset: -1, Score: .7}})
			} else if at := strings.Index(text, phrase); at >= 0 {
				hits = append(hits, console.Hit{Text: i, Quote: notify.Quote{Text: text, Phrase: phrase, Offset: at}})
			}
		}
	}
	return hits
}

func (a *account) File() string { return "trackers.yaml" }

func TestTheTrackersSayWhatBecameOfThem(t *testing.T) {
	s := newSite(t, "op", "view")
	e := s.entry
	e.ReceivedAt, e.Trackers = time.Now(), []string{"Sale"}
	e.Alerts = []events.AlertRecord{{Trackers: []string{"Sale"}, Feedback: []notify.Feedback{{Useful: true}, {Useful: true}, {Useful: true}, {}}}}
	old := s.entry
	old.Key = "calls.old"
	s.page.Entries = []events.Entry{e, old}
	page := s.get("/trackers", "op").Body.String()
	for _, want := range []string{`href="/trackers/edit?id=7"`, "75 %", `href="/recordings?tracker=Sale"`, `href="/recordings/calls.RE1"`, "Symbl's own", "trackers.yaml"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "edit?id=8", "nobody changes those of Symbl")
	viewed := s.get("/trackers", "view").Body.String()
	require.NotContains(t, viewed, "/trackers/edit")
	require.NotContains(t, viewed, "/trackers/import")
	for _, path := range []string{"/trackers/edit?id=7", "/trackers/export"} {
		require.Equal(t, 403, s.get(path, "view").Code, path)
	}
	for _, path := range []string{"/trackers/save", "/trackers/delete", "/trackers/import", "/trackers/preview"} {
		require.Equal(t, 403, s.do("POST", path, "view", url.Values{"id": {"7"}}).Code, path)
	}
	s.trackers.broken = errors.New("the account is away")
	require.Contains(t, s.get("/trackers", "op").Body.String(), "the account is away")
}

// spoken is what was said in two calls.
func spoken(lines ...string) []events.Spoken {
	var calls []events.Spoken
	for i, text := range lines {
		calls = append(calls, events.Spoken{Key: "calls." + string(rune('a'+i)), ReceivedAt: time.Now(), Lines: []events.Line{{Text: text}}})
	}
	return calls
}

func TestTheFormShowsWhatATrackerWouldFind(t *testing.T) {
	s := newSite(t, "", "")
	s.spoken = spoken("we run a sale", "a discount for you", "<i>sixty days for free</i>")
	page := s.get("/trackers/edit?id=7", "").Body.String()
	require.Contains(t, page, "<strong>2 sentences</strong> in 2 calls, of the 3 sentences in the 3 calls")
	require.Contains(t, page, "we run <mark>a sale</mark>")
	require.NotContains(t, page, "no longer")

	form := url.Values{"id": {"7"}, "name": {"Sale"}, "vocabulary": {" a sale \r\n\r\nsixty days\r\na sale"}}
	page = s.post("/trackers/preview", form).Body.String()
	require.Contains(t, page, "1 new")
	require.Contains(t, page, "1 no longer")
	require.Contains(t, page, "&lt;i&gt;<mark>sixty days</mark> for free")
	require.Contains(t, page, "<mark>a discount</mark>")
	require.Empty(t, s.trackers.saved, "a preview changes nothing")
	require.Empty(t, s.deeds)

	form.Set("vocabulary", "like a sale\na sale")
	require.Contains(t, s.post("/trackers/preview", form).Body.String(), "as in “<bdi>a sale</bdi>”", "what is exact says more")

	page = s.get("/trackers/edit", "").Body.String()
	require.Contains(t, page, "New tracker")
	require.Equal(t, 404, s.get("/trackers/edit?id=8", "").Code, "one of Symbl's")
	require.Equal(t, 404, s.get("/trackers/edit?id=none", "").Code)
}

func TestATrackerIsSavedAsItWasTyped(t *testing.T) {
	s := newSite(t, "", "")
	form := s.edit("7")
	for name, value := range map[string]string{"name": " Sale ", "vocabulary": "a sale\nsixty days", "sensitivity": "strict", "languages": "en-US, de-DE"} {
		form.Set(name, value)
	}
	require.Equal(t, "/trackers?done=tracker-saved", s.post("/trackers/save", form).Header().Get("Location"))
	require.Equal(t, []symbl.Tracker{{
		ID: "7", Name: "Sale", Vocabulary: []string{"a sale", "sixty days"}, Sensitivity: "strict", Languages: []string{"en-US", "de-DE"}, Categories: []string{"kept"},
	}}, s.trackers.saved)
	require.Equal(t, 303, s.post("/trackers/save", url.Values{"name": {"New"}, "vocabulary": {"x"}}).Code)
	require.Equal(t, []string{"changed", "created"}, []string{s.deeds[0].Detail, s.deeds[1].Detail})

	w := s.post("/trackers/save", url.Values{"name": {"<b>"}, "vocabulary": {" \n"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "vocabulary: must not be empty")
	require.Contains(t, w.Body.String(), `value="&lt;b&gt;"`, "what was typed is still there")

	w = s.post("/trackers/save", url.Values{"name": {"Symbl.Mine"}, "vocabulary": {"x"}})
	require.Equal(t, 422, w.Code, "nobody could change it then")
	require.Contains(t, w.Body.String(), "those that Symbl manages itself")

	require.Equal(t, 400, s.post("/trackers/delete", url.Values{"id": {"7"}}).Code)
	form = s.edit("7")
	form.Set("sure", "yes")
	require.Equal(t, 303, s.post("/trackers/delete", form).Code)
	require.Equal(t, []string{"7"}, s.trackers.deleted)
}

func TestTrackersAreCarriedInAFile(t *testing.T) {
	s := newSite(t, "op", "")
	w := s.get("/trackers/export", "op")
	require.Equal(t, "- name: Sale\n", w.Body.String())
	require.Contains(t, w.Header().Get("Content-Disposition"), "trackers.yaml")

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "mine.yaml")
	require.NoError(t, err)
	_, err = part.Write([]byte("- name: New"))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	send := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/trackers/import", bytes.NewReader(body.Bytes()))
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Authorization", "Bearer op")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, 303, send().Code)
	require.Equal(t, "- name: New", s.trackers.imported)
	require.Equal(t, "mine.yaml", s.deeds[0].Object)
	s.trackers.broken = errors.New("the file:1: tracker 1: name is missing")
	w = send()
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "name is missing")
}
