package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// testCommit and testDate are what the linker sets in the program under test, as the
// container build does.
const (
	testCommit = "0123456789abcdef0123456789abcdef01234567"
	testDate   = "2026-11-28T12:00:00Z"
)

// minParallel is how many tests run at a time at least: they wait for other
// processes far more than they work.
const minParallel = "8"

// TestMain lets the test binary stand in for the command trackerbell in
// scripts, and builds the real one for all other tests. It can also be the NATS
// that they run on.
func TestMain(m *testing.M) {
	if addr := os.Getenv(asNATS); addr != "" {
		os.Exit(exitOf(serveNATS(addr, os.Getenv(natsStore))))
	}
	testscript.Main(withProgram{m}, map[string]func(){"trackerbell": main})
}

// withProgram builds the program before the tests run.
type withProgram struct{ *testing.M }

// Run is called once, and not in the processes that the scripts start.
func (m withProgram) Run() int {
	flag.Parse()
	if !isSet("test.parallel") {
		_ = flag.Set("test.parallel", minParallel) // it exists, and this is a number
	}
	dir, err := os.MkdirTemp("", "trackerbell-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a directory for the program:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "trackerbell")
	args := []string{"build", "-tags", "crash", "-buildvcs=false", "-ldflags", "-X main.commit=" + testCommit + " -X main.date=" + testDate, "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.M.Run()
}

// binary is the path of the program under test; set before the tests run.
var binary string

func isSet(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
