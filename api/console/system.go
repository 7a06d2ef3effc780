package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

const (
	auditSize   = 25
	maxSilence  = 90 * 24 * time.Hour
	checkPeriod = 3 * time.Second // that a dependency has to answer
)

// Dependency is something that the service needs, and how it is now.
type Dependency struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// systemPage is how the service itself is.
type systemPage struct {
	frame
	Version      string
	Dependencies []Dependency
	Steps        []events.StepBacklog
	Silences     []events.Silence
	Config       string
	Deeds        []events.Deed
	Next         string // of the audit log
	NoSilences   bool   // the store does not tell them
	NoDeeds      bool   // nor the audit log
	Silence      silenceForm
	Error        string // what is wrong with that
}

// silenceForm is a silence as somebody types it.
type silenceForm struct{ Destination, Tracker, Source, Hours, Reason string }

// system is GET /system. Only operators see the configuration and the audit log.
// It shows what it can, as it is looked at when something is away.
func (s *Console) system(c echo.Context, v access.Visitor) error {
	return s.showSystem(c, v, http.StatusOK, systemPage{Silence: silenceForm{Hours: "2"}})
}

func (s *Console) showSystem(c echo.Context, v access.Visitor, status int, page systemPage) error {
	cursor, err := cursorOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	page.frame, page.Version, page.Dependencies = s.newFrame(c, v, "/system", "System"), s.Version, s.dependencies(ctx)
	if page.Steps, err = s.Store.StepBacklogs(ctx); err != nil {
		page.Steps = nil // the state of NATS says why
	}
	if page.Silences, err = s.Store.Silences(ctx); err != nil {
		page.NoSilences = true
		s.untold("silences", err)
	}
	if page.Operator() {
		log, err := s.Store.Deeds(ctx, cursor, auditSize)
		if err != nil {
			page.NoDeeds = true
			s.untold("the audit log", err)
		}
		page.Config, page.Deeds = s.Setup(), log.Deeds
		if log.Next > 0 {
			page.Next = "/system?cursor=" + strconv.FormatUint(log.Next, 10) + "#audit"
		}
	}
	return s.render(c, status, "system", page)
}

// untold logs what the page only says not to know, but for the outage that it shows.
func (s *Console) untold(what string, err error) {
	if !errors.Is(err, events.ErrUnavailable) {
		s.Log.Error("the system page lacks "+what, zap.Error(err))
	}
}

// dependencies asks all at once, so that one that hangs leaves the others their time.
func (s *Console) dependencies(ctx context.Context) []Dependency {
	ctx, cancel := context.WithTimeout(ctx, checkPeriod)
	defer cancel()
	var others []Dependency
	var asked sync.WaitGroup
	asked.Go(func() { others = s.Checks(ctx) })
	store := Dependency{Name: "NATS", OK: true, Text: "streams are there, consumers run"}
	if err := s.Store.Ready(ctx); err != nil {
		store.OK, store.Text = false, err.Error()
	}
	asked.Wait()
	return append([]Dependency{store}, others...)
}

// addSilence is POST /system/silences.
func (s *Console) addSilence(c echo.Context, v access.Visitor) error {
	get := func(name string) string { return strings.TrimSpace(cut(c.FormValue(name))) }
	form := silenceForm{get("destination"), get("tracker"), get("source"), get("hours"), get("reason")}
	q, problem := form.silence(s.now())
	if problem != "" {
		return s.showSystem(c, v, http.StatusUnprocessableEntity, systemPage{Silence: form, Error: problem})
	}
	what := strings.Join([]string{q.Destination, q.Tracker, q.Source}, " ")
	if err := s.audit(c, v, events.DeedSilence, strings.TrimSpace(what), "added: "+q.Reason); err != nil {
		return err
	}
	if _, err := s.Store.AddSilence(c.Request().Context(), q); err != nil {
		return err
	}
	return seeOther(c, "/system", "silenced")
}

// silence is what the form asks for, or what is wrong with it.
func (f silenceForm) silence(now time.Time) (q events.Silence, problem string) {
	hours, err := strconv.ParseFloat(f.Hours, 64)
	length := time.Duration(hours * float64(time.Hour))
	switch {
	case err != nil || length <= 0 || length > maxSilence:
		return q, "Hours: a silence lasts some hours, at most 2160."
	case f.Destination+f.Tracker+f.Source == "":
		return q, "Name at least one of destination, tracker and source."
	case f.Reason == "":
		return q, "Give a reason: others will ask."
	}
	return events.Silence{Destination: f.Destination, Tracker: f.Tracker, Source: f.Source, Reason: f.Reason, Until: now.Add(length).UTC()}, ""
}

// dropSilence is POST /system/silences/drop.
func (s *Console) dropSilence(c echo.Context, v access.Visitor) error {
	id := c.FormValue("id")
	if err := s.audit(c, v, events.DeedSilence, id, "ended"); err != nil {
		return err
	}
	if err := s.Store.DropSilence(c.Request().Context(), id); err != nil {
		return err
	}
	return seeOther(c, "/system", "unsilenced")
}
