package events

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
)

const (
	silencePrefix = "silence."
	// silencesFor is how long a list of silences is believed, so that alerts
	// do not each read them.
	silencesFor = time.Second
)

// Silence holds back alerts until it expires. What is empty matches
// everything; an alert is held back when all of its trackers match.
type Silence struct {
	ID          string    `json:"id"`
	Destination string    `json:"destination"`
	Tracker     string    `json:"tracker"`
	Source      string    `json:"source"`
	Until       time.Time `json:"until"`
	Reason      string    `json:"reason"` // for people: why
	CreatedAt   time.Time `json:"createdAt"`
}

func (q Silence) holds(a notify.Alert, now time.Time) bool {
	other := func(t notify.Tracker) bool { return t.Name != q.Tracker }
	switch {
	case !now.Before(q.Until),
		q.Destination != "" && notify.Slug(q.Destination) != notify.Slug(a.Destination),
		q.Source != "" && q.Source != a.Call.Source,
		q.Tracker != "" && (len(a.Trackers) == 0 || slices.ContainsFunc(a.Trackers, other)):
		return false
	}
	return true
}

// silences caches the list of silences.
type silences struct {
	mu   sync.Mutex
	at   time.Time
	list []Silence
}

// AddSilence stores a silence under a new id. What NATS does not answer is
// ErrUnavailable, here and below.
func (s *Service) AddSilence(ctx context.Context, q Silence) (Silence, error) {
	set, err := s.streams()
	if err != nil {
		return q, err
	}
	q.ID, q.CreatedAt = strings.ToLower(rand.Text())[:8], s.now().UTC()
	raw, err := json.Marshal(q)
	if err != nil {
		return q, fmt.Errorf("encode silence: %w", err)
	}
	if _, err := set.state.Create(ctx, silencePrefix+q.ID, raw); err != nil {
		return q, fmt.Errorf("%w: store silence: %w", ErrUnavailable, err)
	}
	s.dep.Log.Info("silence added", zap.String("id", q.ID), zap.Time("until", q.Until))
	return q, nil
}

// Silences lists the silences that have not expired, the next to expire first,
// and deletes those that have.
func (s *Service) Silences(ctx context.Context) ([]Silence, error) {
	set, err := s.streams()
	if err != nil {
		return nil, err
	}
	keys, err := set.state.ListKeysFiltered(ctx, silencePrefix+">")
	if err != nil {
		return nil, fmt.Errorf("%w: list silences: %w", ErrUnavailable, err)
	}
	var list []Silence
	for key := range keys.Keys() {
		v, err := set.state.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: read silence: %w", ErrUnavailable, err)
		}
		var q Silence
		if err := json.Unmarshal(v.Value(), &q); err != nil {
			return nil, fmt.Errorf("decode silence: %w", err)
		}
		if !s.now().Before(q.Until) {
			_ = set.state.Purge(ctx, key) // else the next list tries again
			continue
		}
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b Silence) int { return a.Until.Compare(b.Until) })
	return list, nil
}

// DropSilence ends a silence; ErrNotFound if there is none of that id.
func (s *Service) DropSilence(ctx context.Context, id string) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	if _, err := set.state.Get(ctx, silencePrefix+id); err != nil {
		if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
			return ErrNotFound
		}
		return fmt.Errorf("%w: read silence: %w", ErrUnavailable, err)
	}
	if err := set.state.Purge(ctx, silencePrefix+id); err != nil {
		return fmt.Errorf("%w: delete silence: %w", ErrUnavailable, err)
	}
	return nil
}

// silenced tells whether a silence holds the alert back.
func (s *Service) silenced(ctx context.Context, a notify.Alert) (bool, error) {
	s.quiet.mu.Lock()
	defer s.quiet.mu.Unlock()
	if s.now().Sub(s.quiet.at) > silencesFor {
		list, err := s.Silences(ctx)
		if err != nil {
			return false, err
		}
		s.quiet.list, s.quiet.at = list, s.now()
	}
	return slices.ContainsFunc(s.quiet.list, func(q Silence) bool { return q.holds(a, s.now()) }), nil
}
