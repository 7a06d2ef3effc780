package notify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/config"
)

// rule is the condition of a route, or one that stands inside of it.
type rule struct{ config.Match }

// subject is what rules look at: one tracker of one call.
type subject struct {
	call    Call
	tracker Tracker // without quotes: it did not occur
}

// clone shares nothing with the configuration, which its owner may change.
func (r rule) clone() rule {
	m := r.Match
	m.Sources, m.Trackers, m.Labels = slices.Clone(m.Sources), slices.Clone(m.Trackers), maps.Clone(m.Labels)
	m.Caller, m.Callee, m.Speaker.Name = slices.Clone(m.Caller), slices.Clone(m.Callee), slices.Clone(m.Speaker.Name)
	m.All, m.Any, m.None = cloneAll(m.All), cloneAll(m.Any), cloneAll(m.None)
	return rule{m}
}

func cloneAll(list []config.Match) []config.Match {
	var out []config.Match
	for _, m := range list {
		out = append(out, rule{m}.clone().Match)
	}
	return out
}

// verdict says whether a rule holds, and why, in words for people.
type verdict struct {
	holds bool
	why   []string // what is fulfilled, or the one thing that is not
}

func no(format string, args ...any) verdict {
	return verdict{why: []string{fmt.Sprintf(format, args...)}}
}

// judge looks at everything that is set and stops at the first that fails.
func (r rule) judge(s subject) verdict {
	all := verdict{holds: true}
	for _, check := range []func(subject) (verdict, bool){r.byTracker, r.byCall, r.byNumbers, r.byQuotes, r.byAll, r.byAny, r.byNone} {
		v, set := check(s)
		switch {
		case !set:
		case !v.holds:
			return v
		default:
			all.why = append(all.why, v.why...)
		}
	}
	return all
}

func yes(format string, args ...any) (verdict, bool) {
	return verdict{holds: true, why: []string{fmt.Sprintf(format, args...)}}, true
}

func (r rule) byTracker(s subject) (verdict, bool) {
	switch {
	case len(r.Trackers) == 0:
		return verdict{}, false
	case !anyGlob(r.Trackers, s.tracker.Name):
		return no("the tracker is none of %s", strings.Join(r.Trackers, ", ")), true
	}
	return yes("the tracker is %s", s.tracker.Name)
}

// byCall looks at what is the same for all trackers of the call.
func (r rule) byCall(s subject) (verdict, bool) {
	var met []string
	if len(r.Sources) > 0 {
		if !slices.Contains(r.Sources, s.call.Source) {
			return no("the source is %q, not %s", s.call.Source, strings.Join(r.Sources, ", ")), true
		}
		met = append(met, "the source is "+s.call.Source)
	}
	for name, want := range r.Labels {
		if got, ok := s.call.Labels[name]; !ok || got != want {
			return no("the label %s is %q, not %q", name, got, want), true
		}
	}
	if len(r.Labels) > 0 {
		met = append(met, "the labels are equal")
	}
	if r.Direction != "" {
		if r.Direction != s.call.Direction {
			return no("the direction is %q, not %s", s.call.Direction, r.Direction), true
		}
		met = append(met, "the call is "+r.Direction)
	}
	if length := time.Duration(s.call.Seconds * float64(time.Second)); r.Duration != (config.Range{}) {
		if !r.Duration.Contains(length) {
			return no("the duration is %s", present(duration(s.call.Seconds), "unknown")[0]), true
		}
		met = append(met, "the duration is "+duration(s.call.Seconds))
	}
	return verdict{holds: true, why: met}, len(met) > 0
}

func (r rule) byNumbers(s subject) (verdict, bool) {
	switch {
	case len(r.Caller) > 0 && !anyNumber(r.Caller, s.call.From):
		return noneOf("caller", s.call.From), true
	case len(r.Callee) > 0 && !anyNumber(r.Callee, s.call.To):
		return noneOf("callee", s.call.To), true
	case len(r.Caller)+len(r.Callee) > 0:
		return yes("the numbers fit")
	}
	return verdict{}, false
}

func noneOf(party, number string) verdict {
	if strings.TrimSpace(number) == "" {
		return no("the %s is not known", party)
	}
	return no("the %s %s is none of the patterns", party, Mask(number))
}

// aboutQuotes tells whether the rule asks anything of single quotes.
func (r rule) aboutQuotes() bool {
	return !r.Speaker.IsZero() || r.Within.Length > 0 || r.ExactOnly || r.MinScore > 0 || r.MinMatches > 0
}

func (r rule) byQuotes(s subject) (verdict, bool) {
	if !r.Absent && !r.aboutQuotes() {
		return verdict{}, false
	}
	n, of, asked := len(r.quotes(s)), len(s.tracker.Quotes), r.asked()
	switch {
	case r.Absent && n > 0:
		return no("it was said%s", asked), true
	case r.Absent:
		return yes("it was not said%s", asked)
	case n < max(r.MinMatches, 1):
		return no("%d of %d quotes are%s; %d are needed", n, of, present(asked, " exact or similar")[0], max(r.MinMatches, 1)), true
	}
	return yes("%d of %d quotes are%s", n, of, present(asked, " exact or similar")[0])
}

// quotes are the indices of the quotes that meet what the rule asks of one.
func (r rule) quotes(s subject) []int {
	var out []int
	for i, q := range s.tracker.Quotes {
		if r.likes(q, s.call) {
			out = append(out, i)
		}
	}
	return out
}

func (r rule) likes(q Quote, c Call) bool {
	switch {
	case r.ExactOnly && !q.Exact(),
		!q.Exact() && q.Score < r.MinScore,
		r.Speaker.Role != "" && r.Speaker.Role != q.Role,
		r.Speaker.Channel > 0 && r.Speaker.Channel != q.Channel,
		len(r.Speaker.Name) > 0 && !anyGlob(r.Speaker.Name, q.Speaker):
		return false
	}
	return inWindow(r.Within, q.At, c.Seconds)
}

// inWindow is false for a quote of unknown time, and for "last" in a call of
// unknown duration.
func inWindow(w config.Window, at, duration float64) bool {
	switch {
	case w.Length == 0:
		return true
	case at < 0 || w.Last && duration <= 0:
		return false
	case w.Last:
		return at >= duration-w.Length.Seconds()
	}
	return at <= w.Length.Seconds()
}

// asked puts into words what the rule asks of a quote: " by the agent in the
// first 1m".
func (r rule) asked() string {
	var b strings.Builder
	if r.ExactOnly {
		b.WriteString(" exact")
	}
	if r.MinScore > 0 {
		fmt.Fprintf(&b, " with a score from %g", r.MinScore)
	}
	role := r.Speaker.Role
	if role != "" {
		role = "the " + role
	}
	who := present(role, strings.Join(r.Speaker.Name, " or "))
	if r.Speaker.Channel > 0 {
		who = append(who, fmt.Sprintf("channel %d", r.Speaker.Channel))
	}
	if len(who) > 0 {
		b.WriteString(" by " + strings.Join(who, ", "))
	}
	if r.Within.Length > 0 {
		b.WriteString(" in the " + r.Within.String())
	}
	return b.String()
}

func (r rule) byAll(s subject) (verdict, bool) {
	all := verdict{holds: true}
	for i, m := range r.All {
		v := rule{m}.judge(s)
		if !v.holds {
			return no("all[%d]: %s", i, strings.Join(v.why, ", ")), true
		}
		all.why = append(all.why, v.why...)
	}
	return all, len(r.All) > 0
}

func (r rule) byAny(s subject) (verdict, bool) {
	var why []string
	for i, m := range r.Any {
		v := rule{m}.judge(s)
		if v.holds {
			return yes("any[%d]: %s", i, strings.Join(v.why, ", "))
		}
		why = append(why, v.why...)
	}
	return no("none of any: %s", strings.Join(why, "; ")), len(r.Any) > 0
}

func (r rule) byNone(s subject) (verdict, bool) {
	for i, m := range r.None {
		if v := (rule{m}).judge(s); v.holds {
			return no("none[%d] holds: %s", i, strings.Join(v.why, ", ")), true
		}
	}
	return verdict{holds: true, why: []string{"nothing of none holds"}}, len(r.None) > 0
}

// absences are the absent conditions of the rule and of what it combines.
func (r rule) absences() []rule {
	var out []rule
	if r.Absent {
		out = append(out, r)
	}
	for _, m := range slices.Concat(r.All, r.Any) {
		out = append(out, rule{m}.absences()...)
	}
	return out
}

// names tells whether the rule names the tracker, and not just lets it pass.
func (r rule) names(tracker string) bool {
	named := func(pattern string) bool {
		return strings.HasPrefix(pattern, managedPrefix) && glob(pattern, tracker)
	}
	return slices.ContainsFunc(r.Trackers, named) ||
		slices.ContainsFunc(slices.Concat(r.All, r.Any), func(m config.Match) bool { return rule{m}.names(tracker) })
}
