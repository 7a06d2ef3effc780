package events

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

const (
	// searchTime is how long a search looks before it says how far it came.
	searchTime = 1500 * time.Millisecond
	// minDigits is the shortest part of a number that is looked for as one.
	minDigits = 4
)

// Search says which recordings are wanted; what is empty matches all.
type Search struct {
	Source  string
	Stage   Stage
	Tracker string    // its name, in any case
	Since   time.Time // received at or after
	Until   time.Time // received before
	Query   string    // part of a key, tracker, agent, label, number, or of what was said; in any case
	Masked  bool      // numbers are known only as notify.Mask shows them
}

// plain tells that all recordings are wanted.
func (q Search) plain() bool {
	q.Masked = false
	return q == Search{}
}

// SearchPage is a page of what was found. With Next but fewer entries than
// asked for the search ran out of time: it came to Reached.
type SearchPage struct {
	Page
	Reached time.Time // when the last recording that was looked at came in; zero: all were looked at
}

// Search reads up to limit recordings that match q, last changed first, from
// cursor on (0: from the newest). It looks through the ledger, and through what
// was said where that alone can decide.
func (s *Service) Search(ctx context.Context, q Search, cursor uint64, limit int) (SearchPage, error) {
	set, err := s.streams()
	if err != nil {
		return SearchPage{}, err
	}
	if cursor == 0 {
		if err := s.noted(ctx, set); err != nil {
			return SearchPage{}, err
		}
	}
	q.Query = strings.ToLower(strings.TrimSpace(q.Query))
	var page SearchPage
	if q.plain() {
		page.Page, err = set.ledger.List(ctx, cursor, limit)
		return page, err
	}
	var failed error
	until := time.Now().Add(searchTime)
	page.Page, err = set.ledger.find(ctx, cursor, limit, func(e *Entry) (yes, on bool) {
		yes = q.admits(e)
		if yes && q.Query != "" && !q.names(e) {
			yes, failed = s.said(ctx, set, *e, q.Query)
		}
		if on = failed == nil && time.Now().Before(until); !on {
			page.Reached = e.ReceivedAt
		}
		return yes, on
	})
	return page, errors.Join(err, failed)
}

// admits judges an entry by everything but the query.
func (q Search) admits(e *Entry) bool {
	switch {
	case q.Source != "" && e.Source != q.Source,
		q.Stage != "" && e.State() != q.Stage,
		q.Tracker != "" && !slices.ContainsFunc(e.Trackers, func(name string) bool { return strings.EqualFold(name, q.Tracker) }),
		!q.Since.IsZero() && e.ReceivedAt.Before(q.Since),
		!q.Until.IsZero() && !e.ReceivedAt.Before(q.Until):
		return false
	}
	return true
}

// names tells whether the query stands in what the ledger knows.
func (q Search) names(e *Entry) bool {
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), q.Query) }
	shown := func(name string) string { return name }
	if q.Masked {
		shown = notify.MaskName
	}
	if has(e.Key) || has(e.ID) || has(shown(e.Call.Agent)) || has(e.ConversationID) || slices.ContainsFunc(e.Trackers, has) {
		return true
	}
	for _, value := range e.Call.Labels {
		if has(shown(value)) {
			return true
		}
	}
	return q.called(e.Call.From) || q.called(e.Call.To)
}

// called tells whether the query is a part of a number, however both are
// written.
func (q Search) called(number string) bool {
	wanted := digits(q.Query)
	if len(wanted) < minDigits || strings.Trim(q.Query, "+0123456789 ()-./•") != "" {
		return false
	}
	if q.Masked {
		number = notify.Mask(number)
	}
	return strings.Contains(digits(number), wanted)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// said tells whether a text, in lower case, was said in a call, as its source
// wants it redacted: in a transcript that came with it, in a sentence that a
// tracker was found in, or in its conversation, unless that is far away.
func (s *Service) said(ctx context.Context, set *streamSet, e Entry, text string) (bool, error) {
	opt := s.aims().source(e.Source)
	has := func(said string) bool { return strings.Contains(strings.ToLower(opt.Redact.Text(said)), text) }
	rec, err := s.recording(ctx, set, e)
	if err != nil && !lost(err) {
		return false, err
	}
	if len(rec.Transcript) > 0 {
		return slices.ContainsFunc(rec.Transcript, func(u Utterance) bool { return has(u.Text) }), nil
	}
	if e.FoundSeq > 0 {
		found, err := s.found(ctx, set, e)
		if err != nil && !lost(err) {
			return false, err
		}
		if slices.ContainsFunc(found.Trackers, func(t notify.Tracker) bool {
			return slices.ContainsFunc(t.Quotes, func(q notify.Quote) bool { return has(q.Text) })
		}) {
			return true, nil
		}
	}
	if s.opt.Remote {
		return false, nil // a request for each call, of which there may be many
	}
	return slices.ContainsFunc(s.lines(ctx, Story{Entry: e}, opt), func(l Line) bool { return has(l.Text) }), nil
}

// lost tells that what is asked for is no longer kept.
func lost(err error) bool {
	_, permanent := errors.AsType[*deadError](err)
	return permanent || errors.Is(err, ErrNotFound) || errors.Is(err, ErrGone)
}
