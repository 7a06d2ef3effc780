package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/symbl"
)

// draft is a tracker as the form holds it.
type draft struct {
	ID, Name, Description, Vocabulary, Sensitivity, Languages string

	Loaded string // the tracker that the form was made of, for changesSince
}

func draftOf(t symbl.Tracker) draft {
	if t.Sensitivity == balanced {
		t.Sensitivity = "" // which the form offers once
	}
	return draft{t.ID, t.Name, t.Description, strings.Join(t.Vocabulary, "\n"), t.Sensitivity, strings.Join(t.Languages, ", "), loaded(t)}
}

func readDraft(c echo.Context) draft {
	return draft{
		c.FormValue("id"), strings.TrimSpace(c.FormValue("name")), strings.TrimSpace(c.FormValue("description")),
		c.FormValue("vocabulary"), c.FormValue("sensitivity"), c.FormValue("languages"), c.FormValue("loaded"),
	}
}

// onto makes the tracker that the form asks for; what it does not show stays.
func (d draft) onto(t symbl.Tracker) symbl.Tracker {
	t.Name, t.Description, t.Sensitivity = d.Name, d.Description, d.Sensitivity
	t.Vocabulary = parts(d.Vocabulary, "\n")
	t.Languages = parts(d.Languages, ",")
	return t
}

// parts splits a text and drops what is empty or there twice.
func parts(text, separator string) []string {
	var list []string
	for part := range strings.SplitSeq(text, separator) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}

// editPage is the form of a tracker, with what it would find.
type editPage struct {
	frame
	Draft         draft
	New           bool
	Error         string
	Conflict      *conflict // somebody else changed it meanwhile
	Preview       preview
	Sensitivities []string
	File          string
}

// editTracker is GET /trackers/edit?id=, for a new one without an id.
func (s *Console) editTracker(c echo.Context, v access.Visitor) error {
	saved, err := s.saved(c.Request().Context(), c.QueryParam("id"))
	if err != nil {
		return err
	}
	return s.showDraft(c, v, http.StatusOK, draftOf(saved), saved, "")
}

// previewTracker is POST /trackers/preview: the form with what its tracker would
// find. It changes nothing.
func (s *Console) previewTracker(c echo.Context, v access.Visitor) error {
	saved, err := s.saved(c.Request().Context(), c.FormValue("id"))
	if err != nil {
		return err
	}
	return s.showDraft(c, v, http.StatusOK, readDraft(c), saved, "")
}

// saved is the tracker of an id, zero for an empty one.
func (s *Console) saved(ctx context.Context, id string) (symbl.Tracker, error) {
	if id == "" {
		return symbl.Tracker{}, nil
	}
	list, err := s.Trackers.List(ctx)
	if err != nil {
		return symbl.Tracker{}, fmt.Errorf("%w: %w", ErrAccount, err)
	}
	i := slices.IndexFunc(list, func(t symbl.Tracker) bool { return t.ID == id })
	if i < 0 || managed(list[i].Name) {
		return symbl.Tracker{}, events.ErrNotFound
	}
	return list[i], nil
}

func (s *Console) showDraft(c echo.Context, v access.Visitor, status int, d draft, saved symbl.Tracker, problem string) error {
	return s.showEdit(c, v, status, editPage{Draft: d, Error: problem}, saved)
}

func (s *Console) showEdit(c echo.Context, v access.Visitor, status int, page editPage, saved symbl.Tracker) (err error) {
	if page.Preview, err = s.preview(c.Request().Context(), page.Draft.onto(saved), saved); err != nil {
		return err
	}
	title := "New tracker"
	if saved.ID != "" {
		title = saved.Name
	}
	page.frame, page.New, page.File = s.newFrame(c, v, "/trackers", title), saved.ID == "", s.Trackers.File()
	page.Sensitivities = []string{"exact", "strict", "broad"}
	return s.render(c, status, "tracker", page)
}

// saveTracker is POST /trackers/save.
func (s *Console) saveTracker(c echo.Context, v access.Visitor) error {
	done, err := s.saving.take(c.Request().Context())
	if err != nil {
		return err
	}
	defer done()
	d := readDraft(c)
	saved, err := s.saved(c.Request().Context(), d.ID)
	if errors.Is(err, events.ErrNotFound) {
		d.ID, d.Loaded = "", ""
		return s.showDraft(c, v, http.StatusConflict, d, symbl.Tracker{}, "Somebody has deleted this tracker since you opened it. Save creates it again, as it stands below.")
	}
	if err != nil {
		return err
	}
	t := d.onto(saved)
	if managed(t.Name) {
		return s.showDraft(c, v, http.StatusUnprocessableEntity, d, saved, `name: with "Symbl." begin those that Symbl manages itself`)
	}
	if err := s.Trackers.Check(t); err != nil {
		return s.showDraft(c, v, http.StatusUnprocessableEntity, d, saved, err.Error())
	}
	if found := changesSince(d.Loaded, saved); found != nil && len(changes(saved, t)) > 0 {
		d.Loaded = loaded(saved)
		return s.showEdit(c, v, http.StatusConflict, editPage{Draft: d, Conflict: found}, saved)
	}
	what := "changed"
	if saved.ID == "" {
		what = "created"
	}
	if err := s.audit(c, v, events.DeedTracker, t.Name, what); err != nil {
		return err
	}
	if err := s.Trackers.Save(c.Request().Context(), saved.ID, t); err != nil {
		return s.showDraft(c, v, http.StatusBadGateway, d, saved, err.Error())
	}
	return seeOther(c, "/trackers", "tracker-saved")
}

// deleteTracker is POST /trackers/delete.
func (s *Console) deleteTracker(c echo.Context, v access.Visitor) error {
	done, err := s.saving.take(c.Request().Context())
	if err != nil {
		return err
	}
	defer done()
	saved, err := s.saved(c.Request().Context(), c.FormValue("id"))
	if err != nil {
		return err
	}
	if saved.ID == "" || c.FormValue("sure") != "yes" {
		return &failure{http.StatusBadRequest, "Tick the box that says that it is to be deleted."}
	}
	if found := changesSince(c.FormValue("loaded"), saved); found != nil {
		found.Delete = true
		return s.showEdit(c, v, http.StatusConflict, editPage{Draft: draftOf(saved), Conflict: found}, saved)
	}
	if err := s.audit(c, v, events.DeedTracker, saved.Name, "deleted"); err != nil {
		return err
	}
	if err := s.Trackers.Delete(c.Request().Context(), saved.ID); err != nil {
		return &failure{http.StatusBadGateway, err.Error()}
	}
	return seeOther(c, "/trackers", "tracker-deleted")
}
