package console_test

import (
	"html"
	"maps"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

var (
	fieldOf = regexp.MustCompile(`<input (?:type="hidden" |id="[a-z]+" )name="([a-z]+)" value="([^"]*)"`)
	areaOf  = regexp.MustCompile(`<textarea [^>]*>([^<]*)</textarea>`)
)

// fields are what the form of a tracker on a page sends.
func fields(page string) url.Values {
	form := url.Values{}
	for _, f := range fieldOf.FindAllStringSubmatch(page, -1) {
		form.Set(f[1], html.UnescapeString(f[2]))
	}
	form.Set("vocabulary", html.UnescapeString(areaOf.FindStringSubmatch(page)[1]))
	return form
}

// edit opens the form of a tracker.
func (s *site) edit(id string) url.Values {
	s.t.Helper()
	return fields(s.get("/trackers/edit?id="+id, "").Body.String())
}

func TestWhoSavesAfterSomebodyElseIsToldWhatTheyChanged(t *testing.T) {
	s := newSite(t, "", "")
	first, second := s.edit("7"), s.edit("7")
	first.Set("vocabulary", "a sale\n<b>half</b> price")
	first.Set("sensitivity", "strict")
	second.Set("description", "what the second one writes")
	require.Equal(t, 303, s.post("/trackers/save", first).Code)

	w := s.post("/trackers/save", second)
	require.Equal(t, 409, w.Code)
	require.Len(t, s.trackers.saved, 1, "nothing is lost")
	require.Len(t, s.deeds, 1)
	page := w.Body.String()
	for _, want := range []string{
		"Somebody else has changed this tracker since you opened it", "Phrases added: “&lt;b&gt;half&lt;/b&gt; price”", "Phrases removed: “a discount”",
		"Sensitivity now: strict", `value="what the second one writes"`, "What is saved now",
	} {
		require.Contains(t, page, want)
	}
	again := fields(page)
	require.Equal(t, second.Get("vocabulary"), again.Get("vocabulary"), "what was typed is still there")

	require.Equal(t, 200, s.post("/trackers/preview", second).Code)
	require.Equal(t, second.Get("loaded"), fields(s.post("/trackers/preview", second).Body.String()).Get("loaded"), "a preview does not forget what was loaded")
	require.Equal(t, 303, s.post("/trackers/save", again).Code, "who was told may")
	require.Equal(t, []string{"a sale", "a discount"}, s.trackers.list[0].Vocabulary)
	require.Equal(t, 409, s.post("/trackers/save", first).Code, "and the first one is told in turn")
}

func TestOnlyWhatIsDifferentIsAConflict(t *testing.T) {
	s := newSite(t, "", "")
	form := s.edit("7")
	s.trackers.list[0].Vocabulary = []string{"a discount", "a sale"}
	s.trackers.list[0].UpdatedOn, s.trackers.list[0].Sensitivity = "today", "balanced"
	form.Set("description", "mine")
	require.Equal(t, 303, s.post("/trackers/save", form).Code, "neither the order nor a default that is spelled out")
	require.Equal(t, 303, s.post("/trackers/save", form).Code, "who saves the same twice loses nothing")
	for _, loaded := range []string{"", "{", "null"} {
		form.Set("loaded", loaded)
		form.Set("description", "other")
		require.Equal(t, 409, s.post("/trackers/save", form).Code, "%q is not what it is now", loaded)
	}
}

func TestATrackerThatChangedIsNotDeletedUnseen(t *testing.T) {
	s := newSite(t, "", "")
	form := s.edit("7")
	form.Set("sure", "yes")
	s.trackers.list[0].Vocabulary = append(s.trackers.list[0].Vocabulary, "what the other one added")
	w := s.post("/trackers/delete", form)
	require.Equal(t, 409, w.Code)
	require.Empty(t, s.trackers.deleted)
	require.Contains(t, w.Body.String(), "Phrases added: “what the other one added”")
	require.Contains(t, w.Body.String(), "It is not deleted yet")
	again := fields(w.Body.String())
	again.Set("sure", "yes")
	require.Equal(t, 303, s.post("/trackers/delete", again).Code)
	require.Equal(t, []string{"7"}, s.trackers.deleted)
}

func TestADraftOutlivesItsTracker(t *testing.T) {
	s := newSite(t, "", "")
	form := s.edit("7")
	form.Set("description", "an hour of work")
	s.trackers.list = nil
	w := s.post("/trackers/save", form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Somebody has deleted this tracker")
	require.Equal(t, 303, s.post("/trackers/save", fields(w.Body.String())).Code)
	require.Equal(t, []symbl.Tracker{{Name: "Sale", Description: "an hour of work", Vocabulary: []string{"a sale", "a discount"}}}, s.trackers.saved)
}

func TestTwoWhoSaveAtOnceAreTakenOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "op", "")
		s.trackers.slow = time.Second
		form := fields(s.get("/trackers/edit?id=7", "op").Body.String())
		got := make(chan int, 2)
		for _, text := range []string{"mine", "yours"} {
			mine := maps.Clone(form)
			mine.Set("description", text)
			go func() { got <- s.do("POST", "/trackers/save", "op", mine).Code }()
		}
		require.ElementsMatch(t, []int{303, 409}, []int{<-got, <-got})
	})
}
