package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Engine is a Symbl-compatible server. Its methods are safe for concurrent
// use; several engines may share one NATS.
type Engine struct {
	cfg        Config
	log        *zap.Logger
	js         jetstream.JetStream
	store      *store
	queue      jetstream.Stream   // of jobs and callbacks
	texts      jetstream.Consumer // of their jobs
	recordings jetstream.Consumer // likewise
	callbacks  jetstream.Consumer // that are to be sent
	account    credentials
	tokens     *tokens
	trackers   *trackerStore
	gate       *gate
	asker      asker
	hearing    *hearing                          // nil: no audio and no video
	expired    struct{ entries, objects uint64 } // sequences that expire goes on from
	now        func() time.Time
}

// New makes the engine's buckets and stream, or brings them up to date, and
// reads or makes its credentials. It needs JetStream to answer.
func New(ctx context.Context, cfg Config, js jetstream.JetStream) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure engine: %w", err)
	}
	e := &Engine{cfg: cfg, log: cfg.Logger, js: js, asker: newAsker(), now: time.Now}
	if e.store, err = openStore(ctx, js, cfg); err != nil {
		return nil, err
	}
	if e.queue, err = openQueue(ctx, js, cfg); err != nil {
		return nil, err
	}
	if e.texts, err = openWorkers(ctx, js, cfg, "text", textTopic); err != nil {
		return nil, err
	}
	if e.recordings, err = openWorkers(ctx, js, cfg, "media", mediaTopic); err != nil {
		return nil, err
	}
	if e.callbacks, err = openWorkers(ctx, js, cfg, "callbacks", callbackTopic+"*"); err != nil {
		return nil, err
	}
	secret, err := e.openCredentials(ctx)
	if err != nil {
		return nil, err
	}
	e.tokens = newTokens(e.account, secret)
	e.trackers = newTrackerStore(e.store, cfg.MaxTrackers)
	e.gate = &gate{limit: cfg.MaxJobs, entering: make(chan struct{}, 1), queue: e.queue, ended: e.hasEnded}
	if cfg.Transcriber != nil {
		e.hearing = &hearing{cfg: cfg, store: e.store}
	}
	return e, nil
}

// Credentials are what clients ask a token with: those of the configuration,
// or the generated ones.
func (e *Engine) Credentials() (appID, appSecret string) {
	return e.account.AppID, e.account.AppSecret
}
