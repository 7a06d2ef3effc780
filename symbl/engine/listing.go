package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	defaultWindow = 7 * 24 * time.Hour
	defaultLimit  = 20
	maxLimit      = 65536 // docs.symbl.ai, GET All Conversations
	maxListed     = 1000  // conversations in one answer, whatever was asked for
	day           = 24 * time.Hour
)

// listing is what the list of conversations is made of: a small entry beside
// each conversation, under the day of its submission.
type listing struct {
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`

	id string
}

func listingKey(id string, created time.Time) string {
	return keyListing + created.UTC().Format("20060102") + "." + id
}

// listed is the conversation's listing.
func (c *conversation) listed() listing {
	l := listing{Name: c.Name, id: c.ID}
	if l.Start, l.End = span(c.messages()); l.Start.IsZero() {
		l.Start, l.End = c.Start, c.Start
	}
	return l
}

// list brings a conversation's listing up to date.
func (e *Engine) list(ctx context.Context, c conversation) error {
	now := c.listed()
	_, err := change(ctx, e.store, listingKey(c.ID, c.Created), func(l *listing) error {
		if l.Start.Equal(now.Start) && l.End.Equal(now.End) {
			return errUnchanged
		}
		*l = now
		return nil
	})
	if errors.Is(err, errUnchanged) || errors.Is(err, errNotFound) { // or deleted
		return nil
	}
	return err
}

// listQuery is what a client wants listed (docs.symbl.ai, GET All
// Conversations).
type listQuery struct {
	limit, offset int
	descending    bool
	byName        bool
	from, to      time.Time // of start and end; zero: open
	recent        bool      // neither was given: the last 7 days, by start or by submission
}

func readListQuery(query url.Values) (listQuery, error) {
	f := queryForm(query)
	q := listQuery{
		limit:  f.integer("limit", defaultLimit, 0, maxLimit),
		offset: f.integer("offset", 0, 0, math.MaxInt32),
		from:   f.instant("startTime"),
		to:     f.instant("endTime"),
	}
	switch f.text("order") {
	case "", "asc":
	case "desc":
		q.descending = true
	default:
		f.invalid("order", "must be asc or desc")
	}
	switch f.text("sort") {
	case "", "startTime", "conversation.startTime":
	case "name", "conversation.name":
		q.byName = true
	default:
		f.invalid("sort", "must be conversation.startTime or conversation.name")
	}
	if f.text("filter") != "" {
		f.fail(refuse(http.StatusNotImplemented, "this engine does not implement filter; use startTime and endTime"))
	}
	switch {
	case q.from.IsZero() && q.to.IsZero():
		q.recent = true
	case q.from.IsZero():
		q.from = q.to.Add(-defaultWindow)
	case !q.to.IsZero() && q.to.Before(q.from):
		f.invalid("endTime", "must not be before startTime")
	}
	return q, f.done()
}

// keys are those of the listings that can be in the window.
func (q listQuery) keys(now time.Time) []string {
	if !q.recent {
		return []string{keyListing + ">"}
	}
	var keys []string
	for at := now.Add(-defaultWindow); !at.After(now.Add(day)); at = at.Add(day) { // the clocks of engines differ
		keys = append(keys, listingKey("*", at))
	}
	return keys
}

func (q listQuery) holds(l listing) bool {
	return q.recent || !l.Start.Before(q.from) && (q.to.IsZero() || !l.End.After(q.to))
}

func (q listQuery) compare(a, b listing) int {
	order := a.Start.Compare(b.Start)
	if q.byName {
		order = cmp.Compare(a.Name, b.Name)
	}
	order = cmp.Or(order, cmp.Compare(a.id, b.id))
	if q.descending {
		return -order
	}
	return order
}

// page cuts out what is to be answered.
func (q listQuery) page(all []listing) []listing {
	slices.SortFunc(all, q.compare)
	from := min(q.offset, len(all))
	return all[from:min(from+min(q.limit, maxListed), len(all))]
}

// listConversations is GET /v1/conversations.
func (e *Engine) listConversations(w http.ResponseWriter, r *http.Request) error {
	q, err := readListQuery(r.URL.Query())
	if err != nil {
		return err
	}
	var all []listing
	err = scan(r.Context(), e.store, q.keys(e.now()), func(key string, l listing) {
		if l.id = lastToken(key); q.holds(l) {
			all = append(all, l)
		}
	})
	if err != nil {
		return err
	}
	conversations := []conversationBody{}
	for _, l := range q.page(all) {
		c, _, err := load[conversation](r.Context(), e.store, keyConversation+l.id)
		switch {
		case errors.Is(err, errNotFound): // deleted meanwhile
		case errors.Is(err, errUnreadable): // it must not keep the others back
			e.log.Warn("engine leaves a conversation out of the list", zap.String("conversation", l.id), zap.Error(err))
		case err != nil:
			return err
		default:
			conversations = append(conversations, c.body())
		}
	}
	respond(w, http.StatusOK, struct {
		Conversations []conversationBody `json:"conversations"`
	}{conversations})
	return nil
}
