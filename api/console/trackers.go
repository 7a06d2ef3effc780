package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// Trackers manages the trackers of the account that recordings go to, and tries
// them on text. Its errors are those of the account, for people to read.
type Trackers interface {
	List(ctx context.Context) ([]symbl.Tracker, error)
	// Save changes the tracker of an id, or creates one where that is empty.
	Save(ctx context.Context, id string, t symbl.Tracker) error
	Delete(ctx context.Context, id string) error
	// Import creates and changes trackers as a file of them says, and tells how
	// many it holds.
	Import(ctx context.Context, file []byte) (int, error)
	// Export gives the file that Import reads.
	Export(ctx context.Context) ([]byte, error)
	// Check says what is wrong with a tracker.
	Check(t symbl.Tracker) error
	// Match finds a tracker in texts, as the embedded engine does.
	Match(t symbl.Tracker, texts []string) []Hit
	// File is the configuration's own file of trackers, which is applied at
	// each start; empty when there is none.
	File() string
}

// ErrAccount says that the account of the trackers does not answer.
var ErrAccount = errors.New("the trackers cannot be read")

// Hit is a sentence that a tracker was found in.
type Hit struct {
	Text  int // its index
	Quote notify.Quote
}

// trackersPage is the list of the trackers.
type trackersPage struct {
	frame
	Trackers []trackerRow
	File     string
	Error    string
}

// trackerRow is one tracker, with what came of it lately.
type trackerRow struct {
	symbl.Tracker
	Managed   bool // by Symbl: it cannot be changed
	Calls     int  // it was found in, of the last 30 days
	Precision string
	Last      time.Time
	LastKey   string
}

// Edit is the address of the form for the tracker.
func (r trackerRow) Edit() string { return "/trackers/edit?id=" + url.QueryEscape(r.ID) }

// trackers is GET /trackers.
func (s *Console) trackers(c echo.Context, v access.Visitor) error {
	page := trackersPage{frame: s.newFrame(c, v, "/trackers", "Trackers"), File: s.Trackers.File()}
	list, err := s.Trackers.List(c.Request().Context())
	if err != nil {
		page.Error = err.Error()
	}
	tally, err := s.tally(c.Request().Context(), tallyOf{Days: trackerDays})
	if err != nil {
		return err
	}
	for _, t := range list {
		seen := tally.tracker(t.Name)
		page.Trackers = append(page.Trackers, trackerRow{
			Tracker: t, Managed: managed(t.Name), Calls: seen.Calls, Precision: seen.Precision(), Last: seen.Last, LastKey: seen.LastKey,
		})
	}
	return s.render(c, http.StatusOK, "trackers", page)
}

// trackerDays is how far back the list of trackers counts.
const trackerDays = 30

func managed(name string) bool { return strings.HasPrefix(name, "Symbl.") }

// draft is a tracker as the form holds it.
type draft struct{ ID, Name, Description, Vocabulary, Sensitivity, Languages string }

func draftOf(t symbl.Tracker) draft {
	return draft{t.ID, t.Name, t.Description, strings.Join(t.Vocabulary, "\n"), t.Sensitivity, strings.Join(t.Languages, ", ")}
}

func readDraft(c echo.Context) draft {
	return draft{
		c.FormValue("id"), strings.TrimSpace(c.FormValue("name")), strings.TrimSpace(c.FormValue("description")),
		c.FormValue("vocabulary"), c.FormValue("sensitivity"), c.FormValue("languages"),
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
	found, err := s.preview(c.Request().Context(), d.onto(saved), saved)
	if err != nil {
		return err
	}
	title := "New tracker"
	if saved.ID != "" {
		title = saved.Name
	}
	return s.render(c, status, "tracker", editPage{
		frame: s.newFrame(c, v, "/trackers", title), Draft: d, New: saved.ID == "", Error: problem, Preview: found,
		Sensitivities: []string{"exact", "strict", "balanced", "broad"}, File: s.Trackers.File(),
	})
}

// saveTracker is POST /trackers/save.
func (s *Console) saveTracker(c echo.Context, v access.Visitor) error {
	saved, err := s.saved(c.Request().Context(), c.FormValue("id"))
	if err != nil {
		return err
	}
	d := readDraft(c)
	t := d.onto(saved)
	if managed(t.Name) {
		return s.showDraft(c, v, http.StatusUnprocessableEntity, d, saved, `name: with "Symbl." begin those that Symbl manages itself`)
	}
	if err := s.Trackers.Check(t); err != nil {
		return s.showDraft(c, v, http.StatusUnprocessableEntity, d, saved, err.Error())
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
	saved, err := s.saved(c.Request().Context(), c.FormValue("id"))
	if err != nil {
		return err
	}
	if saved.ID == "" || c.FormValue("sure") != "yes" {
		return &failure{http.StatusBadRequest, "Tick the box that says that it is to be deleted."}
	}
	if err := s.audit(c, v, events.DeedTracker, saved.Name, "deleted"); err != nil {
		return err
	}
	if err := s.Trackers.Delete(c.Request().Context(), saved.ID); err != nil {
		return &failure{http.StatusBadGateway, err.Error()}
	}
	return seeOther(c, "/trackers", "tracker-deleted")
}

// exportTrackers is GET /trackers/export.
func (s *Console) exportTrackers(c echo.Context, _ access.Visitor) error {
	file, err := s.Trackers.Export(c.Request().Context())
	if err != nil {
		return &failure{http.StatusBadGateway, err.Error()}
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="trackers.yaml"`)
	return c.Blob(http.StatusOK, "application/yaml", file)
}

// importTrackers is POST /trackers/import, with a file.
func (s *Console) importTrackers(c echo.Context, v access.Visitor) error {
	header, err := c.FormFile("file")
	if err != nil {
		return &failure{http.StatusBadRequest, "Choose a file of trackers, as Export gives it."}
	}
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read from
	raw, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if err := s.audit(c, v, events.DeedTracker, header.Filename, "imported"); err != nil {
		return err
	}
	if _, err := s.Trackers.Import(c.Request().Context(), raw); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return &failure{http.StatusUnprocessableEntity, err.Error()}
	}
	return seeOther(c, "/trackers", "imported")
}
