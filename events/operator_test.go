package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// tellingSlack also takes notices, after so many failures.
type tellingSlack struct {
	*fakeSlack
	mu       sync.Mutex
	failures int
	told     []notify.Notice
}

func (f *tellingSlack) Tell(_ context.Context, destination string, n notify.Notice) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures > 0 {
		f.failures--
		return errors.New("not now")
	}
	if destination != "#operators" {
		return fmt.Errorf("told %s", destination)
	}
	f.told = append(f.told, n)
	return nil
}

func (f *tellingSlack) notices() []notify.Notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]notify.Notice(nil), f.told...)
}

// withOperator makes a service that tells every so often.
func (h *house) withOperator(f *tellingSlack, every time.Duration) *Service {
	h.t.Helper()
	s := h.another(func(o *Options) { o.OperatorChannel, o.OperatorEvery = "#operators", every })
	router, err := notify.NewRouter(nil, "#alerts")
	require.NoError(h.t, err)
	s.Aim(Aims{Router: router, Notifiers: notify.NewSwitchboard(f, nil)})
	return s
}

func (h *house) letters(s *Service, n int) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		page, err := s.DeadLetters(h.t.Context(), 0, 100)
		return err == nil && len(page.Letters) == n
	}, soon, tick)
}

func TestTheOperatorIsToldOfDeadLettersButNotAllTheTime(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.Failed
	f := &tellingSlack{fakeSlack: h.slack}
	h.Service = h.withOperator(f, time.Hour)
	stop := h.run(h.Service)
	require.Eventually(t, func() bool {
		_, err := h.js.Consumer(t.Context(), StreamDead, operatorConsumer)
		return err == nil
	}, soon, tick)
	h.accept(transcript("a"))
	require.Eventually(t, func() bool { return len(f.notices()) == 1 }, soon, tick)
	require.Len(t, f.notices()[0].Lines, 1)
	require.Regexp(t, `^1: calls\.a at await \(job_failed\): `, f.notices()[0].Lines[0])

	for i := range 30 {
		h.accept(transcript(fmt.Sprintf("b%d", i)))
	}
	h.letters(h.Service, 31)
	require.Len(t, f.notices(), 1, "the next message is an hour away")
	stop()

	f.failures = 2
	s := h.withOperator(f, 10*time.Millisecond)
	h.run(s)
	told := func() (n int) {
		for _, notice := range f.notices() {
			n += len(notice.Lines)
		}
		return n
	}
	require.Eventually(t, func() bool { return told() == 31 }, soon, tick, "what was not told before the restart is told after it")
	require.True(t, slices.ContainsFunc(f.notices(), func(n notify.Notice) bool { return strings.Contains(n.Title, "recordings") }), "of several at once")
	cons, err := h.js.Consumer(t.Context(), StreamDead, operatorConsumer)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		info, err := cons.Info(t.Context())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	}, soon, tick, "and once")
	require.Equal(t, 31, told())
}

func TestAnOperatorsConsumerThatWasLostPassesOverNothing(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.Failed
	h.run(h.Service)
	h.accept(transcript("a"))
	h.letters(h.Service, 1)
	f := &tellingSlack{fakeSlack: h.slack}
	h.run(h.withOperator(f, 10*time.Millisecond))
	require.Eventually(t, func() bool { return len(f.notices()) == 1 }, soon, tick, "it died before anybody was to be told")

	require.NoError(t, h.js.DeleteConsumer(t.Context(), StreamDead, operatorConsumer))
	require.Eventually(t, func() bool { return len(f.notices()) == 2 }, soon, tick)
	require.Equal(t, f.notices()[0].Lines, f.notices()[1].Lines)
}

func TestNobodyIsToldWithoutAnOperatorsChannel(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.Failed
	h.run(h.Service)
	h.accept(transcript("a"))
	h.letters(h.Service, 1)
	_, err := h.js.Consumer(t.Context(), StreamDead, operatorConsumer)
	require.ErrorIs(t, err, jetstream.ErrConsumerNotFound)
}
