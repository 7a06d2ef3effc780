package config

import (
	"regexp"
	"slices"
	"strings"
)

var (
	mentionID = regexp.MustCompile(`^[SUW][A-Z0-9]{5,20}$`)
	hexColor  = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

func (l *loader) validateRoutes() {
	for i, r := range l.cfg.Routes {
		key := index("routes", i)
		l.validateRouteTarget(key, r)
		l.check(r.Mention == "" || mentionID.MatchString(r.Mention), key+".mention",
			"must be the id of a Slack user group, such as S0123456789, or of a user; not its handle")
		l.check(r.Color == "" || hexColor.MatchString(r.Color), key+".color", `must be "#rrggbb", such as "#d72b3f" (in quotes, as # begins a comment)`)
		if r.Severity != "" {
			l.oneOf(key+".severity", r.Severity, "info", "warning", "critical")
		}
		for j, f := range r.Template.Fields {
			l.check(!isBlank(f.Name) && !isBlank(f.Value), index(key+".template.fields", j), "needs a name and a value")
		}
		l.check(len(r.Template.Fields) <= 10, key+".template.fields", "must not be more than 10: Slack shows no more")
		l.validateMatch(key+".match", r.Match)
		l.validateAny(key+".match", r.Match)
	}
}

// destinationName keeps the names of destinations apart from those of channels,
// which routes can always write with a #.
var destinationName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (l *loader) validateDestinations() {
	at := map[string]string{} // where a name was first used
	for i, d := range l.cfg.Destinations {
		key := index("destinations", i)
		l.check(destinationName.MatchString(d.Name), key+".name", "must be 1 to 64 letters, digits, _ or -")
		if first, taken := at[d.Name]; taken {
			l.check(false, key+".name", "already the name of %s; each destination needs its own", first)
		} else {
			at[d.Name] = key
		}
		l.oneOf(key+".type", d.Type, "webhook", "slackWebhook", "stdout")
		if d.Type == "webhook" || d.Type == "slackWebhook" {
			l.check(d.URL != "", key+".url", "missing: where the alerts are posted; set url or urlFile")
		}
		if d.Type == "webhook" {
			l.check(d.Secret != "", key+".secret", "missing: what the alerts are signed with; set secret or secretFile")
		}
	}
	check := func(key, to string) {
		name, hash := strings.CutPrefix(to, "#")
		l.check(!hash || at[name] == "", key, "%s is also the name of %s; rename that", to, at[name])
	}
	for i, r := range l.cfg.Routes {
		for _, to := range r.Destinations() {
			check(index("routes", i)+".channel", to)
		}
	}
	if to := l.cfg.Slack.DefaultChannel; to != Default().Slack.DefaultChannel || l.cfg.Slack.Token != "" { // else nobody means Slack's
		check("slack.defaultChannel", to)
	}
	check("slack.fallbackChannel", l.cfg.Slack.FallbackChannel)
	check("slack.operatorChannel", l.cfg.Slack.OperatorChannel)
}

func (l *loader) validateRouteTarget(key string, r Route) {
	if r.Drop {
		l.check(r.Channel == "" && len(r.Channels) == 0, key+".drop", "a route that drops has no channel; keep one of the two")
		l.check(!r.Continue, key+".continue", "must not stand beside drop, which ends the way of a tracker")
		return
	}
	l.check(r.Channel == "" || len(r.Channels) == 0, key+".channels", "set either channel or channels, not both")
	l.check(r.Channel == "" || !isBlank(r.Channel), key+".channel", "must name a channel")
	l.check(r.Channel != "" || len(r.Channels) > 0 || l.isTold(key+".channels"), key+".channel",
		`missing: where matches go, such as "#promotions" (in quotes, as # begins a comment)`)
	l.noBlanks(key+".channels", r.Channels, "must name a channel")
}

func (l *loader) validateMatch(key string, m Match) {
	l.noBlanks(key+".trackers", m.Trackers, "must name a tracker")
	l.noBlanks(key+".caller", m.Caller, "must be a number or a pattern such as +1415*")
	l.noBlanks(key+".callee", m.Callee, "must be a number or a pattern such as +1415*")
	l.noBlanks(key+".speaker.name", m.Speaker.Name, "must be a name or a pattern such as Anna*")
	l.validateLabels(key+".labels", m.Labels)
	l.validateMatchSources(key+".sources", m.Sources)
	if m.Direction != "" {
		l.oneOf(key+".direction", m.Direction, "inbound", "outbound")
	}
	if m.Speaker.Role != "" {
		l.oneOf(key+".speaker.role", m.Speaker.Role, "agent", "customer")
	}
	l.check(m.Speaker.Channel >= 0 && m.Speaker.Channel <= 32, key+".speaker.channel", "must be the number of a channel, from 1")
	l.check(m.MinScore >= 0 && m.MinScore <= 1, key+".minScore", "must be from 0 to 1")
	l.check(m.MinMatches >= 0, key+".minMatches", "must be 1 or more")
	l.check(m.Duration.Min >= 0 && m.Duration.Max >= 0, key+".duration", "must not be negative")
	l.check(m.Duration.Max == 0 || m.Duration.Max >= m.Duration.Min, key+".duration.max", "must not be less than min")
	l.validateAbsence(key, m)
	l.validateMatches(key+".all", m.All)
	l.validateMatches(key+".any", m.Any)
	l.validateMatches(key+".none", m.None)
}

// validateAny keeps what was said and what was not apart: a route tells either of
// trackers that were said or of those that were not. What a match has below none
// tells of neither.
func (l *loader) validateAny(key string, m Match) {
	said := slices.IndexFunc(m.Any, func(m Match) bool { return !m.hasAbsent() })
	l.check(said < 0 || !slices.ContainsFunc(m.Any, Match.hasAbsent), index(key+".any", said),
		"is about what was said, and another of these about what was not: make two routes of them")
	for i, m := range m.All {
		l.validateAny(index(key+".all", i), m)
	}
	for i, m := range m.Any {
		l.validateAny(index(key+".any", i), m)
	}
}

func (l *loader) validateMatches(key string, list []Match) {
	for i, m := range list {
		l.validateMatch(index(key, i), m)
	}
}

// hasAbsent tells whether the match, or one that it combines, is about what was
// not said.
func (m Match) hasAbsent() bool {
	return m.Absent || slices.ContainsFunc(slices.Concat(m.All, m.Any), Match.hasAbsent)
}

// validateAbsence keeps absent to named trackers: of a pattern nobody could say
// what is missing.
func (l *loader) validateAbsence(key string, m Match) {
	if !m.Absent {
		return
	}
	l.check(len(m.Trackers) > 0 || l.isTold(key+".trackers"), key+".absent", "needs trackers beside it: whose absence is looked for")
	pattern := slices.IndexFunc(m.Trackers, func(name string) bool { return strings.Contains(name, "*") })
	if pattern >= 0 {
		l.check(false, index(key+".trackers", pattern), "must be a whole name beside absent")
	}
	l.check(m.MinMatches == 0, key+".minMatches", "must not stand beside absent")
}

func (l *loader) validateMatchSources(key string, names []string) {
	sources := l.cfg.Sources
	if len(sources) == 0 {
		sources = []Source{{Name: DefaultSource}}
	}
	nameOf := func(s Source) string { return s.Name }
	for i, name := range names {
		hint := ""
		if near, ok := nearest(name, sources, nameOf); ok {
			hint = "; did you mean " + near.Name + "?"
		}
		// A source without a name has its own problem, and may be the one that is meant.
		exists := slices.ContainsFunc(sources, func(s Source) bool { return s.Name == name || s.Name == "" })
		l.check(exists || l.isTold("sources"), index(key, i), "no source has this name%s", hint)
	}
}
