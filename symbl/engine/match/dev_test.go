package match_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// development is the folder with labelled messages. They are not part of the
// repository: their licences differ.
const development = "../../../../shared/data/dev"

type labelled struct {
	Dataset string   `json:"dataset"`
	Text    string   `json:"text"`
	Gold    []string `json:"gold"`
	Applies []string `json:"applies"`
}

func readMessages(t *testing.T) []labelled {
	t.Helper()
	f, err := os.Open(filepath.Join(development, "messages.jsonl"))
	if os.IsNotExist(err) {
		t.Skip("no labelled messages in " + development)
	}
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // only read from
	var messages []labelled
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var m labelled
		require.NoError(t, json.Unmarshal(lines.Bytes(), &m))
		messages = append(messages, m)
	}
	require.NoError(t, lines.Err())
	return messages
}

func readTrackers(t *testing.T, file string, s match.Sensitivity) []match.Tracker {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(development, file))
	require.NoError(t, err)
	var trackers []match.Tracker
	require.NoError(t, json.Unmarshal(data, &trackers))
	for i := range trackers {
		trackers[i].Sensitivity = s
	}
	return trackers
}

// measure is how well something was found.
type measure struct{ right, wrong, missed float64 }

func (m measure) precision() float64 { return ratio(m.right, m.wrong) }
func (m measure) recall() float64    { return ratio(m.right, m.missed) }
func (m measure) f1() float64        { return ratio(2*m.right, m.wrong+m.missed) }

func ratio(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a / (a + b)
}

// judgeTrackers measures each tracker over the messages that its labels decide.
func judgeTrackers(messages []labelled, trackers []match.Tracker) []measure {
	set := match.Compile("en-US", trackers)
	measures := make([]measure, len(trackers))
	for _, m := range messages {
		found := make([]bool, len(trackers))
		for _, h := range set.Match(m.Text) {
			found[h.Tracker] = true
		}
		for i, t := range trackers {
			if !slices.Contains(m.Applies, t.Name) {
				continue
			}
			gold := slices.Contains(m.Gold, t.Name)
			switch {
			case found[i] && gold:
				measures[i].right++
			case found[i]:
				measures[i].wrong++
			case gold:
				measures[i].missed++
			}
		}
	}
	return measures
}

func macro(measures []measure, of func(measure) float64) float64 {
	sum := 0.0
	for _, m := range measures {
		sum += of(m)
	}
	return sum / float64(len(measures))
}

func total(measures []measure) measure {
	var all measure
	for _, m := range measures {
		all.right += m.right
		all.wrong += m.wrong
		all.missed += m.missed
	}
	return all
}

func TestQualityOnLabelledMessages(t *testing.T) {
	messages := readMessages(t)
	balanced := judgeTrackers(messages, readTrackers(t, "trackers.json", match.Balanced))
	t.Logf("balanced: macro F1 %.3f, micro F1 %.3f", macro(balanced, measure.f1), total(balanced).f1())
	require.Greater(t, macro(balanced, measure.f1), 0.80)
	require.Greater(t, total(balanced).f1(), 0.79)

	strict := judgeTrackers(messages, readTrackers(t, "trackers.json", match.Strict))
	t.Logf("strict: macro precision %.3f, recall %.3f", macro(strict, measure.precision), macro(strict, measure.recall))
	require.Greater(t, macro(strict, measure.precision), 0.87)
	require.Greater(t, macro(strict, measure.recall), 0.65)

	broad := judgeTrackers(messages, readTrackers(t, "trackers.json", match.Broad))
	t.Logf("broad: macro precision %.3f, recall %.3f", macro(broad, measure.precision), macro(broad, measure.recall))
	require.Greater(t, macro(broad, measure.recall), macro(balanced, measure.recall))

	examples := judgeTrackers(messages, readTrackers(t, "trackers_examples.json", match.Balanced))
	t.Logf("examples: macro F1 %.3f", macro(examples, measure.f1))
	require.Greater(t, macro(examples, measure.f1), 0.67)
}
