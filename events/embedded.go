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
	embeddedStart   = time.Second // for a server that has read its store to take connections
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
	known []string       // what is wrong that another start would not mend
	// stopped is why it was stopped the last time.
	stopped string
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

// start returns when the store has been read, or cannot be.
func (e *embedded) start() error {
	if err := datadir.Prepare(filepath.Join(e.opts.StoreDir, server.JetStreamStoreDir)); err != nil {
		return fmt.Errorf("open the embedded store: %w", err)
	}
	srv, err := e.launch()
	if err != nil {
		return err
	}
	dropped, err := e.dropUnrecovered(srv)
	if err == nil && dropped {
		end(srv)
		srv, err = e.launch()
	}
	if err != nil {
		end(srv)
		return err
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
	case err != nil && failed && e.damaged(err):
		e.log.Error("a file of the store is damaged; going on without it", zap.String("directory", e.opts.StoreDir), zap.Error(err), zap.String("see", runbook))
		return false
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

// damaged tells whether what is wrong was wrong before the server was started
// anew, too, and there is room: then another start would not help either, and
// it is known from now on.
func (e *embedded) damaged(err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped != err.Error() || e.writable() != nil {
		e.stopped = err.Error()
		return false
	}
	e.known = append(e.known, err.Error())
	return true
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
