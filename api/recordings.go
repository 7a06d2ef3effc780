package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	defaultPage = 50
	maxPage     = 500
	maxQuery    = 200 // bytes
)

// recordings are the endpoints of /api/recordings.
type recordings struct {
	store Store
	guard guard
}

func (h *recordings) list(c echo.Context) error {
	cursor, limit, err := pageOf(c)
	if err != nil {
		return err
	}
	q, err := searchOf(c)
	if err != nil {
		return err
	}
	q.Masked = h.guard.role(c.Request()) < access.Operator
	page, err := h.store.Search(c.Request().Context(), q, cursor, limit)
	if err != nil {
		return err
	}
	answer := RecordingList{Recordings: make([]RecordingView, 0, len(page.Entries)), Next: nextCursor(page.Next)}
	for _, e := range page.Entries {
		answer.Recordings = append(answer.Recordings, h.shown(c, View(e)))
	}
	return c.JSON(http.StatusOK, answer)
}

func (h *recordings) show(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	e, err := h.store.Entry(c.Request().Context(), key)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, h.shown(c, View(e)))
}

// matches is what was found in a recording: its call, and the trackers with
// their quotes.
func (h *recordings) matches(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	found, err := h.store.Found(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if h.guard.role(c.Request()) < access.Operator {
		found.Call, found.Trackers = found.Call.Masked(), notify.MaskSpeakers(found.Trackers)
	}
	found.Trackers, found.TrackersRef = list(found.Trackers), ""
	return c.JSON(http.StatusOK, found)
}

// forget deletes a recording for good, and says what was deleted: 202 where that
// takes longer than a request may.
func (h *recordings) forget(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	done, err := h.store.Forget(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if done.UnderWay {
		return c.JSON(http.StatusAccepted, done)
	}
	return c.JSON(http.StatusOK, done)
}

// FeedbackList is what people thought of alerts, by phrase: those with the most
// false alarms first.
type FeedbackList struct {
	Phrases []events.PhraseFeedback `json:"phrases"`
}

func (h *recordings) feedback(c echo.Context) error {
	counts, err := h.store.FeedbackCounts(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, FeedbackList{Phrases: list(counts)})
}

// shown is the recording as the one who asks may see it.
func (h *recordings) shown(c echo.Context, v RecordingView) RecordingView {
	if h.guard.role(c.Request()) < access.Operator {
		return v.masked()
	}
	return v
}

// searchOf reads what is looked for.
func searchOf(c echo.Context) (events.Search, error) {
	q := events.Search{
		Query: c.QueryParam("q"), Source: c.QueryParam("source"), Stage: events.Stage(c.QueryParam("stage")), Tracker: c.QueryParam("tracker"),
	}
	switch q.Stage {
	case "", events.StageReady, events.StageSubmitted, events.StageProcessed, events.StageDone, events.StageDead:
	default:
		return q, problem(http.StatusBadRequest, "stage", "must be ready, submitted, processed, done or dead")
	}
	if len(q.Query) > maxQuery {
		return q, problem(http.StatusBadRequest, "q", "must have at most 200 bytes")
	}
	for name, at := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		raw := c.QueryParam(name)
		if raw == "" {
			continue
		}
		parsed, err := time.Parse(time.RFC3339, raw)
		if err != nil {
			return q, problem(http.StatusBadRequest, name, "must be a time such as 2026-11-28T12:00:00Z")
		}
		*at = parsed
	}
	return q, nil
}

// replay starts a recording anew; 202 means that its event is stored.
func (h *recordings) replay(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	replay := h.store.ReplayRecording
	switch c.QueryParam("from") {
	case "", events.StepSubmit:
	case events.StepRoute:
		replay = h.store.RouteAgain
	default:
		return problem(http.StatusBadRequest, "from", "must be submit or route")
	}
	if err := replay(c.Request().Context(), key); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct {
		Recording string `json:"recording"`
	}{key})
}

// pathParam is a part of the path; Echo leaves it escaped where the client
// escaped more than it had to.
func pathParam(c echo.Context, name string) (string, error) {
	if c.Request().URL.RawPath == "" {
		return c.Param(name), nil
	}
	value, err := url.PathUnescape(c.Param(name))
	if err != nil {
		return "", notFound()
	}
	return value, nil
}

// pageOf reads ?limit=&cursor=. A limit above the largest page is that page.
func pageOf(c echo.Context) (cursor uint64, limit int, err error) {
	limit = defaultPage
	if raw := c.QueryParam("limit"); raw != "" {
		if limit, err = strconv.Atoi(raw); err != nil || limit < 1 {
			return 0, 0, problem(http.StatusBadRequest, "limit", "must be a number from 1 on")
		}
	}
	if raw := c.QueryParam("cursor"); raw != "" {
		if cursor, err = strconv.ParseUint(raw, 10, 64); err != nil {
			return 0, 0, problem(http.StatusBadRequest, "cursor", "must be the next of an earlier page")
		}
	}
	return cursor, min(limit, maxPage), nil
}

func nextCursor(next uint64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatUint(next, 10)
}
