package notify_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

func hostileNotice() notify.Notice {
	n := notify.Notice{Title: "Two & two", Hint: "Do it."}
	for i := range 40 {
		n.Lines = append(n.Lines, fmt.Sprintf("%d <!channel>\n@here %s", i, strings.Repeat("long ", 100)))
	}
	return n
}

func TestANoticeIsPlainTextOfBoundedLength(t *testing.T) {
	server := slacktest.New(t, slacktest.WithAnyChannel())
	s, err := notify.NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: server.URL}, notify.SlackOptions{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.Tell(t.Context(), "#operators", hostileNotice()))
	m := server.Messages("#operators")[0]
	lines := strings.Split(m.Text, "\n")
	require.Len(t, lines, 22)
	require.Equal(t, "Two &amp; two", lines[0])
	require.True(t, strings.HasPrefix(lines[1], "• 0 &lt;!channel&gt; @here long"), lines[1])
	require.Less(t, len(m.Text), 10_000)
	require.Empty(t, m.Metadata.EventType, "it is no alert")
	require.False(t, m.Linked)

	server.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Code: "is_archived"} })
	var failed *notify.Error
	require.ErrorAs(t, s.Tell(t.Context(), "#operators", hostileNotice()), &failed)
	require.Equal(t, notify.Permanent, failed.Outcome)
}

func TestANoticeIsPrinted(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, notify.NewConsole(&out, false).Tell(t.Context(), "", notify.Notice{Title: "T\x1b[31m", Lines: []string{"a"}, Hint: "h"}))
	require.Regexp(t, `^T.*\n• a\nh\n\n$`, out.String())
	require.NotContains(t, out.String(), "\x1b")
}
