//go:build unix

package datadir

import (
	"fmt"
	"os"
	"syscall"
)

// owner says whose path is and what its mode allows.
func owner(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return " cannot be looked at"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Sprintf(" has the mode %s", info.Mode())
	}
	return fmt.Sprintf(" belongs to %d:%d with the mode %s", stat.Uid, stat.Gid, info.Mode())
}
