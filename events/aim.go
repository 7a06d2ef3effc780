package events

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

// Aims are where alerts go and what is known of their sources: what a reload of
// the configuration may change while the stages run.
type Aims struct {
	Router    *notify.Router
	Notifiers *notify.Switchboard
	Noise     *notify.Noise            // nil: nothing is held back
	Sources   map[string]SourceOptions // by name

	former map[string]SourceOptions // that a reload has removed: calls of theirs may be under way
}

func (s *Service) aims() *Aims { return s.aim.Load() }

// source gives the settings of a source, also of one that a reload has removed or
// renamed since the start. One that was removed while nothing ran is unknown:
// what calls of it have is redacted by everything that any other source asks for,
// which includes the new name of one that was renamed, and all that is built in.
func (a *Aims) source(name string) SourceOptions {
	if opt, ok := a.Sources[name]; ok {
		return opt
	}
	if opt, ok := a.former[name]; ok {
		return opt
	}
	var known []*notify.Redactor
	for _, opt := range a.Sources {
		known = append(known, opt.Redact)
	}
	return SourceOptions{Redact: notify.Strictest(known)}
}

// succeed takes over the sources that are no longer in the configuration.
func (a *Aims) succeed(old *Aims) {
	a.former = maps.Clone(old.former)
	if a.former == nil {
		a.former = map[string]SourceOptions{}
	}
	maps.Copy(a.former, old.Sources)
}

// Aim changes where alerts go, from the next message of each stage on. A
// recording that is routed already keeps its alerts, and destinations that are
// no longer aimed at still get what waits for them.
func (s *Service) Aim(aims Aims) {
	aims.succeed(s.aims())
	s.aim.Store(&aims)
	select {
	case s.aimed <- struct{}{}:
	default: // it is going to be looked at
	}
}

// Explain says what the routes, as they are now, make of what was found in a
// call, and why.
func (s *Service) Explain(call notify.Call, found []notify.Tracker) notify.Explanation {
	return s.aims().Router.Explain(call, found)
}

// SourceNames lists the configured sources, sorted.
func (s *Service) SourceNames() []string { return slices.Sorted(maps.Keys(s.aims().Sources)) }

// Link is where people can hear a recording; empty when nobody said.
func (s *Service) Link(e Entry) string { return s.aims().source(e.Source).Link(e.Key, e.ID) }

// linkTimeout bounds what a reader waits for a link.
const linkTimeout = 2 * time.Second

// AlertLink is where people read an alert that was posted; empty where its
// destination has no such place, or does not tell now.
func (s *Service) AlertLink(ctx context.Context, a AlertRecord) string {
	linker, ok := s.aims().Notifiers.For(a.Destination).(notify.Linker)
	if !ok || a.TS == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, linkTimeout)
	defer cancel()
	link, err := linker.Link(ctx, notify.Receipt{Channel: a.Channel, TS: a.TS})
	if err != nil {
		return ""
	}
	return link
}
