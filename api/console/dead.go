package console

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// deadPage is the list of dead letters, newest first.
type deadPage struct {
	frame
	Letters []letter
	Cursor  uint64 // before which these are; 0: they are the newest
	Above   uint64 // the cursor before which are these and all older ones
	Next    string
}

// letter is a dead letter, and what a person can do about it.
type letter struct {
	ID        uint64
	Recording string
	Step      string // for people
	Subject   string // of its message
	Reason    string
	What      string // the reason in words
	Error     string
	Advice    string
	Attempts  int
	At        time.Time
	Age       string
}

func (s *Console) newLetter(d events.DeadLetter) letter {
	what, advice := reasonWords(d.Reason)
	return letter{
		ID: d.ID, Recording: d.Recording, Step: d.Step, Subject: d.Subject, Reason: d.Reason, What: what, Error: d.Error, Advice: advice,
		Attempts: d.Attempts, At: d.At, Age: age(d.At, s.now()),
	}
}

// deadLetters is GET /dead.
func (s *Console) deadLetters(c echo.Context, v access.Visitor) error {
	cursor, err := cursorOf(c)
	if err != nil {
		return err
	}
	found, err := s.Store.DeadLetters(c.Request().Context(), cursor, pageSize)
	if err != nil {
		return err
	}
	page := deadPage{frame: s.newFrame(c, v, "/dead", "Dead letters"), Cursor: cursor, Above: cursor}
	if cursor == 0 && len(found.Letters) > 0 {
		page.Above = found.Letters[0].ID + 1 // what comes in later was not seen
	}
	for _, d := range found.Letters {
		page.Letters = append(page.Letters, s.newLetter(d))
	}
	if found.Next > 0 {
		page.Next = fmt.Sprintf("/dead?cursor=%d", found.Next)
	}
	return s.render(c, http.StatusOK, "dead", page)
}

// changeDead is POST /dead: do=replay|drop, of the ids, or of all from a cursor
// on.
func (s *Console) changeDead(c echo.Context, v access.Visitor) error {
	form, err := c.FormParams()
	if err != nil {
		return &failure{http.StatusBadRequest, "The form cannot be read."}
	}
	deed, notice := events.DeedReplay, "dead-replayed"
	switch form.Get("do") {
	case "replay":
	case "drop":
		deed, notice = events.DeedDrop, "dropped"
	default:
		return &failure{http.StatusBadRequest, "Dead letters are replayed or dropped."}
	}
	if form.Get("all") != "yes" {
		ids, err := chosen(form["id"])
		if err != nil {
			return err
		}
		done, err := s.changeChosen(c, v, deed, ids)
		return changed(c, done, notice, err)
	}
	cursor, err := readCursor(form.Get("cursor"))
	switch {
	case err != nil:
		return err
	case deed == events.DeedDrop && form.Get("sure") != "yes":
		return &failure{http.StatusBadRequest, "Tick the box that says that it cannot be undone."}
	}
	done, err := s.changeAll(c, v, deed, cursor)
	return changed(c, done, notice, err)
}

// changed sends a browser on to what is left.
func changed(c echo.Context, done Bulk, notice string, err error) error {
	switch {
	case err != nil:
		return err
	case done.Next > 0 && done.Failed > 0:
		return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/dead?cursor=%d&done=dead-more-failed", done.Next))
	case done.Next > 0:
		return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/dead?cursor=%d&done=dead-more", done.Next))
	case done.Left > 0:
		notice = "dead-left"
	case done.Failed > 0:
		notice = "dead-failed"
	}
	return seeOther(c, "/dead", notice)
}

// chosen are the ids of a form.
func chosen(raw []string) ([]uint64, error) {
	var ids []uint64
	for _, text := range raw {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, &failure{http.StatusBadRequest, "A dead letter is named by its number."}
		}
		ids = append(ids, id)
	}
	switch {
	case len(ids) == 0:
		return nil, &failure{http.StatusBadRequest, "No dead letter is chosen: tick those that are meant."}
	case len(ids) > MaxBulk:
		return nil, &failure{http.StatusBadRequest, fmt.Sprintf("%d dead letters are chosen, and at most %d can be at once: choose fewer, or take all.", len(ids), MaxBulk)}
	}
	return ids, nil
}

// reasonWords says what a reason means, and what to do about it.
func reasonWords(reason string) (what, advice string) {
	switch reason {
	case events.ReasonMedia:
		return "The recording could not be fetched, or is neither audio nor video.",
			"Check the source's credentials and media.allowHosts, and that the provider still has the recording; then replay it."
	case events.ReasonRefused:
		return "Symbl refused it for good.", "Read the error: it names what was wrong. Mend the configuration and replay it."
	case events.ReasonJobFailed:
		return "The analysis failed.", "Read the error. A replay submits it anew; where the transcriber is missing or wrong, mend engine.transcriber before."
	case events.ReasonJobTimeout:
		return "The analysis never ended.", "See whether Symbl or the transcriber is overloaded; a replay gives the job its time once more."
	case events.ReasonExhausted:
		return "It failed again and again.", "Read the error, mend its cause and replay it."
	case events.ReasonDestination:
		return "The destination does not take it.", "Invite the bot to the channel, or mend the route or the token, as the error says; then replay it."
	case events.ReasonOutcomeUnknown:
		return "It may have been posted, or submitted: nobody could look.",
			"Look into the channel. Drop this if the alert is there, replay it if it is not. If the step is submit, replay the recording: it is submitted anew."
	case events.ReasonMalformed:
		return "Its event cannot be read.", "It was not written by this version. Drop it, and send the webhook again if you can."
	case events.ReasonLost:
		return "The ledger has lost what was done for this call.",
			"A file of the store is damaged; see the log. Drop this, wait two hours from the start on, and have the call sent again, as by recordings backfill."
	}
	return "It could not be handled.", "Read the error, mend its cause and replay it."
}
