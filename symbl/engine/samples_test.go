package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// The messages of the published samples (docs.symbl.ai: Trackers of the
// Conversation API, Track phrases in a conversation, Using Trackers API).
const (
	interview1 = "That's all about preparing for a job interview."
	interview2 = "This is part 1 of a five part series on preparing for an interview interviewing for a new job can be a huge source of stress and anxiety."
	interview3 = "We will go over three more common interview questions."
	interview4 = "Kitchens, you could also practice with a friend here is an example of small talk."
	plan       = "Our subscription plan which includes the premium suite of services is $500 per month."
	promotion  = "We're running a sale right now"
)

// Hosted Symbl also found entries by their meaning alone: those may be found.
func TestPublishedSamplesAreFoundAsPublished(t *testing.T) {
	type hit struct {
		Value, Text string
		Offset      int
	}
	tests := map[string]struct {
		vocabulary []string
		messages   []string
		want       []hit
		may        []hit
	}{
		"Promotion Mention": {
			[]string{"run sale", "We have a sale right now on"},
			[]string{"Hello.", promotion},
			[]hit{{"run sale", promotion, -1}},
			[]hit{{"We have a sale right now on", promotion, -1}},
		},
		"PricingMention": {
			[]string{"Subscription", "Cancellation"},
			[]string{plan},
			[]hit{{"Subscription", plan, 4}},
			nil,
		},
		"Preparing": {
			[]string{"Interviewing for a new job", "Most common interview questions", "Practice"},
			[]string{interview1, interview2, interview3, interview4},
			[]hit{
				{"Interviewing for a new job", interview2, 67},
				{"Most common interview questions", interview3, -1},
				{"Practice", interview4, 25},
			},
			[]hit{{"Interviewing for a new job", interview1, -1}},
		},
		"one reference for an entry and a message": {
			[]string{"practice", "interview"},
			[]string{"Practice makes perfect: practice, practice!", "An interview and an interview.", "practice once more"},
			[]hit{
				{"practice", "Practice makes perfect: practice, practice!", 0},
				{"practice", "practice once more", 0},
				{"interview", "An interview and an interview.", 3},
			},
			nil,
		},
		"offsets count code points": {
			[]string{"Ermäßigung"},
			[]string{"🎉 Grüße! Eine Ermäßigung."},
			[]hit{{"Ermäßigung", "🎉 Grüße! Eine Ermäßigung.", 14}},
			nil,
		},
	}
	a := oneEngine(t, engine.Config{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id := a.track(name, tt.vocabulary...)
			job := a.submit(says(tt.messages...))
			a.await(job, symbl.Completed)
			var got []hit
			answer := a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+"/trackers", "")
			require.True(t, strings.HasPrefix(answer, "["), "a bare array")
			for _, result := range decode[[]symbl.TrackerResult](t, answer) {
				require.Equal(t, id, result.ID)
				require.Equal(t, name, result.Name)
				for _, m := range result.Matches {
					require.Equal(t, "vocabulary", m.Type)
					for _, r := range m.MessageRefs {
						got = append(got, hit{m.Value, r.Text, r.Offset})
					}
				}
			}
			got = slices.DeleteFunc(got, func(h hit) bool { return slices.Contains(tt.may, h) })
			require.Empty(t, cmp.Diff(tt.want, got))
			a.ok(http.MethodDelete, "/v1/manage/trackers/"+id, "")
		})
	}
}
