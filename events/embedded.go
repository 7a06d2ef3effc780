package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/datadir"
)

const (
	embeddedStart   = 10 * time.Second // for a server that has read its store to take connections
	embeddedPayload = 8 << 20
	embeddedSync    = 5 * time.Second // of sync: interval
	// embeddedLook is how often it is looked whether the store is written, and
	// whether there is room again.
	embeddedLook = 2 * time.Second
	// embeddedRoom is what must fit onto the disk before the server is started
	// again, in bytes.
	embeddedRoom = 4 << 20
	// embeddedProof is how soon after a start the same must be wrong again to be
	// damage, and not another want of room.
	embeddedProof = time.Minute
	// Damage is lived with for embeddedRetry before another start is tried, for
	// twice as long each time it did not help, and at most for embeddedRetryMax.
	embeddedRetry    = 2 * time.Minute
	embeddedRetryMax = time.Hour
)

// embedded is the NATS server inside this process. The connection to it
// outlives it: a server that is started anew answers in its place.
type embedded struct {
	opts server.Options
	log  *zap.Logger

	now func() time.Time

	mu     sync.Mutex
	srv    *server.Server   // nil while it does not run
	known  []string         // what is wrong that another start would not mend
	damage map[string]lived // what another start did not mend, by its text
	// stopped is why it was stopped the last time, started when it started.
	stopped string
	started time.Time
	// waiting is why it could not be started again.
	waiting string
}

// lived is until when damage is lived with, and for how long that is.
type lived struct {
	until time.Time
	gap   time.Duration
}

func newEmbedded(cfg config.NATS, log *zap.Logger) *embedded {
	return &embedded{log: log, now: time.Now, damage: map[string]lived{}, opts: server.Options{
		ServerName: "trackerbell", DontListen: true, JetStream: true, StoreDir: filepath.Join(cfg.DataDir, "nats"),
		SyncAlways: cfg.Sync == "always", SyncInterval: embeddedSync,
		MaxPayload: embeddedPayload, MaxPending: 64 << 20, NoSigs: true, NoLog: true,
		// The stream's own limit bounds the store; the server's default would be
		// a share of the disk at start.
		JetStreamMaxStore: 1 << 50,
	}}
}

// start returns when the store has been read, or cannot be.
func (e *embedded) start() error {
	if err := datadir.Prepare(filepath.Join(e.opts.StoreDir, server.JetStreamStoreDir)); err != nil {
		return fmt.Errorf("open the embedded store: %w", err)
	}
	if err := e.dropUnreadable(); err != nil {
		return fmt.Errorf("open the embedded store: %w", err)
	}
	srv, err := e.launch()
	if err == nil {
		srv, err = e.settle(srv)
	}
	if err != nil {
		return err
	}
	known := broken(srv)
	if len(known) > 0 && e.writable() != nil {
		known = nil // it is for want of room, which another start will mend
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.srv, e.known, e.started = srv, known, e.now()
	return nil
}

// launch starts a server; a start that fails has failed when Start returns.
func (e *embedded) launch() (*server.Server, error) {
	srv, err := server.NewServer(e.opts.Clone())
	if err != nil {
		return nil, fmt.Errorf("configure the embedded nats: %w", err)
	}
	said := newNATSLog(e.log)
	srv.SetLoggerV2(said, false, false, false)
	srv.Start()
	if why := said.fatal(); why != "" || !srv.ReadyForConnections(embeddedStart) {
		end(srv)
		return nil, fmt.Errorf("start the embedded nats in %s: %s", e.opts.StoreDir, cmp.Or(why, "it takes no connections"))
	}
	return srv, nil
}

// end stops a server, which flushes its store; nil is none.
func end(srv *server.Server) {
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// stop ends the server.
func (e *embedded) stop() {
	e.mu.Lock()
	srv := e.srv
	e.srv = nil
	e.mu.Unlock()
	end(srv)
}

// running is the server; nil while there is none.
func (e *embedded) running() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.srv
}

// InProcessConn implements nats.InProcessConnProvider.
func (e *embedded) InProcessConn() (net.Conn, error) {
	if srv := e.running(); srv != nil {
		return srv.InProcessConn()
	}
	return nil, errors.New("the embedded nats does not run")
}

// failing tells why the server can no longer write its store; nil while it can,
// or does not run.
func (e *embedded) failing() error {
	e.mu.Lock()
	srv, known := e.srv, e.known
	e.mu.Unlock()
	if srv == nil {
		return nil
	}
	for _, text := range broken(srv) {
		if !slices.Contains(known, text) && !e.livedWith(text) {
			return errors.New(text)
		}
	}
	return nil
}

// livedWith tells whether text is damage for which no start is due.
func (e *embedded) livedWith(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now().Before(e.damage[text].until)
}

// keep stops the server when its store can no longer be written, and starts it
// again when it can; restarted is called after that.
func (e *embedded) keep(ctx context.Context, restarted func()) {
	failed := false
	for pause(ctx, embeddedLook) == nil {
		away := e.running() == nil
		failed = e.look(failed)
		if away && e.running() != nil {
			restarted()
		}
	}
}

// look does what is due and tells whether the store fails; failed is what the
// look before told. It takes two in a row to stop the server, which reports a
// stream for a moment while that is created or deleted: its directory is there
// and it is not registered.
func (e *embedded) look(failed bool) bool {
	err := e.failing()
	switch {
	case err != nil && failed && e.damaged(err):
		e.log.Error("a file of the store is damaged; going on without it", zap.String("directory", e.opts.StoreDir), zap.Error(err), zap.String("see", runbook))
		return false
	case err != nil && failed:
		e.log.Error("the store cannot be written; waiting for room", zap.String("directory", e.opts.StoreDir), zap.Error(err))
		e.stop()
	case e.running() == nil:
		e.again()
	}
	return err != nil
}

// damaged tells whether what is wrong is damage: it is wrong again soon after a
// start that was to mend it, and there is room. It is lived with for a while then.
func (e *embedded) damaged(err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, text := e.now(), err.Error()
	if e.stopped != text || now.Sub(e.started) > embeddedProof || e.writable() != nil {
		e.stopped = text
		return false
	}
	gap := max(embeddedRetry, min(2*e.damage[text].gap, embeddedRetryMax))
	e.damage[text] = lived{now.Add(gap), gap}
	return true
}

// again starts the server where its disk takes what a short while brings.
func (e *embedded) again() {
	err := e.writable()
	if err == nil {
		err = e.start()
	}
	if err == nil {
		e.waiting = ""
		e.log.Info("the store can be written again")
		return
	}
	if why := datadir.Explain(err).Error(); e.waiting != why { // once for each cause
		e.waiting = why
		e.log.Warn("the store cannot be opened yet; trying on", zap.String("why", why))
	}
}

// writable tells why nothing can be written beside the store. The file has one
// name, so that what a kill leaves of it is written over by the next.
func (e *embedded) writable() error {
	f, err := os.Create(filepath.Join(e.opts.StoreDir, "room"))
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, embeddedRoom))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// broken tells what is wrong with the server's streams, a text for each; none
// when nothing is.
func broken(srv *server.Server) []string {
	var texts []string
	for _, found := range srv.Healthz(&server.HealthzOptions{Details: true}).Errors {
		if found.Type == server.HealthzErrorStream || found.Type == server.HealthzErrorJetStream {
			texts = append(texts, found.Error)
		}
	}
	return texts
}
