package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// outage is how long things are broken.
func outage() time.Duration { return time.Duration(pick(1, 6)) * time.Second }

// last lets a fault last.
func last(d time.Duration) { <-time.After(d) }

func killAtRandom(times int) fault {
	return fault{name: "SIGKILL at a random instant", inflict: func(a *arena, _ func()) int {
		for range times {
			last(time.Duration(rand.IntN(1000)) * time.Millisecond)
			a.runs[0].kill()
			a.start(0)
		}
		return times
	}}
}

// killAtPoints kills at each named point that a recording passes on its way.
func killAtPoints() fault {
	return fault{name: "SIGKILL at a named point", inflict: func(a *arena, _ func()) (times int) {
		for _, point := range crashPoints(a.T) {
			if strings.HasPrefix(point, "the letter") || strings.HasPrefix(point, "the replay") || strings.HasPrefix(point, "the new run") || ofDigest(point) || strings.HasPrefix(point, "forgetting") || point == "the digest has the alert" {
				continue
			}
			times++
			a.symbl.change(func(h *hostedSymbl) { h.early = point == wakeStored })
			a.runs[0].kill()
			p := a.replicas[0].launch("TRACKERBELL_CRASH=" + point)
			require.Eventually(a, p.done, 2*soon, tick, "nothing passes the point %q", point)
			a.start(0)
		}
		return times
	}}
}

func slackBroken(name string, with slacktest.Fault) fault {
	return fault{name: name, inflict: func(a *arena, busy func()) int {
		before := a.slack.Calls("chat.postMessage")
		a.slack.Fail(func(method, _ string) *slacktest.Fault {
			if method != "chat.postMessage" {
				return nil
			}
			return &with
		})
		defer a.slack.Fail(nil)
		busy()
		last(outage())
		return a.slack.Calls("chat.postMessage") - before
	}}
}

func slackDown(name string, with slacktest.Fault) fault {
	return fault{name: name, operator: true, inflict: func(a *arena, busy func()) int {
		before := a.slack.Calls("chat.postMessage")
		a.slack.Fail(func(string, string) *slacktest.Fault { return &with })
		defer a.slack.Fail(nil)
		busy()
		last(outage())
		return a.slack.Calls("chat.postMessage") - before
	}}
}

func symblBroken(name string, with hostedFault) fault {
	return fault{name: name, inflict: func(a *arena, busy func()) int {
		before := a.symbl.tried()
		a.symbl.change(func(h *hostedSymbl) { h.refuse = func(int, string) *hostedFault { return &with } })
		defer a.symbl.change(func(h *hostedSymbl) { h.refuse = nil })
		busy()
		last(outage())
		return a.symbl.tried() - before
	}}
}

// symblOdd lets Symbl behave oddly for a while.
func symblOdd(name string, odd, right func(*hostedSymbl)) fault {
	return fault{name: name, inflict: func(a *arena, busy func()) int {
		before := len(a.symbl.submissions())
		a.symbl.change(odd)
		defer a.symbl.change(right)
		busy()
		last(outage())
		return len(a.symbl.submissions()) - before
	}}
}

// The ways that can be cut.
func (a *arena) slackWay() []*cutter  { return []*cutter{a.toSlack} }
func (a *arena) symblWay() []*cutter  { return []*cutter{a.toSymbl} }
func (a *arena) callbacks() []*cutter { return a.toUs }
func (a *arena) natsOfAll() []*cutter { return a.toNATS }
func (a *arena) natsOfOne() []*cutter { return a.toNATS[:1] }

func cableFault(name string, way func(*arena) []*cutter, state cable) fault {
	return fault{name: name, inflict: func(a *arena, busy func()) int {
		busy()
		for _, c := range way(a) {
			c.set(state)
		}
		last(outage())
		for _, c := range way(a) {
			c.set(whole)
		}
		for i := range a.replicas {
			a.up(i)
		}
		return 1
	}}
}

func faultsOfOne(a *arena) []fault {
	list := []fault{
		killAtPoints(),
		symblBroken("Symbl: 429 to everything", hostedFault{status: http.StatusTooManyRequests, retryAfter: "1"}),
		symblBroken("Symbl: 500", hostedFault{status: http.StatusInternalServerError}),
		symblBroken("Symbl: 504 after it took it", hostedFault{status: http.StatusGatewayTimeout, accept: true}),
		symblBroken("Symbl: 201 and malformed JSON", hostedFault{status: http.StatusCreated, accept: true, body: `{"conversationId":`}),
		symblBroken("Symbl takes it and never answers", hostedFault{accept: true, hang: true}),
		symblOdd("callbacks before the answer", func(h *hostedSymbl) { h.early = true }, func(h *hostedSymbl) { h.early = false }),
		symblOdd("callbacks twice, disordered, forged", func(h *hostedSymbl) { h.noisy = true }, func(h *hostedSymbl) { h.noisy = false }),
		symblOdd("no callbacks", func(h *hostedSymbl) { h.silent = true }, func(h *hostedSymbl) { h.silent = false }),
		slackBroken("Slack: 503", slacktest.Fault{Status: http.StatusServiceUnavailable}),
		slackBroken("Slack: 429 to everything", slacktest.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second}),
		slackBroken("Slack: malformed JSON, taken", slacktest.Fault{Accept: true, Body: "{"}),
		slackBroken("Slack takes it and never answers", slacktest.Fault{Accept: true, Hang: true}),
		slackDown("Slack: the token is revoked", slacktest.Fault{Code: "token_revoked"}),
	}
	failed := symblOdd("Symbl: jobs fail", func(h *hostedSymbl) { h.ends = "failed" }, func(h *hostedSymbl) { h.ends = "" })
	failed.operator, failed.anew = true, true
	list = append(list, failed)
	for _, way := range []struct {
		name string
		of   func(*arena) []*cutter
	}{{"Slack", (*arena).slackWay}, {"Symbl", (*arena).symblWay}, {"callbacks", (*arena).callbacks}} {
		list = append(list, cables(way.name, way.of)...)
	}
	return list
}

// cables are all states of one way.
func cables(name string, of func(*arena) []*cutter) []fault {
	return []fault{
		cableFault(name+": cut", of, cut), cableFault(name+": nothing arrives", of, held),
		cableFault(name+": no answers arrive", of, oneWay), cableFault(name+": all is late", of, sluggish),
	}
}

// oneOf is the number of a replica.
func (a *arena) oneOf() int { return rand.IntN(len(a.replicas)) }

func killReplicas(times int) fault {
	return fault{name: "SIGKILL of a replica", inflict: func(a *arena, busy func()) int {
		for range times {
			busy()
			i := a.oneOf()
			a.runs[i].kill()
			a.start(i)
		}
		return times
	}}
}

func killNATS(times int) fault {
	return fault{name: "SIGKILL of the nats-server", inflict: func(a *arena, busy func()) int {
		for range times {
			busy()
			a.nats.kill()
			last(outage() / 2)
			a.nats.start(a.T)
			for i := range a.replicas {
				a.up(i)
			}
		}
		return times
	}}
}

func pauseReplica(times int, d time.Duration) fault {
	return fault{name: "SIGSTOP of a replica for " + d.String(), inflict: func(a *arena, busy func()) int {
		for range times {
			busy()
			i := a.oneOf()
			a.runs[i].signal(syscall.SIGSTOP)
			last(d)
			a.runs[i].signal(syscall.SIGCONT)
			a.up(i)
		}
		return times
	}}
}

// slowNATS lets the nats-server run one part in ten of the time, as one does
// that waits for its disk.
func slowNATS(times int) fault {
	return fault{name: "a slow nats-server", inflict: func(a *arena, busy func()) int {
		busy()
		for range times {
			a.nats.signal(syscall.SIGSTOP)
			last(90 * time.Millisecond)
			a.nats.signal(syscall.SIGCONT)
			last(10 * time.Millisecond)
		}
		return times
	}}
}

func faultsOfReplicas(*arena) []fault {
	list := []fault{
		{name: "rolling restart", inflict: func(a *arena, busy func()) (times int) {
			for range 3 {
				for i := range a.replicas {
					busy()
					a.runs[i].stop()
					a.start(i)
					times++
				}
			}
			return times
		}},
		{name: "SIGSTOP of the nats-server", inflict: func(a *arena, busy func()) int {
			for range 3 {
				busy()
				a.nats.signal(syscall.SIGSTOP)
				last(outage())
				a.nats.signal(syscall.SIGCONT)
			}
			return 3
		}},
	}
	list = append(list, slowNATS(100))
	list = append(list, cables("NATS of one replica", (*arena).natsOfOne)...)
	return append(list, cables("NATS of all replicas", (*arena).natsOfAll)...)
}
