package datadir

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Prepare makes dir where it is missing, and tells of the first file or directory
// in it that this user may not read and write, with what to do. It changes nothing
// of what is there.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Explain(err)
	}
	return Explain(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (entry.IsDir() || entry.Type().IsRegular()) {
			err = usable(path, entry.IsDir())
		}
		return err
	}))
}
