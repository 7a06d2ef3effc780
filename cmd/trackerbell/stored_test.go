package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// storedMessage is a message of a stream: its subject, headers and body as text.
type storedMessage struct{ stream, text string }

// jetstream is a connection of the test's own.
func (n *natsServer) jetstream(t *testing.T) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(n.url())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

// messages reads everything that all streams and buckets hold.
func (n *natsServer) messages(t *testing.T) (all []storedMessage) {
	t.Helper()
	js := n.jetstream(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*soon)
	defer cancel()
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		stream, err := js.Stream(ctx, name)
		require.NoError(t, err)
		state := stream.CachedInfo().State
		for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
			m, err := stream.GetMsg(ctx, seq)
			if err != nil { // deleted
				require.ErrorIs(t, err, jetstream.ErrMsgNotFound)
				continue
			}
			all = append(all, storedMessage{name, fmt.Sprintf("%s %v %s", m.Subject, m.Header, m.Data)})
		}
	}
	require.NoError(t, names.Err())
	return all
}

// TestAnOutageOfNATSIsToldInFewLines counts them while webhooks are refused.
// The long form is a whole minute.
func TestAnOutageOfNATSIsToldInFewLines(t *testing.T) {
	t.Parallel()
	outage, most := 5*time.Second, 40
	if os.Getenv("TRACKERBELL_LONG") != "" {
		outage, most = time.Minute, 100
	}
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	server := newNATS(t)
	server.start()
	s := newExternal(t, slack, server.url())
	p := s.start()
	s.waitFor(s.accept("calls", saleCall("before")), soon, isDone)
	before := strings.Count(p.stderr.String(), "\n")
	server.stop()
	ended := time.After(outage)
	each := time.NewTicker(20 * tick)
	defer each.Stop()
	began := time.Now()
	next := 5 * time.Second
	for down := true; down; {
		select {
		case <-ended:
			down = false
		case <-each.C:
			require.NotEqual(t, http.StatusAccepted, s.sendStandard("calls", saleCall("meanwhile")).status)
			if since := time.Since(began); since > next {
				t.Logf("%d lines after %s", strings.Count(p.stderr.String(), "\n")-before, since.Round(time.Second))
				next += 5 * time.Second
			}
		}
	}
	require.Less(t, strings.Count(p.stderr.String(), "\n")-before, most)
	server.start()
	s.waitReady(p)
	s.waitFor(s.accept("calls", saleCall("after")), soon, isDone)
	p.stop()
}
