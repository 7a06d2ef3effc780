//go:build crash

package crash

import (
	"os"
	"syscall"
	"time"
)

// At kills the process, as SIGKILL from outside would, if TRACKERBELL_CRASH
// names the point; it stops it, until SIGCONT, if TRACKERBELL_PAUSE does.
func At(point string) {
	switch point {
	case os.Getenv("TRACKERBELL_CRASH"):
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing can be done about its failing
		select {}                                      // not a step further
	case os.Getenv("TRACKERBELL_PAUSE"):
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // as above
		time.Sleep(100 * time.Millisecond)             // this thread may be the last to be stopped
	}
}
