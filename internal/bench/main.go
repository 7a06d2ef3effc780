package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, or plays the role that the first argument names.
func run(ctx context.Context, args []string, out io.Writer) error {
	roles := map[string]func(context.Context, []string) error{"nats": serveNATS, "ceil": serveCeil, "pipe": servePipe}
	if len(args) > 0 && roles[args[0]] != nil {
		return roles[args[0]](ctx, args[1:])
	}
	return measure(ctx, args, out)
}

// part is one measurement, which can be asked for by its name.
type part struct {
	name  string
	large bool // only when asked for
	run   func(context.Context, *lab) error
}

func parts() []part {
	return []part{
		{"ingest", false, ingest}, {"pipeline", false, pipeline}, {"beyond", false, beyond}, {"idle", false, idle},
		{"inflight", false, inFlight}, {"stream", false, stream}, {"ledger", false, ledger}, {"trouble", false, trouble},
		{"engine", false, engine}, {"growth", false, growth}, {"growth100k", true, growthLarge},
	}
}

// choose gives the parts that only names, separated by commas: all but the
// large ones when it is empty.
func choose(only string) ([]part, error) {
	if only == "" {
		return slices.DeleteFunc(parts(), func(p part) bool { return p.large }), nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts(), func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no part %q", name)
		}
		chosen = append(chosen, parts()[i])
	}
	return chosen, nil
}

// measure runs the parts that args choose and prints what came out, also of
// those that ended before one failed.
func measure(ctx context.Context, args []string, out io.Writer) error {
	l := &lab{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "parts to run, separated by commas: ingest, pipeline, beyond, idle, inflight, stream, ledger, trouble, engine, growth, growth100k")
	plot := flags.String("plot", "", "file for the plot (SVG)")
	references := flags.String("references", os.Getenv("BENCH_REFERENCES"), "a Go module with programs ceil and pipe to use instead of ours")
	flags.StringVar(&l.binary, "binary", "bin/trackerbell", "the program")
	flags.StringVar(&l.nats, "nats", os.Getenv("NATS_SERVER"), "a nats-server to start instead of the one of our go.mod")
	flags.StringVar(&l.sync, "sync", "interval", "when NATS syncs its files: interval or always")
	flags.StringVar(&l.profiles, "profiles", "", "folder for CPU profiles of the service and our nats-server, of saturated ingest and of the pipeline")
	flags.IntVar(&l.rounds, "rounds", 3, "rounds in which the program and the references take turns")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if err := l.open(ctx, *references); err != nil {
		return err
	}
	defer l.close()
	begin := time.Now()
	for _, p := range chosen {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), p.name)
		if err = p.run(ctx, l); err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
			break
		}
	}
	fmt.Fprintf(out, "%d rounds, %d cores, %s, NATS syncs: %s\n\n%s", l.rounds, runtime.NumCPU(), runtime.Version(), l.sync, l.results.table())
	if *plot != "" && err == nil {
		err = os.WriteFile(*plot, []byte(l.results.plot()), 0o644) //nolint:gosec // a picture for the documentation
	}
	return err
}

// lab is the machine's state while it measures.
type lab struct {
	dir                            string // temporary
	binary, nats, ceil, pipe, self string // programs; nats, ceil and pipe are empty: self plays the role
	sync, profiles                 string
	rounds                         int
	upstream                       *standIn
	results                        results
	runs                           int // so far, for names of files
}

// open makes the temporary directory, builds foreign references and starts
// the stand-in.
func (l *lab) open(ctx context.Context, references string) (err error) {
	if l.self, err = os.Executable(); err != nil {
		return err
	}
	if _, err = os.Stat(l.binary); err != nil {
		return fmt.Errorf("-binary: build the program first: %w", err)
	}
	if l.dir, err = os.MkdirTemp("", "trackerbell-bench-"); err != nil {
		return err
	}
	if l.profiles != "" {
		if err := os.MkdirAll(l.profiles, 0o750); err != nil {
			return err
		}
	}
	for name, program := range map[string]*string{"ceil": &l.ceil, "pipe": &l.pipe} {
		if references == "" {
			continue
		}
		*program = filepath.Join(l.dir, name)
		build := exec.CommandContext(ctx, "go", "build", "-C", references, "-o", *program, "./"+name) //nolint:gosec // the user's own programs
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the reference %s: %w: %s", name, err, text)
		}
	}
	l.upstream, err = newStandIn(ctx)
	return err
}

func (l *lab) close() {
	l.upstream.close()
	_ = os.RemoveAll(l.dir) // temporary
}
