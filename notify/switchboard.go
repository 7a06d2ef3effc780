package notify

// Switchboard finds the notifier of a destination. It never changes after
// NewSwitchboard and is safe for concurrent use.
type Switchboard struct {
	named map[string]Notifier // by slug
	rest  Notifier
}

// NewSwitchboard gives the named destinations notifiers of their own; rest has
// all others.
func NewSwitchboard(rest Notifier, named map[string]Notifier) *Switchboard {
	s := &Switchboard{named: make(map[string]Notifier, len(named)), rest: rest}
	for name, n := range named {
		s.named[Slug(name)] = n
	}
	return s
}

// Named tells whether a destination has a notifier of its own.
func (s *Switchboard) Named(destination string) bool {
	_, ok := s.named[Slug(destination)]
	return ok
}

// For gives the notifier of a destination.
func (s *Switchboard) For(destination string) Notifier {
	if n, ok := s.named[Slug(destination)]; ok {
		return n
	}
	return s.rest
}
