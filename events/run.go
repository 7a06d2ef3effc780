package events

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/notify"
)

// How many messages a stage handles at a time. Uploads are slow, the rest are
// short calls.
const (
	submitWorkers = 16
	awaitWorkers  = 16
	routeWorkers  = 8
)

const (
	notifyConsumer = "notify_"
	// destinationsEvery is how often it is looked for destinations that other
	// replicas have begun.
	destinationsEvery = time.Minute
)

// runStages runs every stage until ctx ends, and then gives the handlers
// Options.Drain to finish.
func (s *Service) runStages(ctx context.Context) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var wg sync.WaitGroup
	s.mu.Lock()
	s.start = func(st *stage) {
		if ctx.Err() == nil {
			s.stages = append(s.stages, st)
			wg.Go(func() { st.run(ctx, work) })
		}
	}
	for _, st := range s.pipeline() {
		s.start(st)
	}
	s.mu.Unlock()
	wg.Go(func() { s.keepTidy(ctx) })
	wg.Go(func() { s.keepKnown(ctx) })
	wg.Go(func() { s.keepDestinations(ctx) })
	if s.opt.OperatorChannel != "" {
		wg.Go(func() { s.tellOperator(ctx) })
	}
	<-ctx.Done()
	limit := time.AfterFunc(s.opt.Drain, cancel)
	defer limit.Stop()
	wg.Wait()
}

// pipeline is the way of the data, stage by stage; the notify stages follow
// with their destinations.
func (s *Service) pipeline() []*stage {
	submit := s.newStage(StepSubmit, StepSubmit, submitWorkers, s.submit, s.consumer(StepSubmit, subjectReady+">"))
	await := s.newStage(StepAwait, StepAwait, awaitWorkers, s.await, s.consumer(StepAwait, subjectSubmitted+">", subjectWake+">"))
	route := s.newStage(StepRoute, StepRoute, routeWorkers, s.route, s.consumer(StepRoute, subjectProcessed+">"))
	s.awaiting.Store(await)
	submit.freed = s.jobs.freed
	submit.room = func(ctx context.Context) int {
		cons, err := await.consumer(ctx)
		if err != nil {
			return 0
		}
		return s.jobsFree(ctx, cons)
	}
	digests := s.newStage(digestConsumer, StepNotify, digestWorkers, s.digestDue, func(ctx context.Context) (jetstream.Consumer, error) {
		set, err := s.streams()
		if err != nil {
			return nil, err
		}
		return ensureConsumer(ctx, set.alerts, digestConsumer, maxAckPending, subjectAlerts+"*"+subjectDue)
	})
	digests.patient = true
	return []*stage{submit, await, route, digests}
}

func (s *Service) newStage(name, step string, workers int, handle func(context.Context, delivery) error, open openFunc) *stage {
	return &stage{
		svc: s, name: name, step: step, workers: workers, handle: handle, open: open,
		inFlight: map[jetstream.Msg]struct{}{},
	}
}

// openFunc creates or updates a consumer and opens it.
type openFunc func(context.Context) (jetstream.Consumer, error)

func (s *Service) consumer(name string, subjects ...string) openFunc {
	return func(ctx context.Context) (jetstream.Consumer, error) {
		set, err := s.streams()
		if err != nil {
			return nil, err
		}
		return ensureConsumer(ctx, set.recordings, name, maxAckPending, subjects...)
	}
}

// keepDestinations starts the notify stages that there are not yet, until ctx ends:
// at once when the routes have changed, again when NATS is back, and now and then
// those that another replica began and did not live to finish.
func (s *Service) keepDestinations(ctx context.Context) {
	for failing := false; ctx.Err() == nil; {
		every := destinationsEvery
		if err := s.startDestinations(ctx); err == nil {
			failing = false
		} else if every = time.Second; !failing && ctx.Err() == nil {
			failing = true
			s.dep.Log.Warn("not every destination is served; trying on", zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-s.aimed:
		case <-time.After(every):
		}
	}
}

// startDestinations runs a notify stage for every configured destination and
// for every one that an earlier configuration left alerts for.
func (s *Service) startDestinations(ctx context.Context) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	var slugs []string
	for _, to := range s.aims().Router.Destinations() {
		slugs = append(slugs, notify.Slug(to))
	}
	names := set.alerts.ConsumerNames(ctx)
	for name := range names.Name() {
		if slug, ok := strings.CutPrefix(name, notifyConsumer); ok {
			slugs = append(slugs, slug)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("list destinations: %w", err)
	}
	for _, slug := range slugs {
		if err := s.ensureDestination(ctx, slug); err != nil {
			return err
		}
	}
	return nil
}

// ensureDestination runs the notify stage of a destination. Its consumer hands
// out one alert at a time across all replicas: that keeps the order within a
// channel, and a slow channel delays no other.
func (s *Service) ensureDestination(ctx context.Context, slug string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dests[slug] != nil || s.start == nil {
		return nil
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	open := func(ctx context.Context) (jetstream.Consumer, error) {
		return ensureConsumer(ctx, set.alerts, notifyConsumer+slug, 1, subjectAlerts+slug)
	}
	limit := limiter(s.opt.Rate)
	deliver := func(ctx context.Context, d delivery) error { return s.deliver(ctx, d, limit) }
	st := s.newStage(notifyConsumer+slug, StepNotify, 1, deliver, open)
	if _, err := st.consumer(ctx); err != nil {
		return err // without its consumer an alert would wait for nobody
	}
	s.dests[slug] = st
	s.start(st)
	return nil
}

// limiter lets so many a second pass; 0 is no limit.
func limiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

// Alive tells why the service should be restarted: a consumer loop that no
// longer turns. NATS being away is no such reason.
func (s *Service) Alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.stages {
		if st.stalled(s.now()) {
			return fmt.Errorf("stage %s stalls", st.name)
		}
	}
	return nil
}

// consuming tells which stage cannot pull now.
func (s *Service) consuming() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stages) == 0 {
		return errors.New("no stage runs yet")
	}
	for _, st := range s.stages {
		if st.turned.Load() == nil || st.failing.Load() {
			return fmt.Errorf("stage %s does not pull", st.name)
		}
	}
	return nil
}
