package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Explain adds to an error of the file system whose the file is, or what is
// wrong with it otherwise, and what to do. An error it knows nothing about comes
// back as it is, and so does nil.
func Explain(err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err
	}
	at := nearest(path.Path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %s%s, and this is run by %d:%d: give it to that user (chown -R), or use another directory", err, at, owner(at), os.Geteuid(), os.Getegid())
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: make room on the disk of %s, or use a directory on another", err, at)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: mount the disk of %s so that it can be written, or use a directory on another", err, at)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %s is a file where a directory is needed: move it away", err, at)
	}
	return err
}

// nearest is path, or what of it there is.
func nearest(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}
