package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/trackerbell/trackerbell/internal/datadir"
)

// errLocked says that another process uses the data directory.
var errLocked = errors.New("in use")

// dirLock is the lock on a data directory, held as long as the process lives.
type dirLock struct {
	lock *flock.Flock
}

// lockDir creates the data directory and locks it. The error wraps errLocked
// and names the process when another one holds it.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("nats.dataDir: %w", datadir.Explain(err))
	}
	path := filepath.Join(dir, "trackerbell.lock")
	lock := flock.New(path, flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock nats.dataDir: %w", datadir.Explain(err))
	}
	if !ok {
		return nil, fmt.Errorf("nats.dataDir %s is %w by process %s", dir, errLocked, holder(path))
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock nats.dataDir: %w", datadir.Explain(err)), lock.Unlock())
	}
	return &dirLock{lock: lock}, nil
}

func holder(path string) string {
	raw, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(raw)); err == nil && pid != "" {
		return pid
	}
	return "(unknown)"
}

// release gives the directory back.
func (l *dirLock) release() error {
	if l == nil {
		return nil
	}
	return l.lock.Unlock()
}
