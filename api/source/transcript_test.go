package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
)

func TestTranscriptFilesOfEveryFormatReadTheSame(t *testing.T) {
	want := []events.Utterance{
		{Speaker: "Agent Smith", Text: "Thanks for calling, how can I help?", Start: 0.5, End: 3.25},
		{Speaker: "Caller", Text: "I have a promotion code & more.", Start: 3.5, End: 3661},
	}
	for _, name := range []string{"call.json", "call.vtt", "call.srt"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "transcripts", name))
			require.NoError(t, err)
			got, err := source.ParseTranscript(data)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want, got))

			windows := "\ufeff" + strings.ReplaceAll(string(data), "\n", "\r\n")
			got, err = source.ParseTranscript([]byte(windows))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want, got))
		})
	}
}

func cues(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString("1\n00:00:01,000 --> 00:00:02,000\n" + text + "\n\n")
	}
	return b.String()
}

func TestSpeakersOfSubtitles(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string // "speaker|text"
	}{
		"names before the text":                {cues("Agent: Hello", "María José: Hi"), []string{"Agent|Hello", "María José|Hi"}},
		"a cue without a name goes on":         {cues("Agent: Hello", "and welcome", "Caller: Hi"), []string{"Agent|Hello", "Agent|and welcome", "Caller|Hi"}},
		"two speakers in one cue":              {cues("Agent: Hello\nthere\nCaller: Hi"), []string{"Agent|Hello there", "Caller|Hi"}},
		"a name alone on its line":             {cues("Agent:\nHello"), []string{"Agent|Hello"}},
		"a first cue without a name":           {cues("Hello", "Note: this"), []string{"|Hello", "|Note: this"}},
		"too few names":                        {cues("Note: this", "b", "c"), []string{"|Note: this", "|b", "|c"}},
		"times and addresses are no names":     {cues("12:30 is fine", "https://a.example: yes"), []string{"|12:30 is fine", "|https://a.example: yes"}},
		"long or odd beginnings are no names":  {cues("I will say this in a very, very long way: no"), []string{"|I will say this in a very, very long way: no"}},
		"markup is dropped":                    {cues("<i>Hello</i> <FONT color=\"#fff\">there</font>, a <b"), []string{"|Hello there, a"}},
		"empty cues are dropped":               {cues("Hello", "  ", "there"), []string{"|Hello", "|there"}},
		"voices in one line":                   {"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>Hello <v.loud Bo>Hi</v> you\n", []string{"Ana|Hello", "Bo|Hi you"}},
		"a voice counts for its cue only":      {"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>Hello\nthere\n\n00:02.000 --> 00:03.000\nHi\n", []string{"Ana|Hello there", "|Hi"}},
		"names in WebVTT without voices":       {"WEBVTT\n\n00:01.000 --> 00:02.000\nAna: Hello\n", []string{"Ana|Hello"}},
		"a tag that only begins like a voice":  {"WEBVTT\n\n00:01.000 --> 00:02.000\na <var>b</var> <v Ana>c\n", []string{"|a b", "Ana|c"}},
		"notes and styles of WebVTT are none":  {"WEBVTT\n\nNOTE made by hand\n\nSTYLE\n::cue {}\n\nid\n00:01.000 --> 00:02.000 align:start\nHello\n", []string{"|Hello"}},
		"invalid UTF-8 and control characters": {cues("Hello \xff\x07there"), []string{"|Hello \ufffd there"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			all, err := source.ParseTranscript([]byte(tt.file))
			require.NoError(t, err)
			var got []string
			for _, u := range all {
				got = append(got, u.Speaker+"|"+u.Text)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestUnusableTranscriptFilesAreRefused(t *testing.T) {
	tests := map[string]struct{ file, message string }{
		"nothing":                  {"", "neither a JSON array, nor WebVTT, nor SRT"},
		"plain text":               {"hello", "neither a JSON array"},
		"an object":                {`{"text":"x"}`, "neither a JSON array"},
		"an array cut short":       {`[{"text":"x"}`, "not a JSON array"},
		"an array of strings":      {`["x"]`, "transcript[0]"},
		"a wrong time":             {`[{"text":"x"},{"text":"x","start":"1"}]`, "transcript[1].start: must be a number"},
		"nothing said":             {`[]`, "holds no text"},
		"WebVTT without cues":      {"WEBVTT\n\n", "holds no text"},
		"a cue without an end":     {"WEBVTT\n\n00:01.000 -->\nx\n", "line 3 of the transcript has no end time"},
		"a cue with arrows only":   {"--> --> -->", "line 1 of the transcript has no end time"},
		"a voice for an end time":  {"00:01 --><v Ana>", "line 1"},
		"a cue with a broken time": {"1\n00:00:xx,000 --> 00:00:02,000\nx\n", "line 2"},
		"an overlong line":         {cues(strings.Repeat("x", 70_000)), "line 3 of the transcript is too long"},
		"too many cues":            {strings.Repeat(cues("x"), 100_001), "more than 100000 utterances"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := source.ParseTranscript([]byte(tt.file))
			require.ErrorContains(t, err, tt.message)
		})
	}
}

func TestTimesOfSubtitlesStayInOrder(t *testing.T) {
	got, err := source.ParseTranscript([]byte("1\n00:00:05,000 --> 00:00:02,000\nback\n\n2\n-1:00:00,000 --> 9999:00:00,000\nodd\n"))
	require.NoError(t, err)
	require.Equal(t, []events.Utterance{{Text: "back", Start: 5, End: 5}, {Text: "odd", Start: 0, End: 1e7}}, got)
}
