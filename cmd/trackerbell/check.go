package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

const checkTimeout = 10 * time.Second // of each check

// dependency is something that is checked: what was found is one line or more.
type dependency struct {
	name string
	run  func(context.Context) (string, error)
}

type checkCmd struct {
	adminFlags
}

// Help gives the examples.
func (checkCmd) Help() string {
	return "Examples:\n  trackerbell check\n  trackerbell check --config /etc/trackerbell/trackerbell.yaml"
}

// Run checks the configuration and its dependencies: a line for each.
func (c *checkCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if err := preflight(cfg); err != nil {
		return err
	}
	checks := []dependency{
		{"configuration", func(context.Context) (string, error) { return describeConfig(g.Config, cfg), nil }},
		{"nats", func(ctx context.Context) (string, error) {
			return c.checkNATS(ctx, cfg, newLogger(g.err, zap.WarnLevel))
		}},
		{"symbl", func(ctx context.Context) (string, error) { return checkSymbl(ctx, cfg) }},
		{"transcriber", func(ctx context.Context) (string, error) { return checkTranscriber(ctx, cfg) }},
		{"slack", func(ctx context.Context) (string, error) { return checkSlack(ctx, cfg) }},
		{"clock", func(ctx context.Context) (string, error) { return checkClock(ctx, cfg) }},
	}
	if cfg.Symbl.BaseURL != "" || cfg.Engine.Transcriber == "none" {
		checks = slices.DeleteFunc(checks, func(d dependency) bool { return d.name == "transcriber" })
	}
	failed := 0
	for _, check := range checks {
		state := "ok"
		// What one dependency takes is not taken from the next.
		ctx, cancel := context.WithTimeout(g.ctx, checkTimeout)
		text, err := check.run(ctx)
		cancel()
		if err != nil {
			state, text = "failed", err.Error()
			failed++
		}
		// What has several lines continues below its first.
		text = strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 6+2+13+2))
		if _, err := fmt.Fprintf(g.out, "%-6s  %-13s  %s\n", state, check.name, text); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	return nil
}

func describeConfig(path string, cfg *config.Config) string {
	if path == "" {
		path = "no file"
	}
	sources := counted(len(cfg.Sources), "source")
	if len(cfg.Sources) == 0 {
		sources = "the source " + config.DefaultSource + ", as none is configured"
	}
	return fmt.Sprintf("%s: %s, %s", path, sources, counted(len(cfg.Routes), "route"))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// checkNATS reaches the external NATS, or opens the embedded store, which mends
// what is damaged and logs it; when a service has it open, that service is asked
// instead.
func (c *checkCmd) checkNATS(ctx context.Context, cfg *config.Config, log *zap.Logger) (string, error) {
	var where string
	if cfg.NATS.URL == "" {
		where = "embedded, in " + cfg.NATS.DataDir
		lock, err := lockDir(cfg.NATS.DataDir)
		if errors.Is(err, errLocked) {
			if err := c.client(cfg).do(ctx, http.MethodGet, "/readyz", nil); err != nil {
				return "", fmt.Errorf("the running service says: %w", err)
			}
			return where + ", asked the running service", nil
		}
		if err != nil {
			return "", err
		}
		defer func() { _ = lock.release() }() // the process ends soon
	}
	conn, err := events.Connect(cfg.NATS, log)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }() // only read from
	if err := conn.Check(ctx); err != nil {
		return "", err
	}
	if cfg.NATS.URL != "" {
		where = fmt.Sprintf("version %s at %s", conn.Conn.ConnectedServerVersion(), conn.Conn.ConnectedAddr())
	}
	return where + ", JetStream is on", nil
}

// checkSymbl logs in and lists the trackers.
func checkSymbl(ctx context.Context, cfg *config.Config) (string, error) {
	if cfg.Symbl.BaseURL == "" {
		text := "the embedded engine"
		if cfg.Engine.Transcriber == "none" {
			text += "; transcripts only, as engine.transcriber is none"
		}
		return text, nil
	}
	client, err := newSymbl(cfg.Symbl)
	if err != nil {
		return "", err
	}
	list, err := client.Trackers(ctx)
	var failed *symbl.Error
	if errors.As(err, &failed) && failed.Class == symbl.NotFound {
		return cfg.Symbl.BaseURL + " accepts the application " + cfg.Symbl.AppID + ", but does not list trackers", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, symblAdvice(failed))
	}
	return fmt.Sprintf("%s accepts the application %s and has %s", cfg.Symbl.BaseURL, cfg.Symbl.AppID, counted(len(list), "tracker")), nil
}

// symblAdvice says what to do about a Symbl that cannot be used; nil is an error of
// our own.
func symblAdvice(failed *symbl.Error) string {
	switch {
	case failed != nil && failed.Class == symbl.Permanent:
		return "Check symbl.appId and symbl.appSecret, which are of one application, and that symbl.baseURL is theirs."
	case failed != nil && failed.Class == symbl.Throttled:
		return "Symbl answers, and asks for patience: try again."
	default:
		return "Check that symbl.baseURL is right and that this machine reaches it, through its proxy if it has one."
	}
}

const transcriberAdvice = "Check engine.openai; until it works, recordings wait for up to four hours."

// checkTranscriber asks the server that hears recordings whether it is there, or
// names the program.
func checkTranscriber(ctx context.Context, cfg *config.Config) (string, error) {
	t, err := newTranscriber(cfg)
	if err != nil {
		return "", err
	}
	text := ""
	if r, ok := t.(interface {
		Reach(ctx context.Context) (string, error)
	}); ok {
		if text, err = r.Reach(ctx); err != nil {
			return "", fmt.Errorf("%w\n%s", err, transcriberAdvice)
		}
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		text += "\nwithout ffmpeg in the PATH: recordings in WAV only"
	}
	return text, nil
}

// checkSlack asks Slack who the bot is, and whether it could post to every
// channel that the routes name and look there for what it posted.
func checkSlack(ctx context.Context, cfg *config.Config) (string, error) {
	if cfg.Slack.Token == "" {
		return "no token: alerts go to standard output", nil
	}
	slack, err := notify.NewSlack(cfg.Slack, notify.SlackOptions{})
	if err != nil {
		return "", err
	}
	defer slack.Close()
	who, err := slack.Check(ctx)
	var failed *notify.Error
	if errors.As(err, &failed) {
		return "", fmt.Errorf("%w\n%s", err, notify.Advice(failed.Reason))
	}
	if err != nil {
		return "", err
	}
	if missing := who.Missing("chat:write"); len(missing) > 0 {
		return "", fmt.Errorf("bot %s in %s may not post: add the scope %s under OAuth & Permissions and install the app again", who.Bot, who.Team, missing[0])
	}
	router, err := newRouter(cfg)
	if err != nil {
		return "", err
	}
	state, err := checkChannels(ctx, slack, slackChannels(cfg, router))
	text := fmt.Sprintf("bot %s in %s, %s", who.Bot, who.Team, state)
	if missing := who.Missing("channels:read", "groups:read", "channels:history", "groups:history"); len(missing) > 0 {
		text += "\nwithout the scopes " + strings.Join(missing, ", ") + ", which some channels need for looking up what was posted"
	}
	if err != nil {
		return "", fmt.Errorf("%s\n%w", text, err)
	}
	return text, nil
}

// slackChannels are the destinations that are channels of the bot.
func slackChannels(cfg *config.Config, router *notify.Router) []string {
	list := append(router.Destinations(), cfg.Slack.FallbackChannel, cfg.Slack.OperatorChannel)
	return slices.DeleteFunc(list, func(to string) bool {
		return to == "" || slices.ContainsFunc(cfg.Destinations, func(d config.Destination) bool { return d.Name == to })
	})
}

// checkChannels looks at every channel, and tells of all that cannot be used.
func checkChannels(ctx context.Context, slack *notify.Slack, channels []string) (string, error) {
	var wrong []error
	for _, channel := range channels {
		_, err := slack.CheckChannel(ctx, channel)
		var failed *notify.Error
		switch {
		case errors.As(err, &failed) && (failed.Reason == notify.ReasonHTTPStatus || failed.Reason == notify.ReasonBadAnswer):
			// What answers for Slack knew the bot, but has no list of channels.
			return "which does not tell of its channels", nil
		case errors.As(err, &failed):
			wrong = append(wrong, fmt.Errorf("%s: %w: %s", channel, err, notify.Advice(failed.Reason)))
		case err != nil:
			wrong = append(wrong, fmt.Errorf("%s: %w", channel, err))
		}
	}
	if len(wrong) > 0 {
		return "which cannot use every channel:", errors.Join(wrong...)
	}
	return "member of " + strings.Join(channels, ", "), nil
}
