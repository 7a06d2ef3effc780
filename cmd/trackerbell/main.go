// Command trackerbell turns "recording ready" webhooks of telephony systems
// into tracker alerts in Slack. See the README for how to run it; every
// command tells about itself with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/trackerbell/trackerbell/config"
)

// The exit codes of every command.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// globals are what every command shares.
type globals struct {
	Config string `help:"Configuration file (YAML); without it trackerbell.yaml, where there is one." env:"TRACKERBELL_CONFIG" placeholder:"FILE"`

	ctx     context.Context //nolint:containedctx // of the one command that runs, from main to its calls
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

// commands is the command line; contract and README list the same.
type commands struct {
	globals

	Demo       demoCmd       `cmd:"" help:"Play sample calls through the whole pipeline and print their alerts."`
	Serve      serveCmd      `cmd:"" help:"Run the service."`
	Engine     engineCmd     `cmd:"" help:"Run the Symbl-compatible server alone."`
	Trackers   trackersCmd   `cmd:"" help:"Manage the trackers of the configured Symbl."`
	Routes     routesCmd     `cmd:"" help:"Try the routes, and see what their alerts look like."`
	Silences   silencesCmd   `cmd:"" help:"Hold alerts back for a while."`
	Recordings recordingsCmd `cmd:"" help:"See what happened to a recording."`
	Dead       deadCmd       `cmd:"" help:"See, replay and drop dead letters."`
	Send       sendCmd       `cmd:"" help:"Send a webhook to a running service, signed as its provider signs."`
	Init       initCmd       `cmd:"" help:"Write a configuration to start from."`
	Settings   configCmd     `cmd:"" name:"config" help:"Show the configuration that holds, or the schema of its file."`
	Check      checkCmd      `cmd:"" help:"Validate the configuration and reach NATS, Symbl and Slack."`
	Version    versionCmd    `cmd:"" help:"Print version, commit and Go version."`
}

// usageError is a wrong use of the command line or of the configuration.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// run parses the arguments, runs the command and returns its exit code.
func run(ctx context.Context, args, environ []string, out, errw io.Writer) int {
	exit := -1 // what kong wishes to exit with, after --help
	cli := commands{globals: globals{ctx: ctx, environ: environ, in: os.Stdin, out: out, err: errw}}
	parser, err := kong.New(&cli,
		kong.Name("trackerbell"),
		kong.Description("From a call recording's webhook to a tracker alert in Slack."),
		kong.Writers(out, errw),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errw, "trackerbell:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	switch {
	case exit >= 0:
		return exit
	case err != nil:
		_, _ = fmt.Fprintf(errw, "trackerbell: %v (see %s --help)\n", err, commandOf(err))
		return exitUsage
	}
	return report(errw, parsed.Run(&cli.globals))
}

// commandOf is the command whose arguments were wrong, as far as it was told.
func commandOf(err error) string {
	if failed, ok := errors.AsType[*kong.ParseError](err); ok {
		if command := failed.Context.Selected(); command != nil {
			return command.FullPath()
		}
	}
	return "trackerbell"
}

// report prints one line for each problem and tells the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		_, _ = fmt.Fprintln(w, "trackerbell:", line)
	}
	var usage *usageError
	var problems config.Problems
	if errors.As(err, &usage) || errors.As(err, &problems) {
		return exitUsage
	}
	return exitFailed
}

// defaultConfig is the file that is read without --config, where there is one.
const defaultConfig = "trackerbell.yaml"

// load reads the configuration, and prints its warnings.
func (g *globals) load() (*config.Config, error) {
	cfg, warnings, err := g.read()
	g.warn(warnings)
	if err != nil {
		return nil, err
	}
	return cfg, nil
}

func (g *globals) warn(warnings []string) {
	for _, w := range warnings {
		_, _ = fmt.Fprintln(g.err, "trackerbell: warning:", w)
	}
}

// read reads the configuration; its warnings are to be printed. With an error the
// configuration is as config.Load gives it.
func (g *globals) read() (*config.Config, []string, error) {
	if _, err := os.Stat(defaultConfig); g.Config == "" && err == nil {
		g.Config = defaultConfig
	}
	cfg, warnings, err := config.Load(g.Config, g.environ)
	if cfg != nil {
		cfg.Trackers = beside(g.Config, cfg.Trackers)
	}
	if err != nil {
		err = withPreflight(cfg, err)
	}
	return cfg, warnings, err
}
