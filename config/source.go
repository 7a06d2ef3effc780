package config

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultSource is the name of the generic source that `serve` adds to a
// configuration without sources.
const DefaultSource = "calls"

// AllSecrets gives every secret that a webhook may be signed with: those of Secret,
// of which a file may hold one on each line, then Secrets, without empty ones and
// repetitions. The newest is the last.
func (s Source) AllSecrets() []string {
	lines := slices.DeleteFunc(strings.FieldsFunc(s.Secret, isLineBreak), isBlank)
	return distinct(slices.Concat(lines, s.Secrets))
}

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' }

func distinct(list []string) []string {
	var kept []string
	for _, s := range list {
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (l *loader) validateSources() {
	at := map[string]string{} // where a name was first used
	for i, s := range l.cfg.Sources {
		key := index("sources", i)
		l.check(sourceName.MatchString(s.Name), key+".name", "must be 1 to 64 letters, digits, _ or -: it becomes part of the path /webhooks/NAME")
		if first, taken := at[s.Name]; taken {
			l.check(false, key+".name", "already the name of %s; each source needs its own", first)
		} else {
			at[s.Name] = key
		}
		l.check(!isBlank(s.Provider), key+".provider", "missing: name the telephony system, or generic")
		l.validateSecrets(key, s)
		l.check(s.AgentChannel >= 0 && s.AgentChannel <= 2, key+".agentChannel", "must be 1 or 2")
		l.validatePrivacy(key, s)
		l.validateLabels(key+".labels", s.Labels)
		l.noBlanks(key+".labelsFromQuery", s.LabelsFromQuery, "must name a query parameter")
	}
}

func (l *loader) validatePrivacy(key string, s Source) {
	for i, p := range s.Redact.Patterns {
		_, err := regexp.Compile(p)
		l.check(err == nil && p != "", index(key+".redact.patterns", i), "must be a regular expression (RE2), such as CUST-[0-9]+")
	}
	if s.RecordingURL != "" {
		fault := webURLFault(strings.NewReplacer("{id}", "x", "{key}", "x", "?", "", "#", "").Replace(s.RecordingURL))
		l.check(fault == "", key+".recordingURL", "%s", fault)
	}
	l.check(s.Retention == 0 || s.Retention >= time.Hour, key+".retention", "must be at least 1h, or 0 for as long as the ledger keeps things")
}

func (l *loader) validateSecrets(key string, s Source) {
	l.check(s.Secret == "" || !isBlank(s.Secret), key+".secret", "must not be white space")
	l.noBlanks(key+".secrets", s.Secrets, "must not be empty: an empty secret verifies anything")
	l.check(s.Insecure || len(s.AllSecrets()) > 0 || l.isTold(key+".secrets"), key+".secret",
		"missing: without one anybody could send calls; set secret, secretFile or secrets, or insecure: true to accept that")
}

func (l *loader) validateLabels(key string, labels map[string]string) {
	for name := range labels {
		l.check(!isBlank(name), key, "a label needs a name")
	}
}

func (l *loader) noBlanks(key string, list []string, message string) {
	for i, item := range list {
		l.check(!isBlank(item), index(key, i), "%s", message)
	}
}
