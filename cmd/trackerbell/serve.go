package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/trackerbell/trackerbell/config"
)

type serveCmd struct{}

// Help gives the examples.
func (serveCmd) Help() string {
	return "With no file and no environment everything runs embedded, and alerts are printed.\n\nExamples:\n  trackerbell serve\n  trackerbell serve --config trackerbell.yaml\n  TRACKERBELL_SLACK_TOKENFILE=/run/secrets/slack trackerbell serve"
}

// Run runs the service until a signal ends it.
func (c *serveCmd) Run(g *globals) error {
	cfg, read, err := g.loadHashed(nil)
	if err != nil {
		return err
	}
	if err := preflight(cfg); err != nil {
		return err
	}
	level := zap.NewAtomicLevel()
	log := newLogger(g.err, level)
	made, err := defaultSource(cfg, true)
	if err != nil {
		return err
	}
	notifiers, err := newNotifiers(cfg, g.out)
	if err != nil {
		return err
	}
	a, err := newApp(g.ctx, cfg, log, notifiers)
	if err != nil {
		return err
	}
	a.level = &level
	if err := announce(g.out, a, made); err != nil {
		return errors.Join(err, a.Close(context.WithoutCancel(g.ctx)))
	}
	stop, err := a.reloadOnChange(g, read)
	if err == nil {
		err = a.Run(g.ctx)
		stop()
	}
	return errors.Join(err, a.Close(context.WithoutCancel(g.ctx)))
}

// announce prints what somebody who starts the service the first time needs.
func announce(w io.Writer, a *app, made bool) error {
	text := fmt.Sprintf("trackerbell %s: webhooks at http://%s, admin at http://%s\n", version, a.public.Addr(), a.admin.Addr())
	if made {
		text += fmt.Sprintf("source %s: POST http://%s/webhooks/%s, signed with the secret %s\n(printed this once; kept in %s)\n",
			config.DefaultSource, a.public.Addr(), config.DefaultSource, a.cfg.Sources[0].Secret, a.cfg.NATS.DataDir)
	}
	_, err := io.WriteString(w, text)
	return err
}

// newLogger logs what level lets through, for a person on a terminal, and as JSON elsewhere.
func newLogger(w io.Writer, level zapcore.LevelEnabler) *zap.Logger {
	if isTerminal(w) {
		enc := zap.NewDevelopmentEncoderConfig()
		enc.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(enc), zapcore.AddSync(w), level))
	}
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(enc), zapcore.AddSync(w), level))
}

// isTerminal tells whether a person reads w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
