package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// chaosConfig is a service whose ways to Symbl and Slack, and Symbl's way to
// it, go through cutters.
const chaosConfig = `
server: {addr: "${PUBLIC}", publicURL: "${INBOUND}"}
admin: {addr: "${ADMIN}"}
nats: ${NATS}
symbl: {baseURL: "${SYMBL}", appId: ` + hostedID + `, appSecret: "${SECRET_APP}", pollInterval: 1s, pollMax: 2s, settleTime: 2s}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
routes:
  - {match: {labels: {team: t0}}, channel: "#t0"}
  - {match: {labels: {team: t1}}, channel: "#t1"}
  - {match: {labels: {team: t2}}, channel: "#t2"}
  - {match: {labels: {team: t3}}, channel: "#t3"}
  - {match: {labels: {team: t4}}, channel: "#t4"}
`

// arena is trackerbell at work, and everything around it that can fail.
type arena struct {
	*testing.T
	symbl    *hostedSymbl
	slack    *slacktest.Server
	nats     *natsProcess // nil: the one replica embeds it
	replicas []*service
	runs     []*program
	toSymbl  *cutter
	toSlack  *cutter
	toUs     []*cutter // Symbl's way to each replica
	toNATS   []*cutter // of each replica
	sending  sync.WaitGroup
}

// newArena starts so many replicas on a nats-server; 0 is one with its own.
func newArena(t *testing.T, replicas int) *arena {
	t.Helper()
	a := &arena{T: t, symbl: newHosted(t)}
	a.slack = slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	t.Cleanup(a.sending.Wait)
	a.slack.AddChannel(slacktest.Channel{Name: "alerts"})
	for team := range killTeams { // a member of its channels: it can read them
		a.slack.AddChannel(slacktest.Channel{Name: fmt.Sprintf("t%d", team)})
	}
	a.toSymbl = newCutter(t, strings.TrimPrefix(a.symbl.URL, "http://"))
	slackURL, err := url.Parse(a.slack.URL)
	require.NoError(t, err)
	a.toSlack = newCutter(t, slackURL.Host)
	if replicas > 0 {
		a.nats = newNATSProcess(t)
	}
	for range max(replicas, 1) {
		nats := `{dataDir: "${DATA}"}`
		if a.nats != nil {
			c := newCutter(t, a.nats.addr)
			a.toNATS = append(a.toNATS, c)
			nats = fmt.Sprintf(`{url: "nats://%s"}`, c.addr)
		}
		s := newService(t, "", "SYMBL", "http://"+a.toSymbl.addr, "SLACK", "http://"+a.toSlack.addr+"/api/", "INBOUND", "",
			"SECRET_APP", hostedSecret, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
		inbound := newCutter(t, strings.TrimPrefix(s.public, "http://"))
		s.set("INBOUND", "http://"+inbound.addr)
		s.write("trackerbell.yaml", strings.Replace(chaosConfig, "${NATS}", nats, 1))
		a.toUs = append(a.toUs, inbound)
		a.replicas, a.runs = append(a.replicas, s), append(a.runs, nil)
		a.start(len(a.runs) - 1)
	}
	return a
}

// set changes a variable of the configuration.
func (s *service) set(name, value string) {
	for i := 0; i < len(s.vars); i += 2 {
		if s.vars[i] == name {
			s.vars[i+1] = value
		}
	}
}

// fault is something that goes wrong while recordings come in. inflict ends
// when it is right again, and tells how often it went wrong.
type fault struct {
	name     string
	inflict  func(a *arena, busy func()) (times int)
	operator bool // dead letters come of it, which somebody replays
	anew     bool // a replay must submit again
}

// outcome is a row of the table.
type outcome struct {
	name                                                            string
	injected, accepted, done, posted, lost, duplicated, resubmitted int
	took                                                            time.Duration // from the end of the fault to the last alert
}

// survive sends calls, each of them twice or more, while a fault is inflicted,
// and counts what became of them.
func (a *arena) survive(number int, f fault, gap time.Duration) outcome {
	a.Helper()
	var ids sync.Map // of accepted calls
	var sent, accepted atomic.Int64
	before := postedOf(a.slack)
	stop := make(chan struct{})
	send := func() {
		h, _ := teamCall(int(sent.Add(1)))
		h.ID = fmt.Sprintf("f%02d-%s", number, h.ID)
		a.sending.Go(func() {
			var twice sync.WaitGroup
			for range 2 + rand.IntN(2) {
				twice.Go(func() { a.offer(h) })
			}
			twice.Wait()
			accepted.Add(1)
			ids.Store("calls."+h.ID, true)
		})
	}
	a.sending.Go(func() {
		pace := time.NewTicker(gap)
		defer pace.Stop()
		for {
			select {
			case <-stop:
				return
			case <-a.Context().Done():
				return
			case <-pace.C:
				if int(sent.Load())-(postedOf(a.slack)-before) < backlog {
					send()
				}
			}
		}
	})
	for range 5 {
		send()
	}
	// busy waits until calls are under way that are new since it was called.
	busy := func() {
		for begin := sent.Load(); sent.Load() < begin+3; {
			<-time.After(gap)
		}
	}
	o := outcome{name: f.name, injected: f.inflict(a, busy)}
	healed := time.Now()
	close(stop)
	a.sending.Wait()
	o.accepted = int(accepted.Load())
	a.settle(&ids, f.operator)
	o.took = time.Since(healed)
	a.count(&o, &ids, f.anew)
	return o
}

// offer sends a call until it is accepted, to one replica or another, as
// providers do through a load balancer.
func (a *arena) offer(h hook) {
	body := h.json(a.T)
	for until := time.Now().Add(10 * soon); time.Now().Before(until) && a.Context().Err() == nil; <-time.After(10 * tick) {
		s := a.replicas[a.oneOf()]
		got, err := s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
		if err == nil && got.status == http.StatusAccepted {
			return
		}
	}
	if a.Context().Err() == nil {
		a.Errorf("%s is not accepted", h.ID)
	}
}

// backlog is how many calls may be under way: kills without end would leave
// more than can be done after them.
const backlog = 60

// settle waits until every call is done.
func (a *arena) settle(ids *sync.Map, replay bool) {
	s := a.replicas[0]
	wait := time.NewTicker(5 * tick)
	defer wait.Stop()
	for until := time.Now().Add(12 * soon); time.Now().Before(until); <-wait.C {
		left := 0
		ids.Range(func(id, _ any) bool {
			key, _ := id.(string)
			if r, ok := s.recording(key); !ok || !isDone(r) {
				left++
			}
			return left == 0
		})
		if left == 0 {
			return
		}
		if replay {
			s.command("dead", "replay", "--all")
		}
	}
}

func (a *arena) count(o *outcome, ids *sync.Map, anew bool) {
	posted, submitted := map[string]int{}, map[string]int{}
	for team := range killTeams {
		for _, m := range a.slack.Posted(fmt.Sprintf("#t%d", team)) {
			key, _ := m.Metadata.EventPayload["recording"].(string)
			posted[key]++
		}
	}
	for _, s := range a.symbl.submissions() {
		submitted[s.name]++
	}
	ids.Range(func(id, _ any) bool {
		key, _ := id.(string)
		o.posted += posted[key]
		o.duplicated += max(posted[key]-1, 0)
		if !anew {
			o.resubmitted += max(submitted[key]-1, 0)
		}
		r, ok := a.replicas[0].recording(key)
		if ok && isDone(r) && len(r.Alerts) == 1 {
			o.done++
		}
		if posted[key] == 0 || !ok {
			o.lost++
			a.Logf("%s: lost: %+v", key, r)
		}
		if posted[key] > 1 || submitted[key] > 1 {
			a.Logf("%s: %d posts, %d submissions", key, posted[key], submitted[key])
		}
		return true
	})
}

// endure inflicts faults one after the other, prints the table, and fails on
// any loss.
func (a *arena) endure(faults []fault, gap time.Duration) {
	a.Helper()
	table := &strings.Builder{}
	w := tabwriter.NewWriter(table, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "fault\tinjected\taccepted\tdone in the ledger\talerts\tlost\tduplicated\tresubmitted\tat rest after\t")
	total := outcome{name: "all"}
	for i, f := range faults {
		o := a.survive(i, f, gap)
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t\n", o.name, o.injected, o.accepted, o.done, o.posted, o.lost, o.duplicated, o.resubmitted, o.took.Round(100*time.Millisecond))
		total.injected, total.accepted, total.done = total.injected+o.injected, total.accepted+o.accepted, total.done+o.done
		total.posted, total.lost = total.posted+o.posted, total.lost+o.lost
		total.duplicated, total.resubmitted = total.duplicated+o.duplicated, total.resubmitted+o.resubmitted
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\t\n", total.name, total.injected, total.accepted, total.done, total.posted, total.lost, total.duplicated, total.resubmitted)
	require.NoError(a, w.Flush())
	a.Logf("\n%s", table)
	require.NotZero(a, total.accepted)
	require.Equal(a, total.accepted, total.posted, "alerts")
	require.Equal(a, total.accepted, total.done, "done in the ledger, with one alert each")
	require.Zero(a, total.lost, "lost")
	require.Zero(a, total.duplicated, "duplicated")
	require.Zero(a, total.resubmitted, "resubmitted")
	require.Len(a, a.replicas[0].recordings("100"), total.accepted, "the ledger holds nothing else")
	for _, p := range a.runs {
		p.stop()
	}
}

// pick is the short or the long form of a number.
func pick(short, long int) int {
	if os.Getenv("TRACKERBELL_LONG") == "" {
		return short
	}
	return long
}

// TestChaosOfOneProcess hurts a single process that embeds its store, and
// everything around it.
func TestChaosOfOneProcess(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	a := newArena(t, 0)
	faults := []fault{killAtRandom(pick(3, 200)), slackBroken("Slack takes it and breaks off", slacktest.Fault{Accept: true, Drop: true}),
		symblBroken("Symbl takes it and breaks off", hostedFault{accept: true, drop: true}), cableFault("no answers from Slack arrive", (*arena).slackWay, oneWay)}
	if os.Getenv("TRACKERBELL_LONG") != "" {
		faults = append(faults, faultsOfOne(a)...)
	}
	a.endure(faults, 50*time.Millisecond)
}

// TestChaosOfReplicas hurts replicas that share a NATS, and that NATS.
func TestChaosOfReplicas(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	a := newArena(t, pick(2, 3))
	faults := []fault{killReplicas(pick(1, 60)), killNATS(pick(1, 10)), pauseReplica(pick(1, 3), time.Duration(pick(2, 60))*time.Second)}
	if os.Getenv("TRACKERBELL_LONG") != "" {
		faults = append(faults, faultsOfReplicas(a)...)
	}
	a.endure(faults, 50*time.Millisecond)
}

// start starts a replica and waits until it is ready.
func (a *arena) start(i int) {
	a.runs[i] = a.replicas[i].launch()
	a.up(i)
}

// up waits until a replica takes recordings again.
func (a *arena) up(i int) {
	require.Eventually(a, func() bool { return a.replicas[i].status(a.replicas[i].admin+"/readyz") == http.StatusOK }, 3*soon, tick, "replica %d is not ready", i)
}
