package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// natsServer is a nats-server apart from the program, with a store that
// outlives its restarts.
type natsServer struct {
	t    *testing.T
	opts *server.Options
	srv  *server.Server
}

// newNATS does not start the server.
func newNATS(t *testing.T) *natsServer {
	t.Helper()
	host, port, err := net.SplitHostPort(freeAddr(t))
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	return &natsServer{t: t, opts: &server.Options{
		Host: host, Port: n, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true, MaxPayload: 8 << 20,
	}}
}

func (n *natsServer) url() string { return fmt.Sprintf("nats://%s:%d", n.opts.Host, n.opts.Port) }

func (n *natsServer) start() {
	n.t.Helper()
	srv, err := server.NewServer(n.opts.Clone())
	require.NoError(n.t, err)
	srv.Start()
	require.True(n.t, srv.ReadyForConnections(soon))
	n.srv = srv
	n.t.Cleanup(srv.Shutdown)
}

func (n *natsServer) stop() {
	n.srv.Shutdown()
	n.srv.WaitForShutdown()
}

// natsCluster is three servers that know each other.
func natsCluster(t *testing.T) []*natsServer {
	t.Helper()
	var nodes []*natsServer
	var routes []*url.URL
	for i := range 3 {
		n := newNATS(t)
		host, port, err := net.SplitHostPort(freeAddr(t))
		require.NoError(t, err)
		n.opts.ServerName = fmt.Sprintf("n%d", i)
		n.opts.Cluster = server.ClusterOpts{Name: "bell", Host: host}
		n.opts.Cluster.Port, err = strconv.Atoi(port)
		require.NoError(t, err)
		routes = append(routes, &url.URL{Scheme: "nats", Host: net.JoinHostPort(host, port)})
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		n.opts.Routes = routes
		n.start()
	}
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(nodes, func(n *natsServer) bool { return n.srv.JetStreamIsLeader() })
	}, soon, tick, "the cluster has no leader")
	return nodes
}

// newExternal makes a service on an external NATS, with the routes of the kill
// tests.
func newExternal(t *testing.T, slack *slacktest.Server, url string) *service {
	t.Helper()
	yaml := strings.Replace(killConfig, `nats: {dataDir: "${DATA}"}`,
		fmt.Sprintf(`nats: {url: "${NATS}", replicas: %d}`, 1+2*min(strings.Count(url, ","), 1)), 1)
	s := newService(t, yaml, "NATS", url, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	return s
}

// offer sends a call until it is accepted, as providers do. Other goroutines
// than the test's may use it: it reports instead of ending the test.
func (s *service) offer(h hook) {
	body := h.json(s.t)
	wait := time.NewTicker(10 * tick)
	defer wait.Stop()
	for until := time.Now().Add(2 * soon); time.Now().Before(until); <-wait.C {
		a, err := s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
		if err == nil && a.status == http.StatusAccepted {
			return
		}
	}
	s.t.Errorf("%s is not accepted", h.ID)
}

// postedOf counts what stands in the channels of the teams.
func postedOf(slack *slacktest.Server) (n int) {
	for i := range killTeams {
		n += len(slack.Messages(fmt.Sprintf("#t%d", i)))
	}
	return n
}

func isDone(r api.RecordingView) bool { return r.Stage == events.StageDone }

// TestExternalNATSMayStartLateAndRestart starts the service before its NATS,
// and restarts NATS while recordings are under way.
func TestExternalNATSMayStartLateAndRestart(t *testing.T) {
	t.Parallel()
	const calls = 60
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	nats := newNATS(t)
	s := newExternal(t, slack, nats.url())
	p := s.launch()
	require.Eventually(t, func() bool { return s.status(s.admin+"/healthz") == http.StatusOK }, soon, tick, "alive without NATS")
	require.Equal(t, http.StatusServiceUnavailable, s.status(s.admin+"/readyz"))
	a := s.sendStandard("calls", saleCall("early"))
	require.Equal(t, http.StatusServiceUnavailable, a.status, "%s", a.body)
	require.NotEmpty(t, a.header.Get("Retry-After"))

	nats.start()
	s.waitReady(p)
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range calls {
			h, _ := teamCall(i)
			s.offer(h)
		}
	})
	restarts := 1
	if os.Getenv("TRACKERBELL_LONG") != "" {
		restarts = 5
	}
	for range restarts {
		seen := postedOf(slack)
		require.Eventually(t, func() bool { return postedOf(slack) >= seen+3 }, 2*soon, tick)
		nats.stop()
		require.Eventually(t, func() bool { return s.status(s.admin+"/readyz") == http.StatusServiceUnavailable }, soon, tick)
		require.Equal(t, http.StatusOK, s.status(s.admin+"/healthz"), "an outage of NATS is no reason to be restarted")
		nats.start()
	}
	sending.Wait()
	s.waitReady(p)
	for i := range calls {
		h, _ := teamCall(i)
		s.waitFor("calls."+h.ID, 2*soon, isDone)
	}
	requireOnce(t, s, slack, calls)
	require.Less(t, strings.Count(p.stderr.String(), `"level":"warn"`), 100, "an outage must not fill the log")
	p.stop()
}

// TestReplicasShareTheWork runs three processes on one NATS; one is killed.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	const calls = 60
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	nats := newNATS(t)
	nats.start()
	var replicas []*service
	var runs []*program
	for range 3 {
		s := newExternal(t, slack, nats.url())
		replicas, runs = append(replicas, s), append(runs, s.start())
	}
	var sending sync.WaitGroup
	for i := range calls {
		sending.Go(func() {
			h, _ := teamCall(i)
			replicas[1+i%2].offer(h)
			replicas[2-i%2].offer(h)
		})
	}
	require.Eventually(t, func() bool { return postedOf(slack) > calls/6 }, soon, tick)
	runs[0].kill()
	sending.Wait()
	for i := range calls {
		h, _ := teamCall(i)
		replicas[1].waitFor("calls."+h.ID, 2*soon, isDone)
	}
	requireOnce(t, replicas[1], slack, calls)
	runs[1].stop()
	runs[2].stop()
}

// TestAClusterLosesANode runs two replicas on a cluster of three servers. It
// stops one that does not lead, and, when that is back, the one that does.
func TestAClusterLosesANode(t *testing.T) {
	if raceEnabled {
		t.Skip("three nats-servers in this process are too slow under the race detector")
	}
	t.Parallel()
	const calls = 40
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	nodes := natsCluster(t)
	var urls []string
	for _, n := range nodes {
		urls = append(urls, n.url())
	}
	a, b := newExternal(t, slack, strings.Join(urls, ",")), newExternal(t, slack, strings.Join(urls, ","))
	var runs []*program
	for _, s := range []*service{a, b} { // the first makes the streams, and a cluster elects a leader for each
		runs = append(runs, s.launch())
		require.Eventually(t, func() bool { return s.status(s.admin+"/readyz") == http.StatusOK }, 4*soon, tick)
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range calls {
			h, _ := teamCall(i)
			a.offer(h)
			b.offer(h)
		}
	})
	leads := func(n *natsServer) bool { return n.srv.JetStreamIsLeader() }
	follows := func(n *natsServer) bool { return !leads(n) }
	posted := func(n int) { require.Eventually(t, func() bool { return postedOf(slack) >= n }, 3*soon, tick) }
	posted(calls / 8)
	lost := nodes[slices.IndexFunc(nodes, follows)]
	lost.stop()
	posted(calls / 4)
	lost.start()
	require.Eventually(t, lost.srv.JetStreamIsCurrent, 2*soon, tick)
	require.Eventually(t, func() bool { return slices.ContainsFunc(nodes, leads) }, soon, tick)
	nodes[slices.IndexFunc(nodes, leads)].stop()
	sending.Wait()
	for i := range calls {
		h, _ := teamCall(i)
		b.waitFor("calls."+h.ID, 3*soon, isDone)
	}
	requireOnce(t, b, slack, calls)
	for _, p := range runs {
		p.stop()
	}
}
