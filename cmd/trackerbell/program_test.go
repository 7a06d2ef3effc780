package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	commandTime = time.Minute      // that a command may take
	exitTime    = 40 * time.Second // that a stopped service may take: its drain is 25 s
)

// output collects what a process writes, and can be read meanwhile.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// program is one run of the real binary.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	exited chan struct{} // closed when the process has ended
}

// launch starts the binary in dir. Its environment holds nothing of the
// tester's but env and what any process needs.
func launch(t *testing.T, dir string, env []string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir()}, env...)
	return begin(t, cmd)
}

// begin starts a process that ends with the test.
func begin(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd, stdout: &output{}, stderr: &output{}, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // code tells how it went
	}()
	t.Cleanup(func() {
		p.kill()
		require.NotContains(t, p.stderr.String(), "DATA RACE")
		require.NotContains(t, p.stderr.String(), "panic")
		if t.Failed() {
			t.Logf("%q wrote:\n%s\n%s", p.cmd.Args, tail(p.stdout.String()), tail(p.stderr.String()))
		}
	})
	return p
}

// tail keeps a failed test readable.
func tail(s string) string {
	const most = 8000
	if len(s) > most {
		return "[…]" + s[len(s)-most:]
	}
	return s
}

// signal sends a signal to a process that may have ended.
func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		require.NoError(p.t, err)
	}
}

// kill ends the process as a crash would, and waits for that.
func (p *program) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// stop ends the process as a supervisor would; it must exit with 0.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	require.Equal(p.t, 0, p.code(), "the exit code after SIGTERM")
}

// code waits for the end of the process and gives its exit code.
func (p *program) code() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(exitTime):
		p.signal(syscall.SIGQUIT) // its goroutines tell what it waits for
		<-p.exited
		require.Fail(p.t, "the process does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// done tells whether the process has ended.
func (p *program) done() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// result is what a command wrote and its exit code.
type result struct {
	stdout, stderr string
	code           int
}

// command runs the binary to its end.
func command(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	p := launch(t, dir, env, args...)
	select {
	case <-p.exited:
	case <-time.After(commandTime):
		p.kill()
		require.Failf(t, "the command does not end", "%q", args)
	}
	return result{p.stdout.String(), p.stderr.String(), p.cmd.ProcessState.ExitCode()}
}

// nextPort is counted up, so that no two tests get one port.
var nextPort = func() *atomic.Int32 {
	n := &atomic.Int32{}
	n.Store(20_000 + int32(os.Getpid()%8000))
	return n
}()

// freeAddr is a loopback address to listen on. Its port lies below those that
// the system gives to clients and to listeners on port 0, so that it stays
// free while a killed program is not running.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(nextPort.Add(1))))
		if l, err := net.Listen("tcp", addr); err == nil {
			require.NoError(t, l.Close())
			return addr
		}
	}
	require.Fail(t, "no port is free")
	return ""
}
