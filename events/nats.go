package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
)

// NATS is the connection that everything uses, and the embedded server behind
// it when there is no external one. The caller closes it.
type NATS struct {
	Conn   *nats.Conn
	server *embedded // nil with an external server
}

// away says which NATS is away, where that is why something failed: the library
// says that its buffer is full, which is empty on purpose.
func away(conn *nats.Conn, err error) error {
	if !errors.Is(err, nats.ErrReconnectBufExceeded) {
		return err
	}
	if conn.Opts.InProcessServer != nil {
		return fmt.Errorf("the embedded store is away; the log says why: %w", err)
	}
	var servers []string
	for _, address := range conn.Servers() {
		if u, err := url.Parse(address); err == nil {
			servers = append(servers, u.Host)
		}
	}
	return fmt.Errorf("nats.url: no answer from %s: %w", strings.Join(servers, ", "), err)
}

// Connect starts the embedded server when cfg.URL is empty, else connects to
// the external one. An external server may be away: the connection is then
// established later, and publishing fails until it is.
func Connect(cfg config.NATS, log *zap.Logger) (*NATS, error) {
	opts := []nats.Option{
		nats.Name("trackerbell"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(time.Second), nats.ReconnectJitter(500*time.Millisecond, 500*time.Millisecond),
		// Nothing is buffered while away: the caller must learn that it is not stored.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(conn *nats.Conn, err error) {
			if !conn.IsClosed() { // by ourselves
				log.Warn("nats is away", zap.Error(err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("nats is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Debug("nats", zap.Error(err)) }),
	}
	if cfg.URL != "" {
		if cfg.CredsFile != "" {
			opts = append(opts, nats.UserCredentials(cfg.CredsFile))
		}
		conn, err := nats.Connect(cfg.URL, opts...)
		if err != nil {
			return nil, fmt.Errorf("connect to nats: %w", err)
		}
		return &NATS{Conn: conn}, nil
	}
	srv := newEmbedded(cfg, log)
	if err := srv.start(); err != nil {
		return nil, err
	}
	conn, err := nats.Connect("", append(opts, nats.InProcessServer(srv))...)
	if err != nil {
		srv.stop()
		return nil, fmt.Errorf("connect to the embedded nats: %w", err)
	}
	tellLosses(conn, log)
	return &NATS{Conn: conn, server: srv}, nil
}

// Close drains the connection and stops the embedded server, which flushes its
// store.
func (n *NATS) Close(ctx context.Context) error {
	var errs []error
	if n.Conn.IsConnected() { // else a flush would only wait
		if err := n.Conn.FlushWithContext(ctx); err != nil && n.Conn.IsConnected() {
			errs = append(errs, fmt.Errorf("flush nats: %w", err))
		}
	}
	n.Conn.Close()
	if n.server != nil {
		n.server.stop()
	}
	return errors.Join(errs...)
}

// Keep looks after the embedded server until ctx ends: a store that could not
// be written, on a full disk for example, is not written again before the
// server is started anew. That happens as soon as there is room; until then it
// is away, as an external server may be.
func (n *NATS) Keep(ctx context.Context) {
	if n.server != nil {
		n.server.keep(ctx, func() { tellLosses(n.Conn, n.server.log) })
	}
}

// Check tells why JetStream cannot be used; nil when it can.
func (n *NATS) Check(ctx context.Context) error {
	if !n.Conn.IsConnected() {
		if err := n.waitConnected(ctx); err != nil {
			return err
		}
	}
	js, err := jetstream.New(n.Conn)
	if err != nil {
		return fmt.Errorf("use jetstream: %w", err)
	}
	if _, err := js.AccountInfo(ctx); err != nil {
		return fmt.Errorf("ask jetstream: %w", err)
	}
	return nil
}

const connectPatience = 5 * time.Second

// waitConnected gives a first connection some time.
func (n *NATS) waitConnected(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	for !n.Conn.IsConnected() {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("nothing answers at nats.url: %w", cmp.Or(n.Conn.LastError(), nats.ErrNoServers))
		}
	}
	return nil
}
