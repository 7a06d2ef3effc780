package events

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// How many lines of the embedded server are logged: so many at once, and then
// one in each natsLogEvery.
const (
	natsLogBurst = 20
	natsLogEvery = 10 * time.Second
)

// natsLog passes on what the embedded server finds wrong, most of all with its
// files, and keeps why it could not start. It implements server.Logger.
type natsLog struct {
	log   *zap.Logger
	limit *rate.Limiter

	mu      sync.Mutex
	died    string
	started bool
}

var _ server.Logger = (*natsLog)(nil)

func newNATSLog(log *zap.Logger) *natsLog {
	return &natsLog{log: log, limit: rate.NewLimiter(rate.Every(natsLogEvery), natsLogBurst)}
}

// Fatalf says why the server cannot start, or run; it returns, and so does the
// server.
func (l *natsLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.died = strings.TrimPrefix(fmt.Sprintf(format, v...), "Can't start JetStream: ")
	if l.started { // else whoever starts it tells
		l.log.Error("nats: " + strings.TrimSpace(l.died))
	}
}

// fatal is why the server could not start; empty when it did. What is fatal
// afterwards is logged.
func (l *natsLog) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started = true
	return l.died
}

// Errorf is a failure that the server lives with.
func (l *natsLog) Errorf(format string, v ...any) { l.Warnf(format, v...) }

// Warnf is something odd.
func (l *natsLog) Warnf(format string, v ...any) {
	if l.limit.Allow() {
		l.log.Warn("nats: " + strings.TrimSpace(fmt.Sprintf(format, v...)))
	}
}

// Noticef is of no interest.
func (*natsLog) Noticef(string, ...any) {}

// Debugf is of no interest.
func (*natsLog) Debugf(string, ...any) {}

// Tracef is of no interest.
func (*natsLog) Tracef(string, ...any) {}
