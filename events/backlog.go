package events

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
)

// backlogTimeout bounds what a scrape waits for NATS.
const backlogTimeout = 3 * time.Second

// Backlog is what the stages have not done yet, read from JetStream when it is
// scraped: the same on every replica. Its series are there as long as NATS
// answers, one for each step; the destinations of notify are summed up.
type Backlog struct {
	service *Service
	up      *prometheus.Desc
	pending *prometheus.Desc
	waiting *prometheus.Desc
	oldest  *prometheus.Desc
	jobs    *prometheus.Desc
}

var _ prometheus.Collector = (*Backlog)(nil)

// NewBacklog makes the collector of a service, to be registered.
func NewBacklog(s *Service) *Backlog {
	byStep := []string{"step"}
	return &Backlog{
		service: s,
		up:      prometheus.NewDesc("trackerbell_nats_up", "1 when JetStream answers, 0 when it does not.", nil, nil),
		pending: prometheus.NewDesc("trackerbell_step_pending_messages", "Messages that a step has not begun: the lag of its consumer.", byStep, nil),
		waiting: prometheus.NewDesc("trackerbell_step_unfinished_messages", "Messages that a step has begun and not finished: at work, or waiting to be tried again.", byStep, nil),
		oldest:  prometheus.NewDesc("trackerbell_step_oldest_message_age_seconds", "Age of the oldest message that a step has not finished; 0 when there is none.", byStep, nil),
		jobs:    prometheus.NewDesc("trackerbell_jobs_in_flight", "Jobs that Symbl was given and that have not ended, all replicas together.", nil, nil),
	}
}

// Describe lists the series.
func (b *Backlog) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.up, b.pending, b.waiting, b.oldest, b.jobs} {
		ch <- d
	}
}

// Collect reads the consumers.
func (b *Backlog) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	steps, err := b.service.backlog(ctx)
	ch <- gauge(b.up, truth(err == nil))
	if err != nil {
		return
	}
	for _, step := range Steps() {
		s := steps[step]
		ch <- gauge(b.pending, float64(s.pending), step)
		ch <- gauge(b.waiting, float64(s.waiting), step)
		ch <- gauge(b.oldest, s.oldest.Seconds(), step)
	}
	await := steps[StepAwait]
	ch <- gauge(b.jobs, float64(await.pending+await.waiting))
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// stepBacklog is what one step has not done yet.
type stepBacklog struct {
	pending, waiting int
	oldest           time.Duration
}

// backlog reads what each step has before it.
func (s *Service) backlog(ctx context.Context) (map[string]stepBacklog, error) {
	set, err := s.streams()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	stages := append([]*stage{}, s.stages...)
	s.mu.Unlock()
	steps := map[string]stepBacklog{}
	for _, st := range stages {
		if st.patient {
			continue
		}
		cons, err := st.consumer(ctx)
		if err != nil {
			return nil, err
		}
		info, err := cons.Info(ctx)
		if err != nil {
			return nil, err
		}
		stream := set.recordings
		if st.step == StepNotify {
			stream = set.alerts
		}
		b := steps[st.step]
		b.pending += int(info.NumPending)
		b.waiting += info.NumAckPending
		b.oldest = max(b.oldest, s.oldest(ctx, stream, info))
		steps[st.step] = b
	}
	return steps, nil
}

// oldest is the age of the first message that a consumer has not finished.
func (s *Service) oldest(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) time.Duration {
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return 0
	}
	subject := info.Config.FilterSubject
	if subject == "" && len(info.Config.FilterSubjects) > 0 {
		subject = info.Config.FilterSubjects[0]
	}
	msg, err := nextOf(ctx, stream, info.AckFloor.Stream+1, subject)
	if err != nil || msg == nil {
		return 0 // it was finished just now
	}
	return max(0, s.now().Sub(msg.Time))
}
