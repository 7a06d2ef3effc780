package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const tuned = `
- name: Promotion Mention
  vocabulary: [We have a sale right now on, special offer]
- name: Competitor
  vocabulary: [a better offer from, cheaper at a competitor]
- name: Cancellation
  vocabulary: [I want to cancel my subscription, close my account]
- {name: German, languages: [de], vocabulary: [Angebot]}
- {name: Code, sensitivity: exact, vocabulary: [SKU 10]}
`

// tuning is a folder with trackers, and with messages.
func tuning(t *testing.T, messages string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"trackers.yaml": tuned, "calls.jsonl": messages} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestMessagesAreMatchedWithoutAnyService(t *testing.T) {
	dir := tuning(t, `{"message_id": 7, "text": "close my account", "speaker": "Ann"}
{"message_id": "b", "text": "nothing of note"}

{"message_id": "c", "text": "please close the account"}
{"text": "SKU 10"}
`)
	r := command(t, dir, nil, "trackers", "test", "trackers.yaml", "--messages", "calls.jsonl", "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Regexp(t, `^\{"message_id":7,"tracker":"Cancellation","value":"close my account","offset":0,"score":1\}
\{"message_id":"c","tracker":"Cancellation","value":"close my account","offset":-1,"score":0\.\d+\}
\{"message_id":"","tracker":"Code","value":"SKU 10","offset":0,"score":1\}
$`, r.stdout)

	r = command(t, dir, nil, "trackers", "test", "trackers.yaml", "--messages", "calls.jsonl")
	require.Equal(t, "7\tCancellation\tclose my account\texact\nc\tCancellation\tclose my account\tsimilar\n\tCode\tSKU 10\texact\n", r.stdout)
}

func TestALineThatIsNoMessageIsRefusedByItsNumber(t *testing.T) {
	for line, want := range map[string]string{
		`{"message_id": [1], "text": "x"}`:  "message_id must be a string or a number",
		`{"message_id": true, "text": "x"}`: "message_id must be a string or a number",
		`{"message_id": "1", "text": 5}`:    "text must be a string",
		`["x"]`:                             `must be an object like {"message_id": "1", "text": "hello"}`,
		`{"message_id": "1"`:                "is not JSON: unexpected end of JSON input",
	} {
		r := command(t, tuning(t, "{}\n"+line), nil, "trackers", "test", "trackers.yaml", "--messages", "calls.jsonl")
		require.Equal(t, 2, r.code, line)
		require.Equal(t, "trackerbell: --messages: line 2: "+want+"\n", r.stderr)
	}
}

func TestASentenceIsExplained(t *testing.T) {
	r := command(t, tuning(t, ""), nil, "trackers", "test", "trackers.yaml", "--text", "What do you offer? I don't want to cancel my acount")
	require.Equal(t, 0, r.code, r.stderr)
	for _, line := range []string{
		"Competitor\n  no       0.", "by: offer (", "missing: better\n",
		"one word is too little: it is not most of the phrase, and in no other phrase of the tracker\n",
		"said not to be wanted: want, cancel\n", "needs 0.52\n", "is for other languages\n", "sensitivity exact: only as written\n",
	} {
		require.Contains(t, r.stdout, line)
	}
}
