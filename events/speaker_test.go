package events

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

func TestASpeakerIsOnTheSideThatTheNameOrTheChannelTells(t *testing.T) {
	spoken := func(names ...string) (list []symbl.Message) {
		for _, n := range names {
			list = append(list, symbl.Message{From: symbl.Person{Name: n}})
		}
		return list
	}
	type side struct {
		role    string
		channel int
	}
	for name, c := range map[string]struct {
		call     notify.Call
		channel  int
		messages []symbl.Message
		want     map[string]side
	}{
		"nothing is known":     {notify.Call{}, 0, spoken("Anna", "Bo"), map[string]side{"Anna": {}, "": {}, "Speaker 2": {"", 2}}},
		"the roles are names":  {notify.Call{}, 0, spoken("Agent", "CUSTOMER"), map[string]side{"agent": {"agent", 0}, "CUSTOMER": {"customer", 0}}},
		"the agent has a name": {notify.Call{Agent: "Nina Berg"}, 0, spoken("nina berg", "Bo"), map[string]side{"nina berg": {"agent", 0}, "Bo": {"customer", 0}}},
		"the agent is silent":  {notify.Call{Agent: "Nina Berg"}, 0, spoken("Anna", "Bo"), map[string]side{"Anna": {}}},
		"channels are known":   {notify.Call{}, 2, spoken("Speaker 1"), map[string]side{"Speaker 1": {"customer", 1}, "channel_2": {"agent", 2}}},
		"channels were named":  {notify.Call{Agent: "Nina"}, 2, spoken("Nina", "Customer"), map[string]side{"Nina": {"agent", 2}, "Customer": {"customer", 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSides(c.call, c.channel, c.messages)
			for speaker, want := range c.want {
				q := notify.Quote{Speaker: speaker}
				s.place(&q)
				require.Equal(t, want, side{q.Role, q.Channel}, speaker)
			}
		})
	}
}

func TestChannelsAreNamedWhereTheAgentsIsKnown(t *testing.T) {
	require.Nil(t, channelNames(notify.Call{Agent: "Nina"}, 0))
	require.Equal(t, []symbl.Channel{{Channel: 2, Speaker: symbl.Person{Name: "Nina"}}, {Channel: 1, Speaker: symbl.Person{Name: "Customer"}}},
		channelNames(notify.Call{Agent: "Nina"}, 2))
}

func TestTheLastMessageTellsHowLongACallIs(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at, long := 10.0, 4.5
	require.InDelta(t, 25, ending([]symbl.Message{
		{StartTime: start.Add(20 * time.Second), EndTime: start.Add(25 * time.Second)}, {StartTime: start, EndTime: start.Add(time.Second)}, {},
	}, true, start), 1e-9)
	require.InDelta(t, 14.5, ending([]symbl.Message{{TimeOffset: &at, Duration: &long}}, false, time.Time{}), 1e-9)
	require.Zero(t, ending(nil, true, start))
}
