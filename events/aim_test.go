package events

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// TestARemovedSourceStillRedactsWhatIsUnderWay removes or renames a source between
// the submit of its call and the alert.
func TestARemovedSourceStillRedactsWhatIsUnderWay(t *testing.T) {
	redact, err := notify.NewRedactor(config.Redact{Patterns: []string{"sale"}})
	require.NoError(t, err)
	sources := map[string]SourceOptions{"calls": {Redact: redact}}
	for name, remove := range map[string]func(h *house) *Service{
		"by reloads": func(h *house) *Service {
			aims := *h.aims()
			for range 2 {
				aims.Sources = map[string]SourceOptions{"other": {}}
				h.Aim(aims)
			}
			return h.Service
		},
		"by a restart with a new name": func(h *house) *Service {
			return h.another(func(o *Options) { o.Sources = map[string]SourceOptions{"renamed": {Redact: redact}, "other": {}} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(o *Options) { o.Sources = sources })
			h.symbl.status = symbl.InProgress
			stop := h.run(h.Service)
			h.accept(transcript("a"))
			h.settled(h.Service, "calls.a", StageSubmitted)

			s := remove(h)
			if s != h.Service {
				stop()
				h.run(s)
			}
			h.symbl.setStatus(symbl.Completed)
			h.settled(s, "calls.a", StageDone)
			require.Equal(t, "a [redacted]", h.slack.posted()[0].Trackers[0].Quotes[0].Text)
			require.Equal(t, "[card]", s.aims().source("never known").Redact.Text("4111 1111 1111 1111"))
		})
	}
}

func TestASourceThatIsConfiguredRedactsAsItSays(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {}} })
	require.Equal(t, "4111 1111 1111 1111", h.aims().source("calls").Redact.Text("4111 1111 1111 1111"))
}
