package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
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
	Partial  bool      // not all calls are counted yet
	Since    time.Time // what came in before is not counted; zero: all is
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
	page.Partial, page.Since = tally.Partial, tally.Since
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
	done, err := s.saving.take(c.Request().Context())
	if err != nil {
		return err
	}
	defer done()
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
