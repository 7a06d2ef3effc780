package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// waitDelay is how long the output of a child that has ended is waited for:
// what it started may hold it open.
const waitDelay = 2 * time.Second

// hidden begins the variables that hold our configuration.
const hidden = "TRACKERBELL_"

// Program is a program to run.
type Program struct {
	Argv []string // the first is looked up in PATH
	Dir  string   // to run in; empty: ours
	Env  []string // name=value, beside our own environment
}

// Run starts the program and lets read have its standard output; it returns
// when both have ended. Standard input is empty. When ctx ends, the program is
// killed and the error is the cause of ctx. A program that does not exit with
// status 0 is an *ExitError, which reads of its output give too, in place of
// the end; one that cannot be started is a *StartError; an error of read ends
// the program.
func (p Program) Run(ctx context.Context, read func(io.Reader) error) error {
	if len(p.Argv) == 0 {
		return &StartError{Err: errors.New("no program is given")}
	}
	// The kernel may tie the child's life to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	out, in := io.Pipe()
	var said tail
	cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...) //nolint:gosec // G204: the operator's own program, and no shell
	cmd.Dir, cmd.Env = p.Dir, append(environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = in, &said
	cmd.WaitDelay = waitDelay
	tie(cmd)
	if err := cmd.Start(); err != nil {
		return &StartError{Program: filepath.Base(p.Argv[0]), Err: err}
	}
	done := make(chan error, 1)
	go func() {
		err := read(out)
		_ = out.CloseWithError(errUnread) // a pipe's close cannot fail
		done <- err
	}()
	err := p.outcome(ctx, cmd.Wait(), &said)
	kill(cmd) // what it has started and left behind
	_ = in.CloseWithError(err)
	// What read found wrong comes first: the program may have died of it.
	if readErr := <-done; readErr != nil {
		return readErr
	}
	return err
}

// errUnread is what the program's output meets when nobody reads any more.
var errUnread = errors.New("the rest is not wanted")

// outcome says how a program ended.
func (p Program) outcome(ctx context.Context, err error, said *tail) error {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, errUnread), errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit):
		return &ExitError{Program: filepath.Base(p.Argv[0]), Status: exit.String(), Killed: !exit.Exited(), Stderr: said.text()}
	}
	return fmt.Errorf("run %s: %w", filepath.Base(p.Argv[0]), err)
}

// environ is our environment without our configuration.
func environ() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, hidden) {
			env = append(env, v)
		}
	}
	return env
}

// StartError is a program that could not be started: it is not installed, or
// may not be run.
type StartError struct {
	Program string
	Err     error
}

// Error names the program.
func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Program, e.Err) }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }

// ExitError is a program that did not end well.
type ExitError struct {
	Program string
	Status  string // "exit status 2", "signal: killed"
	Killed  bool   // by a signal, for want of memory perhaps
	Stderr  string // the end of what it said, printable, at most 500 bytes
}

// Error names the program, its status, and what it said last.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("%s ended with %s", e.Program, e.Status)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}
