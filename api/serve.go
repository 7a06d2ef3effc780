package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// Limits bound what one connection may cost, so that slow or idle clients
// cannot hold the server. None may be zero.
type Limits struct {
	ReadHeader time.Duration // from the connection's first byte to the end of the headers
	Read       time.Duration // the whole request
	Write      time.Duration // from the headers' end to the answer's
	Idle       time.Duration // between two requests
	Shutdown   time.Duration // for the requests under way when the server stops
	Header     int           // bytes of the headers
}

// DefaultLimits suit both servers; Shutdown is server.shutdownTimeout.
func DefaultLimits(shutdown time.Duration) Limits {
	return Limits{
		ReadHeader: 5 * time.Second, Read: 20 * time.Second, Write: 40 * time.Second,
		Idle: time.Minute, Shutdown: shutdown, Header: 32 << 10,
	}
}

// Serve answers on l until ctx ends; then it closes l and lets the requests
// under way finish. It returns nil after such an end, even if it had to cut
// some off.
func Serve(ctx context.Context, l net.Listener, h http.Handler, limits Limits, log *zap.Logger) error {
	errorLog, err := zap.NewStdLogAt(log, zap.WarnLevel)
	if err != nil {
		return fmt.Errorf("set up the server's log: %w", err)
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: limits.ReadHeader, ReadTimeout: limits.Read, WriteTimeout: limits.Write,
		IdleTimeout: limits.Idle, MaxHeaderBytes: limits.Header, ErrorLog: errorLog,
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.Shutdown)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		log.Warn("requests were cut off", zap.Stringer("address", l.Addr()), zap.Error(err))
		_ = srv.Close() // its listener is closed already
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}
