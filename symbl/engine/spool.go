package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const (
	spoolPattern = "trackerbell-engine-*"
	spoolLock    = "lock"
)

// spool is the folder for recordings while they are transcribed. It is locked
// while its process lives: whoever finds one that is not, from a process that
// was killed, removes it.
type spool struct {
	path string
	lock *flock.Flock
}

// openSpool makes a folder below base, and removes those of the dead.
func openSpool(base string) (*spool, error) {
	if base == "" {
		base = os.TempDir()
	}
	if err := sweepSpools(base); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, spoolPattern)
	if err != nil {
		return nil, fmt.Errorf("make a folder for recordings: %w", err)
	}
	s := &spool{path: path, lock: flock.New(filepath.Join(path, spoolLock))}
	if _, err := s.lock.TryLock(); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the folder for recordings: %w", err), os.RemoveAll(path))
	}
	return s, nil
}

// sweepSpools removes the folders whose lock nobody holds. One without a lock
// is just being made.
func sweepSpools(base string) error {
	found, err := filepath.Glob(filepath.Join(base, spoolPattern))
	if err != nil {
		return fmt.Errorf("look for folders of recordings: %w", err)
	}
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(path, spoolLock)); err != nil {
			continue
		}
		lock := flock.New(filepath.Join(path, spoolLock))
		if free, err := lock.TryLock(); err != nil || !free {
			continue // it is another user's, or in use
		}
		if err := errors.Join(os.RemoveAll(path), lock.Close()); err != nil {
			return fmt.Errorf("remove a folder of recordings: %w", err)
		}
	}
	return nil
}

// folder makes a folder for one job, and gives what removes it.
func (s *spool) folder() (path string, remove func() error, err error) {
	path, err = os.MkdirTemp(s.path, "job-*")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for a recording: %w", err)
	}
	return path, func() error { return os.RemoveAll(path) }, nil
}

// close removes the folder.
func (s *spool) close() error {
	return errors.Join(os.RemoveAll(s.path), s.lock.Close())
}
