package engine_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// listed gives the names of the conversations that a query lists.
func (a *api) listed(query string) []string {
	a.t.Helper()
	names := []string{}
	answer := a.ok(http.MethodGet, "/v1/conversations"+query, "")
	for _, c := range field[[]symbl.Conversation](a.t, answer, "conversations") {
		names = append(names, c.Name)
	}
	return names
}

// heldAt submits a conversation that began at a time and lasted a minute.
func (a *api) heldAt(name, start string) symbl.Job {
	a.t.Helper()
	begin, err := time.Parse(time.RFC3339, start)
	require.NoError(a.t, err)
	return a.submit(fmt.Sprintf(
		`{"name":%q,"messages":[{"payload":{"content":"x"},"duration":{"startTime":%q,"endTime":%q}}]}`,
		name, start, begin.Add(time.Minute).Format(time.RFC3339)))
}

func TestConversationsAreListedByTheirStart(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	require.Empty(t, a.listed(""))
	last := symbl.Job{}
	for _, c := range [][2]string{
		{"b", "2021-08-11T10:00:00Z"}, {"d", "2021-08-13T18:30:00Z"}, {"a", "2021-08-09T18:30:00Z"}, {"c", "2021-08-12T10:00:00+02:00"},
	} {
		last = a.heldAt(c[0], c[1])
	}
	a.await(last, symbl.Completed)
	tests := map[string][]string{
		``:                                   {"a", "b", "c", "d"}, // submitted just now
		`?order=asc`:                         {"a", "b", "c", "d"},
		`?order=desc`:                        {"d", "c", "b", "a"},
		`?limit=2`:                           {"a", "b"},
		`?limit=2&offset=2`:                  {"c", "d"},
		`?limit=2&offset=3`:                  {"d"},
		`?offset=4`:                          {},
		`?limit=0`:                           {},
		`?limit=1&order=desc&offset=1`:       {"c"},
		`?sort=conversation.name&order=desc`: {"d", "c", "b", "a"},
		`?startTime=2021-08-09T18:30:00.000Z&endTime=2021-08-13T18:30:00.000Z`: {"a", "b", "c"},
		`?startTime=2021-08-09T18:30:00.001Z&endTime=2021-08-13T18:31:00.000Z`: {"b", "c", "d"},
		`?startTime=2021-08-12T00:00:00Z`:                                      {"c", "d"},
		`?startTime=2022-01-01T00:00:00Z`:                                      {},
		`?endTime=2021-08-12T00:00:00Z`:                                        {"a", "b"}, // seven days before it
		`?startTime=0000-01-01T00:00:00Z&endTime=9999-12-31T23:59:59Z`:         {"a", "b", "c", "d"},
		`?endTime=2021-08-18T00:00:00Z`:                                        {"b", "c", "d"},
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			require.Empty(t, cmp.Diff(want, a.listed(query)))
		})
	}
}

func TestAListedConversationReadsAsByItself(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	job := a.submit(`{"name":"n","metadata":{"agentId":"johndoe"},"messages":[{"payload":{"content":"x"},"from":{"name":"A","email":"a@example.com"}}]}`)
	a.await(job, symbl.Completed)
	one := a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID, "")
	require.JSONEq(t, `{"conversations":[`+one+`]}`, a.ok(http.MethodGet, "/v1/conversations", ""))
}

func TestAnAppendMovesTheEndOfAListedConversation(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	first := a.heldAt("a", "2021-08-09T10:00:00Z")
	a.await(first, symbl.Completed)
	window := `?startTime=2021-08-09T00:00:00Z&endTime=2021-08-09T23:00:00Z`
	require.Equal(t, []string{"a"}, a.listed(window))
	more := `{"messages":[{"payload":{"content":"x"},"duration":{"startTime":"2021-08-10T10:00:00Z"}}]}`
	a.await(decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/text/"+first.ConversationID, more)), symbl.Completed)
	require.Empty(t, a.listed(window))
	require.Equal(t, []string{"a"}, a.listed(`?startTime=2021-08-09T00:00:00Z`))
}

func TestListingRefusalsNameTheParameter(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	for query, name := range map[string]string{
		"limit=-1": `"limit"`, "limit=many": `"limit"`, "limit=65537": `"limit"`, "limit=1.5": `"limit"`, "offset=-1": `"offset"`,
		"order=up": `"order"`, "sort=size": `"sort"`, "startTime=monday": `"startTime"`, "endTime=1": `"endTime"`, "page=2": `"page"`,
		"startTime=2021-01-02T00:00:00Z&endTime=2021-01-01T00:00:00Z": `"endTime"`,
	} {
		require.Contains(t, a.refused(http.StatusBadRequest, http.MethodGet, "/v1/conversations?"+query, ""), name)
	}
	a.refused(http.StatusNotImplemented, http.MethodGet, "/v1/conversations?filter=conversation.name==x", "")
}
