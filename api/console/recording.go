package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// recordingPage is all that is known of a recording.
type recordingPage struct {
	frame
	Entry    events.Entry
	State    events.Stage
	Call     notify.Call // with numbers masked for viewers
	Provider string
	Link     string // where the recording can be heard elsewhere
	Verdict  []string
	Timeline []milestone
	Lines    []line
	Whole    bool // the transcript is
	Sound    bool // there is something to play
	Marks    []mark
	Length   float64 // seconds, of the time line
	Routes   []decision
	Alerts   []alert
	Earlier  []alert // of the runs before
	Letters  []letter
	Live     bool
	Lost     bool // what came in is no longer kept
}

// recording is GET /recordings/{key}.
func (s *Console) recording(c echo.Context, v access.Visitor) error {
	ctx, key := c.Request().Context(), keyOf(c)
	entry, err := s.Store.Entry(ctx, key) // which waits for what was accepted just now
	if err != nil {
		return err
	}
	story, err := s.Store.Story(ctx, key)
	if err != nil && story.Entry.Key == "" {
		return err
	}
	said, err := s.Store.Transcript(ctx, key)
	if err != nil {
		return err
	}
	letters, err := s.lettersOf(c, entry)
	if err != nil {
		return err
	}
	page := recordingPage{
		frame: s.newFrame(c, v, "/", key), Letters: letters, Entry: entry, State: entry.State(), Call: entry.Call, Provider: story.Recording.Provider,
		Timeline: s.timeline(entry), Lines: newLines(said), Whole: said.Whole, Length: length(entry, said),
		Alerts: s.alerts(c, entry.Alerts, letters), Earlier: s.alerts(c, entry.Earlier, nil), Live: entry.State() != events.StageDone, Lost: story.Recording.Key == "",
	}
	if !page.Operator() {
		page.Call = page.Call.Masked()
		for i := range page.Lines {
			page.Lines[i].Speaker = notify.MaskSpeaker(page.Lines[i].Speaker)
		}
	}
	page.Sound = page.Operator() && !entry.Text && !page.Lost
	if page.Operator() { // viewers hear nothing, wherever it is kept
		page.Link = s.Store.Link(entry)
	}
	page.Marks = newMarks(page.Lines, page.Length)
	if entry.Routed {
		page.Routes = decisions(s.explain(story, !page.Operator()))
	}
	page.Verdict = verdict(page)
	return s.render(c, http.StatusOK, "recording", page)
}

// lettersOf are the open dead letters of a recording.
func (s *Console) lettersOf(c echo.Context, e events.Entry) ([]letter, error) {
	var list []letter
	for _, id := range e.DeadLetters {
		d, err := s.Store.DeadLetter(c.Request().Context(), id)
		if errors.Is(err, events.ErrNotFound) {
			continue // replayed just now
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s.newLetter(d))
	}
	return list, nil
}

// verdict answers, in plain sentences, why somebody was alerted or not.
func verdict(p recordingPage) []string {
	e := p.Entry
	var list []string
	for _, l := range p.Letters {
		list = append(list, fmt.Sprintf("It failed: %s %s", l.What, l.Advice))
	}
	switch {
	case len(p.Letters) > 0:
	case e.Stage == events.StageReady && e.Error != "":
		list = append(list, "It is not analysed yet: "+e.Error+".")
	case e.Stage == events.StageReady:
		list = append(list, "It came in and waits to be analysed.")
	case e.Stage == events.StageSubmitted:
		list = append(list, "It is being transcribed and searched. Alerts follow when that is done.")
	}
	if e.Routed {
		list = append(list, found(e))
	}
	for _, a := range p.Alerts {
		list = append(list, a.Sentence)
	}
	return list
}

// found says which trackers were found, and that nobody was alerted where
// nothing was to be told.
func found(e events.Entry) string {
	names := strings.Join(e.Trackers, ", ")
	switch {
	case e.Digest != nil:
		return "This is no call, but a digest: it tells of alerts that were held back."
	case len(e.Trackers) == 0 && len(e.Alerts) == 0:
		return "No tracker was found in it, so nobody was alerted."
	case len(e.Trackers) == 0:
		return "No tracker was found in it, which is what these alerts are about."
	case len(e.Alerts) == 0:
		return "Found: " + names + ". No route wanted to know, so nobody was alerted; see below what each of them says."
	}
	return "Found: " + names + "."
}

// length is how long the call is at least, in seconds.
func length(e events.Entry, said events.Transcript) float64 {
	end := e.Call.Seconds
	for _, l := range said.Lines {
		end = max(end, l.Start, l.End)
	}
	return end
}

// replayRecording is POST /recordings/{key}/replay, from a step on. A form names
// the run that its page is about: who presses twice means one replay.
func (s *Console) replayRecording(c echo.Context, v access.Visitor) error {
	key, step := keyOf(c), c.FormValue("step")
	replay := s.Store.ReplayRecording
	switch step {
	case events.StepSubmit:
	case events.StepRoute:
		replay = s.Store.RouteAgain
	default:
		return &failure{http.StatusBadRequest, "A recording is replayed from submit or from route."}
	}
	done, err := s.replaying.take(c.Request().Context())
	if err != nil {
		return err
	}
	defer done()
	if err := s.latestRun(c, key); err != nil {
		return err
	}
	if err := s.audit(c, v, events.DeedReplay, key, "from "+step); err != nil {
		return err
	}
	if err := replay(c.Request().Context(), key); err != nil {
		return err
	}
	return seeOther(c, recordingPath(key), "replayed")
}

// latestRun refuses what a page of an earlier run asks for.
func (s *Console) latestRun(c echo.Context, key string) error {
	run := c.FormValue("run")
	if run == "" {
		return nil // no page asks for it
	}
	entry, err := s.Store.Entry(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if run != strconv.Itoa(entry.Replay) {
		return &failure{http.StatusConflict, "This call was replayed since you opened it, perhaps by you, so it is not replayed once more. Look what has become of it first."}
	}
	return nil
}

// forget is POST /recordings/{key}/forget.
func (s *Console) forget(c echo.Context, v access.Visitor) error {
	key := keyOf(c)
	if c.FormValue("sure") != "yes" {
		return &failure{http.StatusBadRequest, "Tick the box that says that it cannot be undone."}
	}
	if err := s.audit(c, v, events.DeedForget, key, ""); err != nil {
		return err
	}
	done, err := s.Store.Forget(c.Request().Context(), key)
	if err != nil {
		return err
	}
	switch {
	case done.UnderWay:
		return seeOther(c, "/recordings", "forgetting")
	case len(done.Left) == 0:
		return seeOther(c, "/recordings", "forgotten")
	}
	return s.render(c, http.StatusOK, "forgotten", forgottenPage{s.newFrame(c, v, "/", "Forgotten"), key, done})
}

// forgottenPage says what of a call could not be deleted.
type forgottenPage struct {
	frame
	Key  string
	Done events.Forgotten
}
