package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// setup is a configuration of the service.
type setup struct {
	nats     string        // URL; empty: embedded
	data     string        // folder; empty: a new one
	maxJobs  int           // 0: the default
	poll     time.Duration // 0: the default
	lines    int           // channels, one for each ?line= of the webhook; 0: all in one
	paced    bool          // messages are posted at the default's rate
	expiring bool          // there is a source hook-expiring, whose recordings are not handed over by URL
}

// service is a running trackerbell.
type service struct {
	*process
	admin   string        // URL
	webhook string        // URL
	ready   time.Duration // from the start of the process to /readyz
}

// serve starts the service with everything on that is on by default, Symbl
// and Slack at the stand-in, and, unless it is to be paced, no limit on messages of
// ours: the stand-in has none.
func (l *lab) serve(ctx context.Context, cfg setup) (*service, error) {
	public, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	admin, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	l.runs++
	if cfg.data == "" {
		cfg.data = filepath.Join(l.dir, fmt.Sprintf("data-%d", l.runs))
	}
	file := filepath.Join(l.dir, fmt.Sprintf("trackerbell-%d.yaml", l.runs))
	if err := os.WriteFile(file, []byte(cfg.yaml(public, admin, l.upstream.url, l.sync)), 0o600); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(l.binary)
	if err != nil {
		return nil, err
	}
	s := &service{admin: "http://" + admin, webhook: "http://" + public + "/webhooks/hook"}
	begin := time.Now()
	if s.process, err = l.start(ctx, "trackerbell", binary, "serve", "--config", file); err != nil {
		return nil, err
	}
	if err := s.until(ctx, startTime, func() bool { _, err := get(ctx, s.admin+"/readyz"); return err == nil }); err != nil {
		s.stop()
		return nil, err
	}
	s.ready = time.Since(begin)
	return s, nil
}

func (cfg setup) yaml(public, admin, upstream, sync string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server: {addr: %q, publicURL: \"http://%s\"}\nadmin: {addr: %q}\n", public, public, admin)
	fmt.Fprintf(&b, "nats: {url: %q, dataDir: %q, sync: %s}\n", cfg.nats, cfg.data, sync)
	fmt.Fprintf(&b, "symbl: {baseURL: %q, appId: bench, appSecret: bench", upstream)
	if cfg.maxJobs > 0 {
		fmt.Fprintf(&b, ", maxJobs: %d", cfg.maxJobs)
	}
	if cfg.poll > 0 {
		fmt.Fprintf(&b, ", pollInterval: %s, pollMax: %s", cfg.poll, cfg.poll)
	}
	fmt.Fprintf(&b, "}\nslack: {token: xoxb-bench, apiURL: \"%s/api/\"", upstream)
	if !cfg.paced {
		b.WriteString(", ratePerChannel: 0")
	}
	b.WriteString("}\nmedia: {allowHosts: [127.0.0.1]}\n")
	fmt.Fprintf(&b, "sources:\n  - {name: hook, provider: twilio, secret: %q, labelsFromQuery: [line]}\n", twilioKey)
	if cfg.expiring {
		fmt.Fprintf(&b, "  - {name: hook-expiring, provider: aircall, secret: %q}\n", aircallKey)
	}
	if cfg.lines > 0 {
		b.WriteString("routes:\n")
	}
	for i := range cfg.lines {
		fmt.Fprintf(&b, "  - {match: {labels: {line: \"%d\"}}, channel: \"#line-%d\"}\n", i, i)
	}
	return b.String()
}

// natsServer is a nats-server with an empty store.
type natsServer struct {
	*process
	url, store string
	admin      string // URL of its profiles; empty: it has none
}

func (l *lab) startNATS(ctx context.Context) (*natsServer, error) {
	l.runs++
	return l.startNATSOn(ctx, filepath.Join(l.dir, fmt.Sprintf("nats-%d", l.runs)))
}

// startNATSOn starts a nats-server on a store.
func (l *lab) startNATSOn(ctx context.Context, store string) (*natsServer, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	n := &natsServer{url: "nats://" + addr, store: store}
	args := []string{"-addr", addr, "-sd", store, fmt.Sprintf("-sync-always=%t", l.sync == "always")}
	if l.profiles != "" && l.nats == "" {
		profiles, err := freeAddr(ctx)
		if err != nil {
			return nil, err
		}
		n.admin = "http://" + profiles
		args = append(args, "-pprof", profiles)
	}
	if l.nats != "" {
		if args, err = l.natsConfig(addr, store); err != nil {
			return nil, err
		}
	}
	if n.process, err = l.role(ctx, l.nats, "nats", args...); err != nil {
		return nil, err
	}
	if err := n.until(ctx, startTime, func() bool { return listens(ctx, addr) }); err != nil {
		n.stop()
		return nil, err
	}
	return n, nil
}

// natsConfig writes the configuration of a nats-server of the user's.
func (l *lab) natsConfig(addr, store string) ([]string, error) {
	l.runs++
	file := filepath.Join(l.dir, fmt.Sprintf("nats-%d.conf", l.runs))
	interval := "2m"
	if l.sync == "always" {
		interval = "always"
	}
	text := fmt.Sprintf("listen: %q\njetstream { store_dir: %q, sync_interval: %s }\n", addr, store, interval)
	return []string{"-c", file}, os.WriteFile(file, []byte(text), 0o600)
}

// refer starts ceil or pipe, and gives the URL of its webhook.
func (l *lab) refer(ctx context.Context, program, name string, n *natsServer) (*process, string, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, "", err
	}
	args := []string{"-addr", addr, "-nats", n.url}
	if name == "ceil" {
		args = append(args, "-mode", "sync")
	} else {
		args = append(args, "-wait", "poll", "-up", l.upstream.url)
	}
	p, err := l.role(ctx, program, name, args...)
	if err != nil {
		return nil, "", err
	}
	if err := p.until(ctx, startTime, func() bool { return listens(ctx, addr) }); err != nil {
		p.stop()
		return nil, "", err
	}
	return p, "http://" + addr + "/hook", nil
}
