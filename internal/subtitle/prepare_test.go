package subtitle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/subtitle"
)

const (
	vttCue = "WEBVTT\n\n00:01.000 --> 00:02.000\n"
	srtCue = "1\n00:00:01,000 --> 00:00:02,000\n"
)

// said is the text of one line of a cue, in either format.
func said(t *testing.T, file string) string {
	t.Helper()
	cues, err := subtitle.Read([]byte(file))
	require.NoError(t, err)
	require.Len(t, cues, 1)
	var lines []string
	for _, line := range cues[0].Lines {
		lines = append(lines, line.Text)
	}
	return strings.Join(lines, "|")
}

func TestWhatWasSaidIsNoMarkup(t *testing.T) {
	for _, text := range []string{
		"NOTE the run sale", "NOTE", "STYLE is what", "STYLE", "REGION", "Region: north", "Region: id=fred", "X-TIMESTAMP-MAP is odd", "WEBVTT",
		"if a<b then run a sale", "if a<b", "if a < b or b > c", "if a<i then c>d", "a <- b", "I <3 you", "x<<y", "<", "<>", "</",
		"mail <ana@shop.example>", "<https://shop.example/a>", "<|endoftext|>", "a <b then", "a & b; c", "a\u00a0b <",
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, text, said(t, vttCue+text+"\n"), "WebVTT")
			require.Equal(t, text, said(t, srtCue+text+"\n"), "SRT")
		})
	}
}

func TestMarkupIsNotSaid(t *testing.T) {
	for markup, want := range map[string]string{
		"<b>one</b> <i>two</i> <u>three</u>":                      "one two three",
		"<B>one</B> <I>two</I> <FONT color=\"#fff\">three</Font>": "one two three",
		"<c.yellow.bg_blue>one</c> <b.loud>two</b>":               "one two",
		"<lang en-GB>colour</lang> <i class=x>one</i>":            "colour one",
		"<ruby>one<rt>two</rt></ruby>":                            "onetwo",
		"one<00:00:01.500> two<00:01.750><c> three</c>":           "one two three",
		"<00:01.000>one<00:01.100> <00:01.200>two":                "one two",
		"one<br/> <var>two</var> <title>three <b>four</b>":        "one two three four",
		"a <b":                   "a",
		"a &lt;b> &amp; c":       "a <b> & c",
		"<c></c>one\n<c></c>two": "one|two",
	} {
		t.Run(markup, func(t *testing.T) {
			require.Equal(t, want, strings.Trim(said(t, vttCue+markup+"\n"), " |"), "WebVTT")
			require.Equal(t, want, strings.Trim(strings.ReplaceAll(said(t, srtCue+markup+"\n"), "||", "|"), " |"), "SRT")
		})
	}
}

func TestBlocksAndSettingsOfWebVTTAreSkipped(t *testing.T) {
	const hello = "00:01.000 --> 00:02.000\nhello\n"
	for name, file := range map[string]string{
		"a region":                  "REGION\nid:fred\nwidth:40%\nlines:3\nregionanchor:0%,100%\n\n00:01.000 --> 00:02.000 region:fred align:left\nhello\n",
		"a region that is not told": "00:01.000 --> 00:02.000 region:fred\nhello\n",
		"a region of old":           "Region: id=fred width=40%\n\n00:01.000 --> 00:02.000 region:fred\nhello\n",
		"settings without a value":  "00:01.000 --> 00:02.000 bold X1:20\nhello\n",
		"a third time":              "00:01.000 --> 00:02.000 --> 00:03.000\nhello\n",
		"a style":                   "STYLE\n::cue(b) {\n\n  color: red;\n}\n\n" + hello,
		"a style with a note":       "STYLE\n::cue {}\nNOTE none\n\n" + hello,
		"a note":                    "NOTE made by hand\nof Ana\n\n" + hello,
		"a note on its own line":    "NOTE\nmade --> by hand\n\n" + hello,
		"a note with an arrow":      "NOTE press 1 --> sales\n\n" + hello,
		"a note below":              hello + "\nNOTE the end --> of it\n\nNOTE\nthe end",
		"an identifier":             "NOTE-1\n" + hello,
		"an identifier below":       hello + "\nSTYLES\n",
		"times of another stream":   "X-TIMESTAMP-MAP=LOCAL:oddly\n\n" + hello,
	} {
		t.Run(name, func(t *testing.T) {
			for _, header := range []string{"WEBVTT\n\n", "WEBVTT - of --> Ana\nKind: captions\n\n", "\ufeffWEBVTT\n"} {
				file := header + file
				require.Equal(t, "hello", said(t, file))
				require.Equal(t, "hello", said(t, strings.ReplaceAll(file, "\n", "\r\n")))
			}
		})
	}
}

func TestSettingsOfSRTAreSkipped(t *testing.T) {
	require.Equal(t, "hello", said(t, "1\n00:00:01,000 --> 00:00:02,000 X1:117 X2:619 Y1:042 Y2:428\nhello\n"))
}

func TestAVoiceThatIsNotClosedIsText(t *testing.T) {
	cues, err := subtitle.Read([]byte(vttCue + "<v Ana>Hello <v Bo and\n<v.loud Bo>NOTE this <v Ana>NOTE that\n"))
	require.NoError(t, err)
	require.Equal(t, []subtitle.Cue{{Start: time.Second, End: 2 * time.Second, Lines: []subtitle.Line{
		{Voice: "Ana", Text: "Hello <v Bo and"}, {Voice: "Bo", Text: "NOTE this"}, {Voice: "Ana", Text: "NOTE that"},
	}}}, cues)
}

func TestAnOddVoiceTakesNoWordsAway(t *testing.T) {
	for _, tag := range []string{`<v Ana="x>`, `<v Ana/Bo>`, `<v>`, `<v.loud>`, `<V Ana>`} {
		require.Equal(t, "hello there|you", said(t, vttCue+tag+"hello there\nyou\n"), tag)
	}
}

func TestALineThatGrowsTooLongIsRefused(t *testing.T) {
	for _, cue := range []string{vttCue, srtCue} {
		_, err := subtitle.Read([]byte(cue + strings.Repeat("<", 60_000) + "\n"))
		require.ErrorContains(t, err, "too long")
	}
}
