package events

import (
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
)

const (
	embeddedStart   = 30 * time.Second // a large store takes long to be read
	embeddedPayload = 8 << 20
	embeddedSync    = 5 * time.Second // of sync: interval
	// embeddedLook is how often it is looked whether the store is written, and
	// whether there is room again.
	embeddedLook = 2 * time.Second
	// embeddedRoom is what must fit onto the disk before the server is started
	// again, in bytes.
	embeddedRoom = 4 << 20
)

// embedded is the NATS server inside this process. The connection to it
// outlives it: a server that is started anew answers in its place.
type embedded struct {
	opts server.Options
	log  *zap.Logger

	mu    sync.Mutex
	srv   *server.Server // nil while it does not run
	known []string       // what was wrong when it started, which another start would not mend
}

func newEmbedded(cfg config.NATS, log *zap.Logger) *embedded {
	return &embedded{log: log, opts: server.Options{
		ServerName: "trackerbell", DontListen: true, JetStream: true, StoreDir: filepath.Join(cfg.DataDir, "nats"),
		SyncAlways: cfg.Sync == "always", SyncInterval: embeddedSync,
		MaxPayload: embeddedPayload, MaxPending: 64 << 20, NoSigs: true, NoLog: true,
		// The stream's own limit bounds the store; the server's default would be
		// a share of the disk at start.
		JetStreamMaxStore: 1 << 50,
	}}
}

func (e *embedded) start() error {
	srv, err := server.NewServer(e.opts.Clone())
	if err != nil {
		return fmt.Errorf("configure the embedded nats: %w", err)
	}
	srv.Start()
	if !srv.ReadyForConnections(embeddedStart) {
		srv.Shutdown()
		return fmt.Errorf("start the embedded nats: not ready after %s", embeddedStart)
	}
	known := broken(srv)
	if len(known) > 0 && e.writable() != nil {
		known = nil // it is for want of room, which another start will mend
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.srv, e.known = srv, known
	return nil
}

// stop ends the server, which flushes its store.
func (e *embedded) stop() {
	e.mu.Lock()
	srv := e.srv
	e.srv = nil
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
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
		if !slices.Contains(known, text) {
			return errors.New(text)
		}
	}
	return nil
}

// keep stops the server when its store can no longer be written, and starts it
// again when it can.
func (e *embedded) keep(ctx context.Context) {
	failed := false
	for pause(ctx, embeddedLook) == nil {
		failed = e.look(failed)
	}
}

// look does what is due and tells whether the store fails; failed is what the
// look before told. It takes two in a row to stop the server, which reports a
// stream for a moment while that is created or deleted: its directory is there
// and it is not registered.
func (e *embedded) look(failed bool) bool {
	err := e.failing()
	switch {
	case err != nil && failed:
		e.log.Error("the store cannot be written; waiting for room", zap.String("directory", e.opts.StoreDir), zap.Error(err))
		e.stop()
	case e.running() == nil:
		if err := e.again(); err != nil {
			e.log.Debug("there is no room for the store yet", zap.Error(err))
		}
	}
	return err != nil
}

// again starts the server where its disk takes what a short while brings.
func (e *embedded) again() error {
	if err := e.writable(); err != nil {
		return err
	}
	if err := e.start(); err != nil {
		return err
	}
	e.log.Info("the store can be written again")
	return nil
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
