package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Prepare makes dir where it is missing, and tells of the first file or directory
// in it that cannot be read and written, with what to do. It opens files, and
// makes one in each directory that it removes again. That there is no room is no
// error: there may be some later.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Explain(err)
	}
	return Explain(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return writable(path)
		case entry.Type().IsRegular():
			return openable(path)
		}
		return nil
	}))
}

// writable tells why nothing can be made in dir.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, "_test_")
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return nil
	case err != nil:
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// openable tells why a file cannot be read and written.
func openable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
