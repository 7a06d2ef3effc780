package datadir_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/datadir"
)

func TestADirectoryIsMadeAndLeftAsItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "store")
	require.NoError(t, datadir.Prepare(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "block"), []byte("kept"), 0o600))
	require.NoError(t, datadir.Prepare(dir))
	raw, err := os.ReadFile(filepath.Join(dir, "block"))
	require.NoError(t, err)
	require.Equal(t, "kept", string(raw))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestAFileInTheWayIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "store")} {
		require.ErrorContains(t, datadir.Prepare(dir), file+" is a file where a directory is needed: move it away")
	}
}

// TestWhatCannotBeWrittenIsNamed is run by a user who may not do everything, or
// by the root of a container that gives it up.
func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	inner := filepath.Join(dir, "streams")
	require.NoError(t, os.Mkdir(inner, 0o500))
	err := datadir.Prepare(dir)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, inner+" belongs to ")
	require.NoError(t, os.Chmod(inner, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(inner, "block"), nil, 0o400))
	require.ErrorContains(t, datadir.Prepare(dir), filepath.Join(inner, "block")+" belongs to ")
}

func TestErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "a", "b")
	for cause, want := range map[error]string{
		syscall.EACCES: dir + " belongs to ",
		syscall.ENOSPC: "make room on the disk of " + dir,
		syscall.EDQUOT: "make room on the disk of " + dir,
		syscall.EROFS:  "mount the disk of " + dir,
	} {
		err := datadir.Explain(&fs.PathError{Op: "open", Path: missing, Err: cause})
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, want, "the nearest that is there is named")
	}
	for _, err := range []error{nil, fs.ErrPermission, &fs.PathError{Op: "open", Path: missing, Err: syscall.EIO}} {
		require.Equal(t, err, datadir.Explain(err), "there is nothing to add")
	}
}
