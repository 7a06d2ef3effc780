package subtitle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/subtitle"
)

func TestBothFormatsAreToldApart(t *testing.T) {
	files := map[string]string{
		"SRT":                     "1\n00:00:01,500 --> 00:00:02,000\nHello\nthere\n",
		"WebVTT":                  "WEBVTT\n\n00:01.500 --> 00:02.000\nHello\nthere\n",
		"WebVTT of Windows":       "\ufeffWEBVTT\r\n\r\n00:00:01.500 --> 00:00:02.000 align:start\r\nHello\r\nthere\r\n",
		"SRT with marked letters": "1\n00:00:01,500 --> 00:00:02,000\n<i>Hello</i>\nthere\n",
	}
	want := []subtitle.Cue{{
		Start: 1500 * time.Millisecond, End: 2 * time.Second,
		Lines: []subtitle.Line{{Text: "Hello"}, {Text: "there"}},
	}}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			got, err := subtitle.Read([]byte(file))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want, got))
		})
	}
}

func TestEachVoiceIsALineOfItsOwn(t *testing.T) {
	got, err := subtitle.Read([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>Hello <v Bo>Hi\n"))
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, []subtitle.Line{{Voice: "Ana", Text: "Hello"}, {Voice: "Bo", Text: "Hi"}}, got[0].Lines)
}

func TestOtherTextIsNotASubtitle(t *testing.T) {
	for _, text := range []string{"", "hello", "{}"} {
		_, err := subtitle.Read([]byte(text))
		require.ErrorIs(t, err, subtitle.ErrFormat)
	}
}

func TestErrorsNameTheLineAndNoText(t *testing.T) {
	for file, line := range map[string]string{
		"WEBVTT\n\n00:01.000 -->\nsecret words\n":                                       "line 3",
		"1\n00:00:01,000 --> 00:00:02,000\nsecret words --> 00:00:03,000\n":             "line 3",
		"1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n2\n00:00:01,000 --> secret words\n": "line 6",
		"<html>\n<!-- secret words --> <p>Log in</p></html>":                            "line 2",
		"WEBVTT\n\n00:01.000.5:00 --> 00:02.000 secret\nsecret words\n":                 "cannot be read",
	} {
		_, err := subtitle.Read([]byte(file))
		require.ErrorContains(t, err, line)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,000\nHello\n"))
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>Hello <v Bo>Hi\n"))
	f.Add([]byte("--> --> -->"))
	f.Add([]byte("WEBVTT\n\nREGION\nid:fred\n\nNOTE a --> b\n\n00:01.000 --> 00:02.000 region:fred\nNOTE the <b>sale</b>\nRegion: a<b --<c>>\n"))
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,000 X1:1\nif a<b then <FONT color=\"#fff\">run</font> <00:01.500>a --<b>> sale <b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cues, err := subtitle.Read(data)
		if err != nil {
			require.Empty(t, cues)
		}
	})
}
