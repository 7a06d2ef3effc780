package notify_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// annotated is a workspace with a channel, and a Slack that posts there with
// buttons.
func annotated(t *testing.T) (*slacktest.Server, *notify.Slack) {
	t.Helper()
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C42", Name: "promotions"}), slacktest.WithPageSize(2))
	n, err := notify.NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: s.URL}, notify.SlackOptions{Buttons: true})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	return s, n
}

// TestFeedbackIsShownOnAMessageWhoseAlertIsGone compares what becomes of the
// message with what the alert would have been rendered as.
func TestFeedbackIsShownOnAMessageWhoseAlertIsGone(t *testing.T) {
	first := notify.Feedback{User: "U0000000001", Useful: true, At: time.Unix(1_790_000_000, 0)}
	second := notify.Feedback{User: "U0000000002", Name: "<!channel> *b*", At: time.Unix(1_790_000_100, 0)}
	for _, name := range alertNames(t) {
		t.Run(name, func(t *testing.T) {
			s, n := annotated(t)
			a := loadAlert(t, name)
			a.Destination = "C42"
			r, err := n.Notify(t.Context(), a)
			require.NoError(t, err)
			before := s.Messages("C42")[0]
			for _, list := range [][]notify.Feedback{{first}, {first, second}} {
				require.NoError(t, n.Annotate(t.Context(), r, "", list))
				a.Feedback = list
				m := s.Messages("C42")[0]
				want := notify.Render(a, notify.RenderOptions{Buttons: true})
				requireBlocks(t, want.Blocks, m.Blocks)
				if want.Color != "" {
					var bars []struct {
						Color  string          `json:"color"`
						Blocks json.RawMessage `json:"blocks"`
					}
					require.NoError(t, json.Unmarshal(m.Attachments, &bars))
					require.Len(t, bars, 1)
					require.Equal(t, want.Color, bars[0].Color)
					requireBlocks(t, want.Barred, bars[0].Blocks)
				}
				require.Equal(t, before.Text, m.Text)
				require.Equal(t, before.Metadata, m.Metadata)
			}
		})
	}
}

func requireBlocks(t *testing.T, want any, got []byte) {
	t.Helper()
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(got))
}

func TestFeedbackIsShownOnAReplyInAThread(t *testing.T) {
	s, n := annotated(t)
	a := loadAlert(t, "exact")
	a.Destination = "C42"
	first, err := n.Notify(t.Context(), a)
	require.NoError(t, err)
	a.Thread = first
	var last notify.Receipt
	for range 5 { // more than a page
		last, err = n.Notify(t.Context(), a)
		require.NoError(t, err)
	}
	require.NoError(t, n.Annotate(t.Context(), last, first.TS, []notify.Feedback{{User: "U0000000001", Useful: true, At: time.Unix(1_790_000_000, 0)}}))
	for _, m := range s.Messages("C42") {
		require.Equal(t, m.TS == last.TS, m.Edited == 1)
	}
}

func TestAMessageThatIsGoneIsNotAnnotated(t *testing.T) {
	_, n := annotated(t)
	list := []notify.Feedback{{User: "U0000000001", At: time.Unix(1_790_000_000, 0)}}
	err := n.Annotate(t.Context(), notify.Receipt{Channel: "C42", TS: "1790000000.000001"}, "", list)
	require.Equal(t, notify.Permanent, failure(t, err).Outcome)

	r, err := n.Notify(t.Context(), notify.Alert{ID: "a", Recording: "calls.a", Destination: "C42"})
	require.NoError(t, err)
	err = n.Annotate(t.Context(), notify.Receipt{Channel: "C42", TS: "1.1"}, r.TS, list)
	require.Equal(t, "message_not_found", failure(t, err).Reason)
}
