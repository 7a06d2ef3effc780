package events

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// The two sides of a call.
const (
	roleAgent    = "agent"
	roleCustomer = "customer"
)

// customerName is how the customer's channel is named to Symbl, which knows no
// better name.
const customerName = "Customer"

// numbered is how speakers are called that only a channel or their voice tells
// apart.
var numbered = regexp.MustCompile(`(?i)^(?:speaker|channel|spk|ch)[ _-]?([0-9]{1,2})$`)

// sides tells which side of a call a speaker is on.
type sides struct {
	agent        string // their name; may be empty
	agentChannel int    // of a recording with two; 0 when unknown
	agentSpeaks  bool   // one of the speakers is certainly the agent, so others are not
}

func newSides(call notify.Call, agentChannel int, messages []symbl.Message) sides {
	s := sides{agent: call.Agent, agentChannel: agentChannel}
	s.agentSpeaks = slices.ContainsFunc(messages, func(m symbl.Message) bool { return s.isAgent(speaker(m.From)) })
	return s
}

func (s sides) isAgent(name string) bool {
	return s.agent != "" && strings.EqualFold(name, s.agent) || listed(name, "agent", "advisor", "representative", "rep", "operator")
}

func listed(name string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// place fills in the side and the channel of a quote's speaker.
func (s sides) place(q *notify.Quote) {
	if m := numbered.FindStringSubmatch(q.Speaker); m != nil {
		q.Channel, _ = strconv.Atoi(m[1]) // two digits always parse
	}
	switch {
	case q.Speaker == "":
	case s.isAgent(q.Speaker):
		q.Role = roleAgent
	case listed(q.Speaker, customerName, "caller", "client", "user", "guest", "patient"), s.agentSpeaks:
		q.Role = roleCustomer
	case q.Channel > 0 && s.agentChannel > 0 && q.Channel == s.agentChannel:
		q.Role = roleAgent
	case q.Channel > 0 && s.agentChannel > 0:
		q.Role = roleCustomer
	}
	if q.Channel == 0 && s.agentChannel > 0 {
		switch q.Role {
		case roleAgent:
			q.Channel = s.agentChannel
		case roleCustomer:
			q.Channel = otherChannel(s.agentChannel)
		}
	}
}

func otherChannel(channel int) int { return 3 - channel }

// channelNames names the speakers of a recording with one channel for each, so
// that quotes say who spoke; nothing when it is not known who is on which.
func channelNames(call notify.Call, agentChannel int) []symbl.Channel {
	if agentChannel == 0 {
		return nil
	}
	agent := call.Agent
	if agent == "" {
		agent = "Agent"
	}
	return []symbl.Channel{
		{Channel: agentChannel, Speaker: symbl.Person{Name: agent}},
		{Channel: otherChannel(agentChannel), Speaker: symbl.Person{Name: customerName}},
	}
}

// ending is when the last message ends, in seconds from the start of the call:
// how long the call is at least. 0 when that is unknown.
func ending(messages []symbl.Message, text bool, start time.Time) float64 {
	if !text {
		start = firstStart(messages)
	}
	end := 0.0
	for i := range messages {
		m := &messages[i]
		at := timeInCall(m, text, start)
		switch {
		case at < 0:
			continue
		case m.Duration != nil:
			at += *m.Duration
		case m.EndTime.After(m.StartTime):
			at += m.EndTime.Sub(m.StartTime).Seconds()
		}
		end = max(end, at)
	}
	return end
}
