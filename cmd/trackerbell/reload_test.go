package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// formToken is what a form of the console carries against other sites.
var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

const reloadedConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
slack: {ratePerChannel: 0}
sources: [{name: calls, provider: generic, secretFile: "${DIR}/now/secret"}]
engine: {maxTrackers: 3}
routes: [{match: {trackers: ["Promotion Mention"]}, channel: "#before"}]
trackers: ${DIR}/now/trackers.yaml
`

// metric reads a metric without labels, or with labels as they are printed.
func (s *service) metric(name string) string {
	s.t.Helper()
	body := string(s.do(http.MethodGet, s.admin+"/metrics", nil, nil).body)
	for line := range strings.SplitSeq(body, "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return value
		}
	}
	return ""
}

// project writes files as Kubernetes projects a volume: into a new folder, to
// which a symbolic link is swapped in one step.
func (s *service) project(version string, files map[string]string) {
	s.t.Helper()
	dir := filepath.Join(s.dir, version)
	require.NoError(s.t, os.Mkdir(dir, 0o700))
	for name, text := range files {
		require.NoError(s.t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	link := filepath.Join(s.dir, "next")
	require.NoError(s.t, os.Symlink(version, link))
	require.NoError(s.t, os.Rename(link, filepath.Join(s.dir, "now")))
}

func TestEndToEndAChangedConfigurationIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newService(t, reloadedConfig)
	s.project("v1", map[string]string{"secret": standardSecret, "trackers.yaml": testTrackers})
	p := s.start()
	key := s.accept("calls", saleCall("first"))
	require.Equal(t, "#before", s.waitStage(key, events.StageDone).Alerts[0].Destination)
	form := url.Values{"csrf": {formToken.FindStringSubmatch(string(s.do(http.MethodGet, s.admin+"/system", nil, nil).body))[1]}, "tracker": {"any"}, "hours": {"1"}, "reason": {"a page that stayed open"}}
	hash := s.metric("trackerbell_config_hash")
	require.Equal(t, "1", s.metric("trackerbell_config_last_reload_successful"))

	// Secret and trackers, behind the link.
	const rotated = "whsec_cm90YXRlZC1yb3RhdGVkLXJvdGF0ZWQtcm90YXRlZA=="
	s.project("v2", map[string]string{"secret": rotated, "trackers.yaml": "- {name: Delivery, vocabulary: [next week]}\n" + testTrackers[1:]})
	reloaded := func(n string) func() bool {
		return func() bool { return s.metric(`trackerbell_config_reloads_total{result="success"}`) >= n } // a file may be seen to have changed before the signal
	}
	require.Eventually(t, reloaded("1"), soon, tick)
	require.NotEqual(t, hash, s.metric("trackerbell_config_hash"))
	require.Contains(t, s.must("trackers", "list"), "Delivery")
	body := saleCall("second").json(t)
	require.Equal(t, http.StatusUnauthorized, s.do(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now())).status)
	require.Contains(t, s.must("send", "calls", "--transcript", writeCall(t, s.dir), "--id", "third"), "202")

	// Routes, and a key that waits for a restart, on SIGHUP.
	s.write("trackerbell.yaml", strings.ReplaceAll(strings.Replace(reloadedConfig, "#before", "#after", 1), "sync: interval", "sync: interval, maxAge: 24h"))
	p.signal(syscall.SIGHUP)
	require.Eventually(t, reloaded("2"), soon, tick)
	logged := func(text string) {
		require.Eventually(t, func() bool { return strings.Contains(p.stderr.String(), text) }, soon, tick, text) // the pipe may be late
	}
	logged(`"keys":["nats"]`)
	s.must("send", "calls", "--transcript", writeCall(t, s.dir), "--id", "fourth")
	require.Equal(t, "#after", s.waitStage("calls.fourth", events.StageDone).Alerts[0].Destination)

	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	page := s.do(http.MethodPost, s.admin+"/system/silences", []byte(form.Encode()), header)
	require.Equal(t, http.StatusOK, page.status, "a page that was open before is not too old")
	require.Contains(t, string(page.body), "a page that stayed open")
	require.Contains(t, string(page.body), "#after", "and the configuration is the new one")

	// A mistake changes nothing.
	hash = s.metric("trackerbell_config_hash")
	s.write("trackerbell.yaml", strings.Replace(reloadedConfig, "channel:", "chanel:", 1))
	require.Eventually(t, func() bool { return s.metric(`trackerbell_config_reloads_total{result="failure"}`) == "1" }, soon, tick)
	require.Equal(t, "0", s.metric("trackerbell_config_last_reload_successful"))
	require.Equal(t, hash, s.metric("trackerbell_config_hash"))
	logged("routes[0].chanel: unknown key; did you mean channel?")
	require.Equal(t, http.StatusOK, s.status(s.admin+"/readyz"))

	// Nor do trackers of which one is too many.
	s.write("trackerbell.yaml", reloadedConfig)
	s.project("v3", map[string]string{"secret": rotated, "trackers.yaml": "- {name: Delivery, vocabulary: [next month]}\n- {name: A, vocabulary: [a]}\n- {name: B, vocabulary: [b]}\n" + testTrackers[1:]})
	logged("the account would have 5 trackers, and may have 3")
	require.NotContains(t, s.must("trackers", "export"), "next month")
	p.stop()
}

// TestAConfigurationIsTakenOverAsAWholeWhenNATSIsBack changes routes and trackers
// while NATS, which keeps the trackers, is away.
func TestAConfigurationIsTakenOverAsAWholeWhenNATSIsBack(t *testing.T) {
	t.Parallel()
	nats := newNATS(t)
	nats.start()
	yaml := strings.Replace(reloadedConfig, `nats: {dataDir: "${DATA}", sync: interval}`, `nats: {url: "${NATS}"}`, 1)
	s := newService(t, yaml, "NATS", nats.url())
	s.project("v1", map[string]string{"secret": standardSecret, "trackers.yaml": testTrackers})
	p := s.start()
	nats.stop()
	require.Eventually(t, func() bool { return s.status(s.admin+"/readyz") == http.StatusServiceUnavailable }, soon, tick)
	s.write("trackerbell.yaml", strings.ReplaceAll(strings.Replace(yaml, "#before", "#after", 1), "${NATS}", nats.url()))
	s.project("v2", map[string]string{"secret": standardSecret, "trackers.yaml": "- {name: Delivery, vocabulary: [next week]}\n" + testTrackers[1:]})
	failures := func() bool { return s.metric(`trackerbell_config_reloads_total{result="failure"}`) != "0" }
	require.Eventually(t, failures, 3*soon, tick)
	require.Equal(t, "0", s.metric(`trackerbell_config_reloads_total{result="success"}`))

	nats.start()
	require.Eventually(t, func() bool { return s.metric("trackerbell_config_last_reload_successful") == "1" }, 3*soon, tick)
	s.waitReady(p)
	require.Contains(t, s.must("trackers", "list"), "Delivery")
	key := s.accept("calls", saleCall("first"))
	require.Equal(t, "#after", s.waitStage(key, events.StageDone).Alerts[0].Destination)
	p.stop()
}

func TestTheFilesOfAConfigurationAreAllThatItWasReadFrom(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Trackers: "t.yaml", Slack: config.Slack{TokenFile: "token"}, Sources: []config.Source{{SecretFile: "a"}, {SecretFile: "token"}}}
	require.ElementsMatch(t, []string{"t.yaml", "token", "a"}, cfg.Files())
	before := hashFiles(cfg.Files())
	require.Equal(t, before, hashFiles(cfg.Files()), "files that are not there have a hash, too")
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("1"), 0o600))
	one := hashFiles([]string{path})
	require.NoError(t, os.WriteFile(path, []byte("2"), 0o600))
	require.NotEqual(t, one, hashFiles([]string{path}))
}

// lookAfter runs a reloader over a configuration whose first source is called
// "one"; took is given each configuration that is taken over.
func lookAfter(t *testing.T, took func(*config.Config)) (r *reloader, write func(name string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trackerbell.yaml")
	write = func(name string) {
		yaml := "sources: [{name: " + name + ", provider: generic, secret: a plain pass phrase}]\n"
		require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	}
	write("one")
	g := &globals{Config: path, err: io.Discard}
	cfg, read, err := g.loadHashed(nil)
	require.NoError(t, err)
	metrics, err := newReloadMetrics(prometheus.NewRegistry())
	require.NoError(t, err)
	r = &reloader{globals: g, log: zap.NewNop(), metrics: metrics, files: cfg.Files(), hash: read, seen: read}
	r.take = func(_ context.Context, cfg *config.Config) error {
		took(cfg)
		return nil
	}
	return r, write
}

func TestAChangeWhileAnotherIsTakenOverIsTakenOverNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken []string
		var r *reloader
		var write func(string)
		r, write = lookAfter(t, func(cfg *config.Config) {
			if taken = append(taken, cfg.Sources[0].Name); len(taken) == 1 {
				<-time.After(30 * time.Second)
				write("three")
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go r.run(ctx, nil)
		write("two")
		<-time.After(time.Minute)
		cancel()
		synctest.Wait()
		require.Equal(t, []string{"two", "three"}, taken)
		require.Equal(t, hashFiles(r.files), r.hash)
		last := testutil.ToFloat64(r.metrics.hash)
		r.took()
		require.InDelta(t, last, testutil.ToFloat64(r.metrics.hash), 0, "what the gauge shows is in force")
	})
}

func TestAChangeWhileTheServiceStartsIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken []string
		r, write := lookAfter(t, func(cfg *config.Config) { taken = append(taken, cfg.Sources[0].Name) })
		write("two") // after it was loaded, before anybody looks
		ctx, cancel := context.WithCancel(t.Context())
		go r.run(ctx, nil)
		<-time.After(time.Minute)
		cancel()
		synctest.Wait()
		require.Equal(t, []string{"two"}, taken)
	})
}

func TestTheHashOfALoadIsOfAllItsFilesAndOlderThanIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	secret := file("secret", "a plain pass phrase")
	var warned strings.Builder
	g := &globals{err: &warned, environ: []string{"TRACKERBELL_NOTHING=1"}}
	g.Config = file("trackerbell.yaml", "sources: [{name: one, provider: generic, secretFile: "+secret+"}]\n")
	cfg, read, err := g.loadHashed([]string{g.Config})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{g.Config, secret}, cfg.Files())
	require.Equal(t, hashFiles(cfg.Files()), read)
	require.Equal(t, 1, strings.Count(warned.String(), "TRACKERBELL_NOTHING"), "what is read twice is warned of once")
}

func TestAFileThatAChangedConfigurationLacksIsTakenOverWhenItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken []string
		r, _ := lookAfter(t, func(cfg *config.Config) { taken = append(taken, cfg.Sources[0].Secret) })
		secret := filepath.Join(t.TempDir(), "secret")
		yaml := "sources: [{name: one, provider: generic, secretFile: " + secret + "}]\n"
		ctx, cancel := context.WithCancel(t.Context())
		go r.run(ctx, nil)
		require.NoError(t, os.WriteFile(r.globals.Config, []byte(yaml), 0o600))
		<-time.After(time.Minute)
		require.Empty(t, taken)
		failures := testutil.ToFloat64(r.metrics.total.WithLabelValues("failure"))
		require.InDelta(t, 1, failures, 0, "it is told once")
		require.NoError(t, os.WriteFile(secret, []byte("a later pass phrase"), 0o600))
		<-time.After(time.Minute)
		cancel()
		synctest.Wait()
		require.Equal(t, []string{"a later pass phrase"}, taken)
		require.Equal(t, hashFiles(r.files), r.hash)
	})
}
