package events

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// scrape reads the value of every series, labelled by its step.
func scrape(t *testing.T, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetGauge().GetValue()
		}
	}
	return values
}

func TestTheBacklogIsWhatJetStreamHoldsForEachStep(t *testing.T) {
	h := newHouse(t, nil)
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(NewBacklog(h.Service)))
	require.Equal(t, map[string]float64{"trackerbell_nats_up": 0}, scrape(t, reg), "nothing is known before it runs")

	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	h.accept(transcript("b"))
	h.settled(h.Service, "calls.a", StageSubmitted)
	h.settled(h.Service, "calls.b", StageSubmitted)
	require.Eventually(t, func() bool {
		got := scrape(t, reg)
		return got["trackerbell_jobs_in_flight"] == 2 && got["trackerbell_step_oldest_message_age_seconds await"] > 0 &&
			got["trackerbell_step_unfinished_messages submit"] == 0
	}, soon, tick)
	for _, step := range Steps() {
		require.Contains(t, scrape(t, reg), "trackerbell_step_pending_messages "+step)
	}

	h.symbl.setStatus(symbl.Completed)
	h.settled(h.Service, "calls.a", StageDone)
	h.settled(h.Service, "calls.b", StageDone)
	require.Eventually(t, func() bool {
		got := scrape(t, reg)
		return got["trackerbell_jobs_in_flight"] == 0 && got["trackerbell_step_oldest_message_age_seconds await"] == 0
	}, soon, tick)

	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}
