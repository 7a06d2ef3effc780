package console

import (
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// milestone is a step on a recording's way.
type milestone struct {
	Name  string // for people
	Step  string
	At    time.Time // when it was done; zero: not yet
	Took  string    // since the one before
	Tries string    // failures; empty: none
	State string    // done | now | failed | open
	Since time.Time // of the failures that go on
}

// timeline lists what was done, and what is still to come.
func (s *Console) timeline(e events.Entry) []milestone {
	list := []milestone{{Name: "Received", At: e.ReceivedAt, State: "done"}}
	before := e.ReceivedAt
	done := map[string]bool{}
	for _, st := range e.Steps {
		m := milestone{Name: stepName(st.Step), Step: st.Step, At: st.At, State: "done", Took: span(max(0, st.At.Sub(before)))}
		if !done[st.Step] && e.Attempts[st.Step] > 0 {
			m.Tries = count(e.Attempts[st.Step], "failure") + " before"
		}
		done[st.Step] = true
		before = st.At
		list = append(list, m)
	}
	return append(list, s.ahead(e, before)...)
}

// ahead are the steps that this run of a recording has not done.
func (s *Console) ahead(e events.Entry, since time.Time) []milestone {
	var list []milestone
	for i, step := range events.Steps()[min(passed(e), 4):] {
		m := milestone{Name: stepName(step), Step: step, State: "open"}
		if i == 0 {
			m.State, m.Took = "now", "for "+age(since, s.now())
			if len(e.DeadLetters) > 0 {
				m.State, m.Took = "failed", ""
			}
		}
		if n := e.Attempts[step]; n > 0 {
			m.Tries, m.Since = count(n, "failure"), e.FailingSince[step]
		}
		list = append(list, m)
	}
	return list
}

// passed is how many steps this run has done.
func passed(e events.Entry) int {
	switch {
	case e.Stage == events.StageDone:
		return 4
	case e.Routed:
		return 3
	case e.Stage == events.StageProcessed:
		return 2
	case e.Stage == events.StageSubmitted:
		return 1
	}
	return 0
}

func stepName(step string) string {
	switch step {
	case events.StepSubmit:
		return "Submitted for analysis"
	case events.StepAwait:
		return "Analysed"
	case events.StepRoute:
		return "Routed"
	case events.StepNotify:
		return "Alert posted"
	}
	return step
}

// alert is one alert of a recording.
type alert struct {
	events.AlertRecord
	Link     string // of its message
	Failed   bool   // a dead letter is about it
	Sentence string
}

// alerts are those of a run, each with what became of it.
func (s *Console) alerts(c echo.Context, records []events.AlertRecord, open []letter) []alert {
	var list []alert
	for _, a := range records {
		one := alert{AlertRecord: a, Sentence: "An alert waits to be posted to " + a.Destination + "."}
		one.Failed = slices.ContainsFunc(open, func(l letter) bool { return l.Subject == "alerts."+notify.Slug(a.Destination) })
		switch {
		case !a.PostedAt.IsZero():
			one.Link = s.Store.AlertLink(c.Request().Context(), a)
			one.Sentence = "An alert was posted to " + a.Destination + "."
			if replies := len(a.Replies); replies > 0 {
				one.Sentence = "An alert was posted to " + a.Destination + ", with " + replyWords(replies) + " under it."
			}
		case one.Failed:
			one.Sentence = "The alert to " + a.Destination + " could not be posted, and waits for somebody to replay or drop its dead letter."
		case a.Dropped:
			one.Sentence = "The alert to " + a.Destination + " could not be posted, and its dead letter was dropped."
		case a.Held != "":
			one.Sentence = "The alert to " + a.Destination + " was held back: " + heldWords(a)
		}
		list = append(list, one)
	}
	return list
}

// heldWords says why an alert was not posted itself, and where it is told of.
func heldWords(a events.AlertRecord) string {
	why := a.Held
	switch a.Held {
	case notify.HeldSilence:
		why = "somebody had silenced it"
	case notify.HeldQuietHours:
		why = "it was in quiet hours"
	case notify.HeldCap:
		why = "there were too many in a short time"
	case notify.HeldFold:
		return "it stands under the one about the same caller."
	}
	if a.HeldUntil.IsZero() {
		return why + "."
	}
	return why + ". A digest tells of it."
}

func replyWords(n int) string {
	if n == 1 {
		return "1 reply"
	}
	return strconv.Itoa(n) + " replies"
}
