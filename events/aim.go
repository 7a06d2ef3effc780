package events

import (
	"context"
	"errors"

	"github.com/trackerbell/trackerbell/notify"
)

// Aims are where alerts go and what is known of their sources: what a reload of
// the configuration may change while the stages run.
type Aims struct {
	Router    *notify.Router
	Notifiers *notify.Switchboard
	Noise     *notify.Noise            // nil: nothing is held back
	Sources   map[string]SourceOptions // by name
}

func (s *Service) aims() *Aims { return s.aim.Load() }

// Aim changes where alerts go, from the next message of each stage on. A
// recording that is routed already keeps its alerts, and destinations that are
// no longer aimed at still get what waits for them.
func (s *Service) Aim(ctx context.Context, aims Aims) error {
	s.aim.Store(&aims)
	err := s.startDestinations(ctx)
	if errors.Is(err, ErrUnavailable) {
		return nil // not open yet: Run starts the destinations then
	}
	return err
}
