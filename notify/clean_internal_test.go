package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForeignTextIsCleaned(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"white space":            {" a\t\r\n b\u00a0c\u2028d ", "a b c d"},
		"terminal escapes":       {"\x1b]0;title\x07\x1b[31mred\u009b0m", "]0;title[31mred0m"},
		"bidirectional controls": {"\u202egnp.exe\u2066\u2069\u200e", "gnp.exe"},
		"invisible characters":   {"a\u200bb\ufeffc\u00add\U000e0041", "abcd"},
		"bytes that are no text": {"a\xff\xfeb\ufffd", "ab"},
		"private characters":     {"a\ue000b", "ab"},
		"stacked marks":          {"e" + strings.Repeat("\u0301", 40) + "!", "e" + strings.Repeat("\u0301", 4) + "!"},
		"emoji families stay":    {"👩‍👩‍👧 🔔", "👩‍👩‍👧 🔔"},
		"Arabic stays":           {"مرحبا", "مرحبا"},
		"an endless word":        {"see " + strings.Repeat("x", 61) + " end", "see " + strings.Repeat("x", 40) + "… end"},
		"a long word":            {strings.Repeat("x", 60), strings.Repeat("x", 60)},
		"no spaces is no word":   {strings.Repeat("日本", 40), strings.Repeat("日本", 40)},
		"nothing":                {"\x00\u200b", ""},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, clean(c.text, 1000)) })
	}
	require.Equal(t, "abc…", clean("abcdef", 4))
	require.Equal(t, "ab…", clean("ab cdef", 4))
	require.Equal(t, "…", clean("abcdef", 1))
}

func TestWhatFollowsAScriptFromTheRightStaysBehindIt(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Anna": "Anna", "12": "12", "日本": "日本", "משה": "משה\u200e", "مريم (2)!": "مريم (2)!\u200e", "משה Levi": "משה Levi", "Levi ٣": "Levi ٣\u200e",
	} {
		require.Equal(t, want, leftToRight(text))
	}
	a := Alert{Call: Call{Agent: "מרים"}, Trackers: []Tracker{{Name: "מעקב", Quotes: []Quote{{Text: "x", Speaker: "משה", At: 20, Offset: -1}}}}}
	text := Text(a, false)
	for _, line := range []string{"מעקב\u200e · 1 mention", "— משה\u200e · 0:20", "agent מרים\u200e"} {
		require.Contains(t, text, line)
	}
	require.Equal(t, 4, columns("משה \u200e"), "the mark has no width")
}

func TestEscapedTextHoldsNoMarkup(t *testing.T) {
	require.Equal(t, "&lt;!channel&gt; &amp;lt; R&amp;D", escape("<!channel> &lt; R&D"))
	require.Equal(t, "<\u2060!channel> <\u2060@U1> <\u2060#C1> a < b & c", inert("<!channel> <@U1> <#C1> a < b & c"))
}

func TestTimesInTheCallAreWritten(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0:00", 9.99: "0:09", 62: "1:02", 3599: "59:59", 3600: "1:00:00", 36_061: "10:01:01", -1: "", 1e300: "",
	} {
		require.Equal(t, want, clock(seconds), seconds)
	}
	for seconds, want := range map[float64]string{
		0: "", 0.4: "", 42: "42 s", 61: "1 min 01 s", 3660: "1 h 01 min", 90_000: "25 h 00 min", -3: "",
	} {
		require.Equal(t, want, duration(seconds), seconds)
	}
}

func TestCallsAreSummedUp(t *testing.T) {
	require.Equal(t, "+1 415 •••• 0137 → 101", Alert{Call: Call{From: "+14155550137", To: "101"}}.parties())
	require.Equal(t, "from 101", Alert{Call: Call{From: "101"}}.parties())
	require.Equal(t, "to 101", Alert{Call: Call{To: "101"}}.parties())
	require.Equal(t, []string{"Inbound", "agent Bo"}, Alert{Call: Call{Direction: "inbound", Agent: "Bo"}}.summary())
	require.Equal(t, "caller 101", Alert{Call: Call{From: "101", To: "102"}}.other())
	require.Equal(t, "called 102", Alert{Call: Call{Direction: "outbound", From: "101", To: "102"}}.other())
	require.Empty(t, Alert{Call: Call{Direction: "outbound", From: "101"}}.other())
	require.Empty(t, Alert{Call: Call{}}.other())
	require.Equal(t, "caller +14155550137", Alert{Call: Call{From: "+14155550137"}, ShowNumbers: true}.other())
}
