package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
)

// backfillTimeout is for one page: a token, a list, and its recordings.
const backfillTimeout = 30 * time.Second

// reachAgain is what an operator is asked to wait when a provider cannot be
// reached.
const reachAgain = 5 * time.Second

// backfillMargin is how long before a backfill's since calls are listed from:
// providers list by when a call began, and its webhook comes when it is over.
const backfillMargin = 4 * time.Hour

// BackfillQuery asks for a page of what a source's provider has.
type BackfillQuery struct {
	Source string
	Since  time.Time // calls that began up to 4 h before are listed, too
	Cursor string    // empty for the first page
	DryRun bool      // nothing is taken in
}

// BackfillPage is the answer to POST /api/sources/{name}/backfill: what became
// of the recordings of a page, as if their webhooks had come again.
type BackfillPage struct {
	Recordings []Accepted `json:"recordings"`
	Unusable   int        `json:"unusable"` // listed without what is needed
	Next       string     `json:"next"`     // cursor of the next page; empty at the end
}

// Backfill takes in a page of the recordings that a source's provider has.
// Those that are known are duplicates, by the same key as their webhooks'.
func (p *Public) Backfill(ctx context.Context, q BackfillQuery) (BackfillPage, error) {
	hooks := p.hooks.Load()
	src, ok := hooks.sources[q.Source]
	if !ok {
		return BackfillPage{}, notFound()
	}
	list, err := source.List(ctx, src.Provider, q.Since.Add(-backfillMargin), q.Cursor, hooks.web)
	if err != nil {
		return BackfillPage{}, listProblem(err)
	}
	page := BackfillPage{Recordings: []Accepted{}, Unusable: list.Unusable, Next: list.Next}
	for _, rec := range list.Recordings {
		rec = complete(rec, q.Source, src, source.Request{URL: &url.URL{}, ReceivedAt: hooks.now().UTC()})
		taken := Accepted{Recording: rec.Key}
		if q.DryRun {
			taken.Duplicate, err = hooks.intake.Known(ctx, rec.Key)
		} else {
			taken, err = hooks.accept(ctx, rec)
		}
		if err != nil {
			return BackfillPage{}, err
		}
		page.Recordings = append(page.Recordings, taken)
	}
	hooks.log.Info("recordings listed", zap.String("source", q.Source), zap.Int("count", len(page.Recordings)), zap.Bool("dryRun", q.DryRun))
	return page, nil
}

// listProblem is what the operator learns of a list that did not come. The texts
// of these errors hold no more of a URL than its host.
func listProblem(err error) error {
	var status *events.StatusError
	var payload *source.PayloadError
	switch {
	case errors.As(err, &payload):
		return err
	case errors.Is(err, source.ErrNoList):
		return problem(http.StatusUnprocessableEntity, "source", err.Error())
	case errors.As(err, &status) && (status.Status == http.StatusTooManyRequests || status.Status >= http.StatusInternalServerError):
		return &problemError{Problem: Problem{
			Title: http.StatusText(http.StatusServiceUnavailable), Status: http.StatusServiceUnavailable, Detail: status.Error() + "; try again",
		}, after: status.RetryAfter}
	case errors.As(err, &status):
		return problem(http.StatusBadGateway, "", status.Error()+": do the source's credentials allow it to list recordings?")
	case source.Unreachable(err):
		return &problemError{Problem: Problem{
			Title: http.StatusText(http.StatusBadGateway), Status: http.StatusBadGateway, Detail: err.Error() + "; try again",
		}, after: reachAgain}
	default:
		return problem(http.StatusBadGateway, "", err.Error())
	}
}

// backfill is POST /api/sources/{name}/backfill?since=&cursor=&dryRun=.
func backfill(take func(context.Context, BackfillQuery) (BackfillPage, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		if take == nil {
			return notFound()
		}
		name, err := pathParam(c, "name")
		if err != nil {
			return err
		}
		q := BackfillQuery{Source: name, Cursor: c.QueryParam("cursor"), DryRun: c.QueryParam("dryRun") == "true"}
		if q.Since, err = time.Parse(time.RFC3339, c.QueryParam("since")); err != nil {
			return problem(http.StatusBadRequest, "since", "must be a time in RFC 3339")
		}
		page, err := take(c.Request().Context(), q)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, page)
	}
}
