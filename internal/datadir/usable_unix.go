//go:build unix

package datadir

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// usable tells why path cannot be read and written by this user.
func usable(path string, dir bool) error {
	mode := uint32(unix.R_OK | unix.W_OK)
	if dir {
		mode |= unix.X_OK
	}
	if err := unix.Access(path, mode); err != nil {
		return &fs.PathError{Op: "read and write", Path: path, Err: err}
	}
	return nil
}
