//go:build !unix

package datadir

import "os"

// usable tells why path cannot be read and written by this user. What may be done
// in a directory is seen when something is done there.
func usable(path string, dir bool) error {
	if dir {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
