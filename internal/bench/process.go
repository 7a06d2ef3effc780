package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second // for a process to listen
	tickTime  = 10 * time.Millisecond
)

// process is a program under measurement.
type process struct {
	*exec.Cmd
	log   string // file with all it printed
	ended chan struct{}
}

// start starts a program whose output goes to a file.
func (l *lab) start(ctx context.Context, name string, argv ...string) (*process, error) {
	l.runs++
	p := &process{log: filepath.Join(l.dir, fmt.Sprintf("%s-%d.log", name, l.runs)), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()                                      //nolint:errcheck // the process has its own
	p.Cmd = exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // it is what we measure
	p.Dir, p.Stdout, p.Stderr = l.dir, log, log
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.dir}
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.Wait() // how it ended is in its log
		close(p.ended)
	}()
	return p, nil
}

// role starts one of the helpers: program, or this one in that role.
func (l *lab) role(ctx context.Context, program, name string, args ...string) (*process, error) {
	if program != "" {
		return l.start(ctx, name, append([]string{program}, args...)...)
	}
	return l.start(ctx, name, append([]string{l.self, name}, args...)...)
}

// stop ends the process and waits for its end.
func (p *process) stop() {
	_ = p.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(startTime):
		_ = p.Process.Kill()
		<-p.ended
	}
}

// until polls a condition, until it holds, the process ends or the time is up.
func (p *process) until(ctx context.Context, limit time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(tickTime / 5)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: waited for too long: %w: %s", filepath.Base(p.Path), ctx.Err(), p.tail())
		case <-p.ended:
			return fmt.Errorf("%s ended: %s", filepath.Base(p.Path), p.tail())
		case <-tick.C:
		}
	}
	return nil
}

// tail is the end of what the process printed.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-1000):]))
}

// cpu is the processor time that the process has used, in steps of 10 ms
// (proc(5), fields 14 and 15 of stat).
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		return 0, err
	}
	return cpuOf(string(text))
}

func cpuOf(stat string) (time.Duration, error) {
	name := strings.LastIndexByte(stat, ')') // the program's name may hold anything
	fields := strings.Fields(stat[name+1:])
	if name < 0 || len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is not as proc(5) says")
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tickTime, errors.Join(err, err2)
}

// memory is the resident memory of the process in MB.
func (p *process) memory() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.Process.Pid))
	if err != nil {
		return 0, err
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, fmt.Errorf("/proc/PID/statm: %w", err)
	}
	return float64(resident*os.Getpagesize()) / 1e6, nil
}

func listens(ctx context.Context, addr string) bool {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(ctx context.Context) (string, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
