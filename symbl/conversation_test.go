package symbl_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	trackersPath = "GET /v1/conversations/5/trackers"
	detectedPath = "GET /v1/conversations/5/trackers-detected"
	noSuch       = `{"message":"The conversationId is either invalid or does not exist."}`
)

// documentedResults is the documentation's sample of detected trackers.
const documentedResults = `[{"id":"5237067555536896","name":"PricingMention","matches":[
 {"type":"vocabulary","value":"What is the price",
  "messageRefs":[{"id":"4667009028587520","text":"How much does it cost?","offset":-1}],
  "insightRefs":[{"text":"How much does it cost?","offset":-1,"type":"question","id":"5420651570528256"}]},
 {"type":"vocabulary","value":"Subscription",
  "messageRefs":[{"id":"4527958187311104","text":"Our subscription plan which includes the premium suite of services is $500 per month.","offset":4}],
  "insightRefs":[]}]}]`

func pricingMention() []symbl.TrackerResult {
	return []symbl.TrackerResult{{ID: "5237067555536896", Name: "PricingMention", Matches: []symbl.Match{
		{
			Type: "vocabulary", Value: "What is the price",
			MessageRefs: []symbl.MessageRef{{ID: "4667009028587520", Text: "How much does it cost?", Offset: -1}},
			InsightRefs: []symbl.InsightRef{{ID: "5420651570528256", Text: "How much does it cost?", Offset: -1, Type: "question"}},
		},
		{
			Type: "vocabulary", Value: "Subscription",
			MessageRefs: []symbl.MessageRef{{ID: "4527958187311104", Text: "Our subscription plan which includes the premium suite of services is $500 per month.", Offset: 4}},
			InsightRefs: []symbl.InsightRef{},
		},
	}}}
}

func TestTrackerResultsAreReadInEveryShape(t *testing.T) {
	object := strings.TrimSuffix(strings.TrimPrefix(documentedResults, "["), "]")
	for name, tt := range map[string]struct {
		body string
		want []symbl.TrackerResult
	}{
		"a bare array":      {documentedResults, pricingMention()},
		"a single object":   {object, pricingMention()},
		"under trackers":    {`{"trackers":` + documentedResults + `}`, pricingMention()},
		"an object under":   {`{"trackers":` + object + `}`, pricingMention()},
		"with null between": {`[null,` + object + `]`, pricingMention()},
		"nothing found":     {"[]", []symbl.TrackerResult{}},
		"null":              {"null", nil},
		"null under":        {`{"trackers":null}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{trackersPath: {ok(tt.body)}})
			got, err := client(t, f.URL).TrackerResults(t.Context(), "5")
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tt.want, got))
			require.Equal(t, []string{trackersPath}, f.lines())
		})
	}
}

func TestTrackerResultsThatSayNothingAreNotTakenForNoMatches(t *testing.T) {
	for _, body := range []string{"", "{}", `{"message":"ok"}`, `"none"`, "7", `{"trackers":7}`, "<html>", `[{"id":`} {
		f := serve(t, map[string][]answer{trackersPath: {ok(body)}})
		_, err := client(t, f.URL).TrackerResults(t.Context(), "5")
		require.Equal(t, symbl.Transient, failure(t, err).Class, "%s", body)
	}
}

func TestTrackerResultsFallBackToTheOtherPath(t *testing.T) {
	missing := answer{status: 404, body: `{"message":"Cannot GET it"}`}
	for name, tt := range map[string]struct {
		trackers, detected answer
		class              symbl.Class
		status             int // of the error, 0 for success
		calls              int
	}{
		"404, then found":             {missing, ok(documentedResults), 0, 0, 2},
		"405, then found":             {answer{status: 405}, ok(documentedResults), 0, 0, 2},
		"404 that names it, found":    {answer{status: 404, body: noSuch}, ok(documentedResults), 0, 0, 2},
		"neither path":                {missing, missing, symbl.Permanent, 404, 2},
		"405 on both":                 {answer{status: 405}, answer{status: 405}, symbl.Permanent, 405, 2},
		"no conversation":             {answer{status: 404, body: noSuch}, answer{status: 404, body: noSuch}, symbl.NotFound, 404, 2},
		"no conversation, one path":   {answer{status: 404, body: noSuch}, missing, symbl.NotFound, 404, 2},
		"no conversation, other path": {answer{status: 405}, answer{status: 404, body: `{"message":"conversation not found"}`}, symbl.NotFound, 404, 2},
		"404, then 503":               {missing, answer{status: 503}, symbl.Transient, 503, 2},
		"503 has no fallback":         {answer{status: 503}, ok(documentedResults), symbl.Transient, 503, 1},
		"403 has no fallback":         {answer{status: 403}, ok(documentedResults), symbl.Permanent, 403, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{trackersPath: {tt.trackers}, detectedPath: {tt.detected}})
			got, err := client(t, f.URL).TrackerResults(t.Context(), "5")
			require.Equal(t, []string{trackersPath, detectedPath}[:tt.calls], f.lines())
			if tt.status == 0 {
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(pricingMention(), got))
				return
			}
			e := failure(t, err)
			require.Equal(t, tt.class, e.Class)
			require.Equal(t, tt.status, e.Status)
		})
	}
}

func TestMessagesAreRead(t *testing.T) {
	const one = `{"id":"6412283618000896","text":"Best package for you is $69.99 per month.","from":{"name":"Roger","email":"Roger@example.com"},"startTime":"2020-07-10T11:16:21.024Z","endTime":"2020-07-10T11:16:26.724Z","timeOffset":5.9,"duration":1,"conversationId":"6749556955938816","phrases":[{"type":"action_phrase","text":"submit the documents"}],"sentiment":{"polarity":{"score":0.6},"suggested":"positive"},"words":[{"word":"Best","startTime":"2020-08-18T11:10:14.536Z","endTime":"2020-08-18T11:10:15.536Z","score":0.91,"timeOffset":5.9,"duration":0.2}]}`
	offset, duration := 5.9, 1.0
	want := []symbl.Message{{
		ID: "6412283618000896", Text: "Best package for you is $69.99 per month.",
		From:      symbl.Person{Name: "Roger", Email: "Roger@example.com"},
		StartTime: time.Date(2020, 7, 10, 11, 16, 21, 24e6, time.UTC), EndTime: time.Date(2020, 7, 10, 11, 16, 26, 724e6, time.UTC),
		TimeOffset: &offset, Duration: &duration, ConversationID: "6749556955938816",
	}}
	for _, body := range []string{`{"messages":[` + one + `]}`, `[` + one + `]`} {
		f := serve(t, map[string][]answer{"GET /v1/conversations/5/messages": {ok(body)}})
		got, err := client(t, f.URL).Messages(t.Context(), "5")
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got))
		require.Equal(t, []string{"GET /v1/conversations/5/messages"}, f.lines())
	}
	f := serve(t, map[string][]answer{"GET /v1/conversations/5/messages": {ok("{}")}})
	_, err := client(t, f.URL).Messages(t.Context(), "5")
	require.Equal(t, symbl.Transient, failure(t, err).Class)
}

func TestConversationIsRead(t *testing.T) {
	f := serve(t, map[string][]answer{"GET /v1/conversations/5": {ok(`{"id":5,"type":"meeting","name":"support.CA1","startTime":"2020-07-10T11:16:21.024Z","endTime":null,"members":[{"id":1,"name":"Ann","email":null}],"metadata":{}}`)}})
	got, err := client(t, f.URL).Conversation(t.Context(), "5")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(symbl.Conversation{
		ID: "5", Type: "meeting", Name: "support.CA1", StartTime: time.Date(2020, 7, 10, 11, 16, 21, 24e6, time.UTC),
		Members: []symbl.Person{{ID: "1", Name: "Ann"}},
	}, got))

	_, err = client(t, f.URL).Conversation(t.Context(), "6")
	require.Equal(t, symbl.NotFound, failure(t, err).Class)
}

// listing is a server with n conversations, c0 the newest, that gives at most
// most of them at a time.
type listing struct {
	n, most int
	deaf    bool // to the offset
	queries []url.Values
}

func (l *listing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		_, _ = fmt.Fprint(w, `{"accessToken":"token-1","expiresIn":86400}`)
		return
	}
	query := r.URL.Query()
	l.queries = append(l.queries, query)
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	if l.deaf {
		offset = 0
	}
	var page []string
	for i := offset; i < min(l.n, offset+min(limit, l.most)); i++ {
		page = append(page, fmt.Sprintf(`{"id":"%d","name":"c%d"}`, i, i))
	}
	_, _ = fmt.Fprintf(w, `{"conversations":[%s]}`, strings.Join(page, ","))
}

func TestFindConversationPagesUntilItIsFoundOrNothingIsLeft(t *testing.T) {
	since := time.Date(2026, 3, 1, 13, 0, 0, 999, time.FixedZone("CET", 3600))
	for name, tt := range map[string]struct {
		server listing
		name   string
		found  string
		pages  int
	}{
		"on the first page":               {listing{n: 250, most: 100}, "c7", "7", 1},
		"on the last page":                {listing{n: 250, most: 100}, "c249", "249", 3},
		"not there":                       {listing{n: 250, most: 100}, "c250", "", 4},
		"another case is another name":    {listing{n: 10, most: 100}, "C7", "", 2},
		"no conversations":                {listing{n: 0, most: 100}, "c0", "", 1},
		"a server with smaller pages":     {listing{n: 45, most: 20}, "c44", "44", 3},
		"a server that knows no offset":   {listing{n: 250, most: 100, deaf: true}, "c249", "", 2},
		"a part of a name is not a match": {listing{n: 30, most: 100}, "c", "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&tt.server)
			defer server.Close()
			got, found, err := client(t, server.URL).FindConversation(t.Context(), tt.name, since)
			require.NoError(t, err)
			require.Equal(t, tt.found != "", found)
			require.Equal(t, tt.found, got.ID)
			require.Len(t, tt.server.queries, tt.pages)
			require.Empty(t, cmp.Diff(url.Values{
				"limit": {"100"}, "offset": {"0"}, "order": {"desc"}, "startTime": {"2026-03-01T12:00:00Z"},
			}, tt.server.queries[0]))
		})
	}
}

func TestFindConversationPassesOverThoseThatAreNotMeant(t *testing.T) {
	f := serve(t, map[string][]answer{"GET /v1/conversations": {ok(`{"conversations":[{"id":"3","name":"n"},{"id":"2","name":"n"},{"id":"1","name":"n"}]}`)}})
	c := client(t, f.URL)
	for _, tt := range []struct {
		except []string
		want   string
	}{{nil, "3"}, {[]string{"3"}, "2"}, {[]string{"2", "3"}, "1"}, {[]string{"1", "2", "3"}, ""}} {
		got, found, err := c.FindConversation(t.Context(), "n", time.Time{}, tt.except...)
		require.NoError(t, err)
		require.Equal(t, tt.want != "", found)
		require.Equal(t, tt.want, got.ID)
	}
}

func TestFindConversationNeverSaysNotFoundOfWhatItDidNotRead(t *testing.T) {
	l := &listing{n: 1 << 20, most: 100}
	server := httptest.NewServer(l)
	defer server.Close()
	_, found, err := client(t, server.URL).FindConversation(t.Context(), "c999999", time.Time{})
	require.False(t, found)
	require.Equal(t, symbl.Permanent, failure(t, err).Class)
	require.ErrorIs(t, err, symbl.ErrTooLong)
	require.Len(t, l.queries, 100)
	require.NotContains(t, l.queries[0], "startTime", "the window is the server's")

	f := serve(t, map[string][]answer{"GET /v1/conversations": {{status: 500}}})
	_, _, err = client(t, f.URL).FindConversation(t.Context(), "n", time.Time{})
	require.Equal(t, symbl.Transient, failure(t, err).Class)
}
