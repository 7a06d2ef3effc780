package main

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// poison stores messages among the dead letters that are none.
func (n *natsServer) poison(t *testing.T, bodies ...string) (ids []string) {
	t.Helper()
	js := n.jetstream(t)
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	for _, body := range bodies {
		ack, err := js.Publish(ctx, "dead.submit", []byte(body))
		require.NoError(t, err)
		ids = append(ids, strconv.FormatUint(ack.Sequence, 10))
	}
	return ids
}

func TestEndToEndDeadLettersThatCannotBeReadKeepBackNoOther(t *testing.T) {
	t.Parallel()
	slack := slacktest.New(t, slacktest.WithToken("xoxb-secret-of-the-bot")) // without the channel
	server := newNATS(t)
	server.start()
	s := newExternal(t, slack, server.url())
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDead)
	ids := server.poison(t, "<script>poison()</script>", `{"specversion":"1.0","id":"9","type":"io.trackerbell.dead.v9","subject":"`+key+`","data":{}}`, `{}`)

	list := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
	require.Len(t, list, 4)
	require.Equal(t, []string{"malformed", "malformed", "malformed", "destination"}, []string{list[0].Reason, list[1].Reason, list[2].Reason, list[3].Reason})
	require.Contains(t, s.must("dead", "list"), "decode event")
	require.Contains(t, s.must("dead", "show", ids[1]), "dead.v9")
	page := s.do(http.MethodGet, s.admin+"/dead", nil, http.Header{"Accept": {"text/html"}})
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, string(page.body), "Its event cannot be read.")
	require.NotContains(t, string(page.body), "<script>poison")

	refused := s.command("dead", "replay", ids[0])
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "it cannot be read, and so not be tried again: drop it")
	require.NotEmpty(t, slack.AddChannel(slacktest.Channel{Name: "alerts"}))
	all := s.command("dead", "replay", "--all")
	require.Equal(t, 1, all.code)
	require.Contains(t, all.stdout, "dead letter 1 is replayed")
	s.waitFor(key, soon, func(r api.RecordingView) bool { return len(r.Alerts) == 1 && r.Alerts[0].TS != "" })

	var bulk api.Bulk
	s.ask(http.MethodPost, "/api/dead/replay?all=true").decode(t, &bulk)
	require.Equal(t, api.Bulk{Failed: 3}, bulk)
	s.must("dead", "drop", ids[0])
	s.ask(http.MethodDelete, "/api/dead?all=true").decode(t, &bulk)
	require.Equal(t, api.Bulk{Done: 2}, bulk)
	require.Empty(t, printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead)
	s.waitStage(key, events.StageDone)
}
