package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

const sendTimeout = 30 * time.Second

type sendCmd struct {
	Source       string `arg:"" help:"Name of the source."`
	RecordingURL string `name:"recording-url" help:"Where the recording can be downloaded." placeholder:"URL" xor:"what"`
	Transcript   string `help:"Transcript to send: JSON, WebVTT or SRT." placeholder:"FILE" xor:"what"`
	ID           string `help:"Id of the recording; default: a new one."`
	From         string `help:"Number of the caller."`
	To           string `help:"Number that was called."`
	Agent        string `help:"Name of the agent."`
	Direction    string `help:"inbound or outbound."`
	StartedAt    string `help:"Start of the call, RFC 3339; default: now." placeholder:"TIME"`
	URL          string `name:"url" help:"URL of the public listener; default: from the configuration."`
}

// Help gives the examples.
func (sendCmd) Help() string {
	return "Examples:\n  trackerbell send calls --transcript call.vtt\n  trackerbell send support --recording-url https://example.com/call.wav --id call-17"
}

// Run sends a webhook and prints the answer.
func (c *sendCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	outline, err := c.outline()
	if err != nil {
		return err
	}
	if _, err := defaultSource(cfg, false); err != nil {
		return err
	}
	provider, err := findProvider(cfg, c.Source)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(c.URL, "/")
	if base == "" {
		base = "http://" + reachable(cfg.Server.Addr)
	}
	public := cfg.Server.PublicURL
	if public == "" {
		public = base
	}
	status, body, err := post(g.ctx, provider, outline, public, base, c.Source)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return fmt.Errorf("%s answers %d: %s", base, status, problemTitle(status, body))
	}
	_, err = fmt.Fprintf(g.out, "%d %s\n", status, strings.TrimSpace(printable(string(body))))
	return err
}

// outline describes the call that the flags tell of.
func (c *sendCmd) outline() (source.Outline, error) {
	o := source.Outline{
		ID: c.ID, RecordingURL: c.RecordingURL, From: c.From, To: c.To, Agent: c.Agent, Direction: c.Direction,
		StartedAt: time.Now().UTC().Truncate(time.Second),
	}
	if (c.RecordingURL == "") == (c.Transcript == "") {
		return o, usagef("give one of --recording-url and --transcript")
	}
	if o.ID == "" {
		o.ID = "sent-" + strings.ToLower(rand.Text())
	}
	if c.StartedAt != "" {
		t, err := time.Parse(time.RFC3339, c.StartedAt)
		if err != nil {
			return o, usagef("--started-at: %q is not a time like 2026-11-23T10:00:00Z", c.StartedAt)
		}
		o.StartedAt = t
	}
	if c.Transcript == "" {
		return o, nil
	}
	raw, err := os.ReadFile(c.Transcript)
	if err != nil {
		return o, usagef("--transcript: %v", err)
	}
	if o.Transcript, err = source.ParseTranscript(raw); err != nil {
		return o, usagef("--transcript %s: %v", c.Transcript, err)
	}
	return o, nil
}

// findProvider makes the provider of a configured source.
func findProvider(cfg *config.Config, name string) (source.Provider, error) {
	var names []string
	for i, s := range cfg.Sources {
		if s.Name == name {
			p, err := source.New(s)
			if err != nil {
				return nil, config.Problems{sourceProblem(cfg, i, err)}
			}
			return p, nil
		}
		names = append(names, s.Name)
	}
	return nil, usagef("there is no source %q; configured: %s", name, strings.Join(names, ", "))
}

// post signs the webhook for the public URL and sends it to base.
func post(ctx context.Context, p source.Provider, o source.Outline, public, base, name string) (int, []byte, error) {
	u, err := url.Parse(public + "/webhooks/" + name)
	if err != nil {
		return 0, nil, usagef("--url: %v", err)
	}
	hook, err := p.Compose(o, u, time.Now())
	if err != nil {
		return 0, nil, usagef("%v", err)
	}
	to := base + "/webhooks/" + name // a path in the public URL is the proxy's, not the listener's
	if hook.URL.RawQuery != "" {
		to += "?" + hook.URL.RawQuery
	}
	req, err := http.NewRequestWithContext(ctx, hook.Method, to, bytes.NewReader(hook.Body))
	if err != nil {
		return 0, nil, usagef("--url: %v", err)
	}
	req.Header = hook.Header
	resp, err := (&http.Client{Timeout: sendTimeout}).Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no service answers at %s: %w", base, bare(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, body, err
}
