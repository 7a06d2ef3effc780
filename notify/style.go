package notify

import (
	"slices"

	"github.com/trackerbell/trackerbell/config"
)

// The severities of a route, from the mildest on. An alert without one is
// shown as it is without routes.
const (
	SeverityInfo     = "info"
	SeverityWarning  = "warning"
	SeverityCritical = "critical"
)

// Style is how an alert looks and whom it rings, as its routes say.
type Style struct {
	Mentions []string        `json:"mentions,omitempty"` // ids of Slack user groups (S…) and users (U…, W…)
	Severity string          `json:"severity,omitempty"`
	Color    string          `json:"color,omitempty"`   // #rrggbb
	Alone    bool            `json:"alone,omitempty"`   // neither replies nor a place in the recording's thread
	Template config.Template `json:"template,omitzero"` // instead of the built-in message
}

func newStyle(c config.Route) Style {
	s := Style{Severity: c.Severity, Color: c.Color, Alone: c.Thread == config.Off, Template: c.Template}
	s.Template.Fields = slices.Clone(c.Template.Fields)
	if c.Mention != "" {
		s.Mentions = []string{c.Mention}
	}
	return s
}

// join is the style of an alert that several routes send to one place: the
// gravest severity, everybody mentioned, and of the rest what comes first.
func (s Style) join(other Style) Style {
	if gravity(other.Severity) > gravity(s.Severity) {
		s.Severity = other.Severity
		if other.Color != "" {
			s.Color = other.Color
		}
	}
	if s.Color == "" {
		s.Color = other.Color
	}
	if s.Template.IsZero() {
		s.Template = other.Template
	}
	s.Mentions = unique(slices.Concat(s.Mentions, other.Mentions), func(id string) string { return id })
	return s
}

func gravity(severity string) int {
	return slices.Index([]string{SeverityInfo, SeverityWarning, SeverityCritical}, severity)
}

// bell is the sign that an alert begins with.
func (s Style) bell() string {
	switch s.Severity {
	case SeverityCritical:
		return "🔴 "
	case SeverityWarning:
		return "🟠 "
	case SeverityInfo:
		return "🔵 "
	default:
		return "🔔 "
	}
}
