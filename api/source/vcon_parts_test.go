package source_test

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

// The words of vCons in these tests: sound at a URL, sound that cannot be had, a
// message, one that is not read, and analyses.
const (
	urlA     = `{"type":"recording","start":"2026-11-23T20:00:00Z","url":"https://m.example/a"}`
	urlB     = `{"type":"recording","start":"2026-11-23T20:05:00Z","url":"https://m.example/b"}`
	urlC     = `{"type":"recording","start":"2026-11-23T20:09:00Z","url":"https://m.example/c"}`
	noURL    = `{"type":"recording","start":"2026-11-23T20:05:00Z"}`
	message  = `{"type":"text","start":"2026-11-23T20:01:00Z","body":"hi"}`
	answer   = `{"type":"text","start":"2026-11-23T20:02:00Z","body":"yes"}`
	farText  = `{"type":"text","start":"2026-11-23T20:03:00Z","url":"https://m.example/t"}`
	picture  = `{"type":"text","start":"2026-11-23T20:04:00Z","mediatype":"image/png","body":"AAAA","encoding":"base64url"}`
	page     = `{"type":"text","start":"2026-11-23T20:04:00Z","mediatype":"text/html","body":"<b>no</b>"}`
	transfer = `{"type":"transfer","start":"2026-11-23T20:04:00Z"}`
)

func said(words, of string) string {
	if of != "" {
		of = `,"dialog":` + of
	}
	return `{"type":"transcript","vendor":"x","encoding":"none","body":"` + words + `"` + of + `}`
}

func vconOf(dialogs, analyses []string) source.Request {
	return jsonRequest(`{"uuid":"u","dialog":[`+strings.Join(dialogs, ",")+`],"analysis":[`+strings.Join(analyses, ",")+`]}`,
		map[string]string{"Content-Type": "application/vcon+json"})
}

// told is a delivery in short: ids, each with its media or its words.
func told(t *testing.T, d source.Delivery, err error) string {
	t.Helper()
	requireSane(t, d, err)
	var all []string
	for _, rec := range d.Recordings {
		of := strings.TrimPrefix(rec.MediaURL, "https://m.example/")
		var words []string
		for _, u := range rec.Transcript {
			words = append(words, u.Text)
		}
		if len(words) > 0 {
			of = strconv.Quote(strings.Join(words, " "))
		}
		all = append(all, rec.ID+" "+of)
	}
	if err == nil {
		err = d.Unusable
	}
	var lacks *source.PayloadError
	if errors.As(err, &lacks) {
		all = append(all, "lacks "+lacks.Field)
	}
	if d.Ignored != "" {
		all = append(all, "ignored")
	}
	return strings.Join(all, "; ")
}

func TestEveryDialogOfAVConIsTaken(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	type list = []string
	for name, tt := range map[string]struct {
		dialogs, analyses list
		want              string
	}{
		"each has a transcript":              {list{urlA, urlB}, list{said("one", "0"), said("two", "[1]")}, `u "one"; u/1 "two"`},
		"in another order":                   {list{urlA, urlB}, list{said("two", "1"), said("one", "0")}, `u "one"; u/1 "two"`},
		"one has a transcript":               {list{urlA, urlB}, list{said("two", "[1,1]")}, `u a; u/1 "two"`},
		"the first of two transcripts":       {list{urlA}, list{said("one", "0"), said("two", "0")}, `u "one"`},
		"the first that can be read":         {list{urlA}, list{said(" ", "0"), said("two", "0")}, `u "two"`},
		"its own before one of the whole":    {list{urlA}, list{said("all", ""), said("one", "0")}, `u "one"`},
		"the whole of one":                   {list{urlA}, list{said("all", "")}, `u "all"`},
		"two of the whole of one":            {list{urlA}, list{said("all", ""), said("too", "")}, `u "all"`},
		"a wrong index where there is one":   {list{urlA}, list{said("all", "7")}, `u "all"`},
		"without sound the whole":            {list{noURL}, list{said("all", "")}, `u "all"`},
		"the whole of two":                   {list{urlA, urlB}, list{said("all", "")}, `u "all"`},
		"all of two by name":                 {list{urlA, urlB}, list{said("all", "[1,0]")}, `u "all"`},
		"two of three":                       {list{urlA, urlB, urlC}, list{said("both", "[1,2]")}, `u a; u/1 "both"`},
		"two of three and the whole":         {list{urlA, urlB, urlC}, list{said("both", "[0,1]"), said("all", "")}, `u "both"; u/2 c`},
		"the whole and one alone":            {list{urlA, urlB}, list{said("all", ""), said("two", "1")}, `u a; u/1 "two"`},
		"two that overlap":                   {list{urlA, urlB, urlC}, list{said("x", "[0,1]"), said("y", "[1,2]")}, `u "x"; u/2 c`},
		"two that overlap, one lost":         {list{urlA, urlB, noURL}, list{said("x", "[0,1]"), said("y", "[1,2]")}, `u "x"; lacks dialog[2].url`},
		"the whole has what else is lost":    {list{urlA, noURL}, list{said("one", "0"), said("all", "")}, `u "all"`},
		"and so of several that share":       {list{urlA, urlB, noURL}, list{said("x", "[0,1]"), said("all", "")}, `u "all"`},
		"two that may be of parts":           {list{urlA, urlB}, list{said("x", ""), said("y", "[]")}, `u a; u/1 b; lacks analysis[1].dialog`},
		"two that may be of parts, one lost": {list{urlA, noURL}, list{said("x", ""), said("y", "null")}, `u "x"; lacks analysis[1].dialog`},
		"a wrong index where there are two":  {list{urlA, urlB}, list{said("x", "[0,2]")}, `u a; u/1 b; lacks analysis[0].dialog`},
		"of what cannot be heard":            {list{urlA, urlB, transfer}, list{said("x", "2")}, `u a; u/1 b; lacks analysis[0].dialog`},
		"and of what can":                    {list{transfer, urlA, urlB}, list{said("x", "[0,2]")}, `u a; u/2 "x"`},
		"sound that was redacted":            {list{`{}`, urlB}, list{said("one", "0")}, `u/0 "one"; u b`},
		"only sound that was redacted":       {list{`{}`, `{}`}, list{said("two", "1"), said("one", "0")}, `u "one"; u/1 "two"`},
		"shared by what was redacted":        {list{`{}`, `{}`}, list{said("all", "[0,1]")}, `u "all"`},
		"no dialog":                          {nil, list{said("all", "0")}, `u "all"`},

		"a message beside sound":         {list{message, urlA}, nil, `u a; u/text "hi"`},
		"messages beside the whole":      {list{urlA, message, answer}, list{said("all", "")}, `u "all"; u/text "hi yes"`},
		"messages that are transcribed":  {list{urlA, message}, list{said("all", "[0,1]")}, `u "all"`},
		"one that is":                    {list{urlA, message, answer}, list{said("all", "[0,1]")}, `u "all"; u/text "yes"`},
		"unless it has its own":          {list{urlA, message}, list{said("all", "[0,1]"), said("one", "0")}, `u "one"; u/text "hi"`},
		"messages and their transcript":  {list{urlA, message, answer}, list{said("chat", "[1,2]")}, `u a; u/text "chat"`},
		"and that of some":               {list{urlA, message, answer}, list{said("chat", "1")}, `u a; u/text "hi yes"`},
		"messages alone":                 {list{message, answer}, nil, `u "hi yes"`},
		"with a transcript":              {list{message, answer}, list{said("chat", "")}, `u "chat"`},
		"with a transcript of all":       {list{message, answer}, list{said("chat", "[0,1]")}, `u "chat"`},
		"with a transcript of some":      {list{message, answer}, list{said("chat", "[0]")}, `u "hi yes"`},
		"text elsewhere":                 {list{message, farText}, nil, `u "hi"; lacks dialog[1].body`},
		"text elsewhere beside sound":    {list{urlA, farText}, nil, `u a; lacks dialog[1].body`},
		"text elsewhere, transcribed":    {list{farText}, list{said("chat", "0")}, `u "chat"`},
		"nothing but text elsewhere":     {list{farText}, nil, `lacks dialog[0].body`},
		"a picture":                      {list{message, picture}, nil, `u "hi"`},
		"nothing but a picture":          {list{picture}, nil, `ignored`},
		"a page":                         {list{message, page}, nil, `u "hi"; lacks dialog[1].mediatype`},
		"text without a time":            {list{message, `{"type":"text","body":"no"}`}, nil, `u "hi"; lacks dialog[1].start`},
		"text that is damaged":           {list{message, `{"type":"text","encoding":"base64url","body":"%"}`}, nil, `u "hi"; lacks dialog[1].body`},
		"one lacks what is needed":       {list{noURL, urlB}, nil, `u/1 b; lacks dialog[0].url`},
		"the first ones":                 {list{urlA, noURL, urlC}, nil, `u a; u/2 c; lacks dialog[1].url`},
		"all lack it":                    {list{transfer, noURL, noURL}, nil, `lacks dialog[1].url`},
		"sound lacks it and a message":   {list{noURL, message}, nil, `u/text "hi"; lacks dialog[0].url`},
		"sound lacks it but is redacted": {list{`{}`, noURL}, list{said("one", "0"), said("all", "")}, `u "all"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Normalise(vconOf(tt.dialogs, tt.analyses))
			require.Equal(t, tt.want, told(t, got, err))
		})
	}
}

func TestOddDialogsOfAnAnalysisAreOfNone(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for _, of := range []string{
		`-1`, `2`, `99999999999999999999`, `1e999`, `0.5`, `"0"`, `true`, `{}`, `{"0":0}`, `[null]`, `[0,null]`, `[[0]]`, `[0,"1"]`, `[0,-1]`,
		strings.Repeat("[", 9000) + strings.Repeat("]", 9000), `[` + strings.Repeat("0,", 100_000) + `2]`,
	} {
		got, err := p.Normalise(vconOf([]string{urlA, urlB}, []string{said("x", of)}))
		require.Equal(t, "u a; u/1 b; lacks analysis[0].dialog", told(t, got, err), "%.40s", of)
		got, err = p.Normalise(vconOf([]string{urlA}, []string{said("x", of)}))
		require.Equal(t, `u "x"`, told(t, got, err), "%.40s", of)
	}
}

// An id is that of a place, or a delivery that was mended would give what was
// taken to another dialog.
func TestADialogOfAVConKeepsItsIDWhenAnotherIsMended(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	before, err := p.Normalise(vconOf([]string{noURL, urlB}, nil))
	require.NoError(t, err)
	after, err := p.Normalise(vconOf([]string{urlA, urlB}, nil))
	require.NoError(t, err)
	require.Len(t, after.Recordings, 2)
	require.Equal(t, before.Recordings, after.Recordings[1:])
	require.Equal(t, "u", after.Recordings[0].ID)
}

func TestIDsOfAVConAreNotTooLong(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	id := strings.Repeat("u", 1024)
	for dialogs, lacks := range map[string]bool{urlA: false, urlA + "," + picture: false, urlA + "," + urlB: true, urlA + "," + message: true} {
		got, err := p.Normalise(jsonRequest(`{"uuid":"`+id+`","dialog":[`+dialogs+`]}`, map[string]string{"Content-Type": "application/vcon+json"}))
		requireSane(t, got, err)
		require.NoError(t, err)
		require.Len(t, got.Recordings, 1)
		require.Equal(t, lacks, got.Unusable != nil)
	}
}

// The channels of a transcript are those of the dialog that it is of.
func TestATranscriptHasTheSpeakersOfItsDialog(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	heard := func(of string) string {
		return `{"type":"transcript","vendor":"x","encoding":"json","dialog":` + of + `,"body":{"results":{"channels":[
			{"alternatives":[{"transcript":"left"}]},{"alternatives":[{"transcript":"right"}]}]}}}`
	}
	got, err := p.Normalise(jsonRequest(`{"uuid":"u1","parties":[{"name":"Bo"},{"name":"Ana"},{"name":"Cy"}],"dialog":[
		{"type":"recording","parties":[0,1],"url":"https://a.example/1"},{"type":"recording","parties":[2,0],"url":"https://a.example/2"}],
		"analysis":[`+heard("0")+`,`+heard("1")+`]}`, map[string]string{"Content-Type": "application/vcon+json"}))
	require.NoError(t, err)
	require.Len(t, got.Recordings, 2)
	for i, want := range [][]string{{"Bo", "Ana"}, {"Cy", "Bo"}} {
		said := got.Recordings[i].Transcript
		require.Equal(t, want, []string{said[0].Speaker, said[1].Speaker})
	}
}

// Each is a vCon of two long lists, or of a list and a long value that each of
// its elements refers to. What is read of values leaves its trace in memory: time
// depends on what else the machine does.
func TestManyDialogsCostNoMoreThanTheirLength(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	list := func(n int, element string) string { return strings.TrimSuffix(strings.Repeat(element+",", n), ",") }
	long := func(n int) string { return strings.Repeat(`é\u0001`, 4*n) } // which is cleaned
	const heard = `{"type":"transcript","encoding":"json","body":{"results":{"channels":[{"alternatives":[{"transcript":""}]},{"alternatives":[{"transcript":""}]}]}}}`
	for name, body := range map[string]func(n int) string{
		"recordings": func(n int) string { return `"subject":"` + long(n) + `","dialog":[` + list(n, urlA) + `]` },
		"parties": func(n int) string {
			return `"parties":[{"tel":"` + long(n) + `"},{"name":"` + long(n) + `"}],"dialog":[` + list(n, urlA) + `]`
		},
		"speakers": func(n int) string {
			return `"parties":[{"name":"` + long(n) + `"}],"dialog":[` + list(n, message) + `]`
		},
		"channels": func(n int) string {
			return `"dialog":[{"type":"recording","url":"https://m.example/a","parties":[` + list(n, "0") + `]}],"analysis":[` + list(n, heard) + `]`
		},
		"transcripts of the whole": func(n int) string {
			return `"dialog":[` + list(n, urlA) + `],"analysis":[` + list(n, said("x", "")) + `]`
		},
		"transcripts of one": func(n int) string {
			return `"dialog":[` + list(n, urlA) + `],"analysis":[` + list(n, said("x", "[0]")) + `]`
		},
		"transcripts of two": func(n int) string {
			return `"dialog":[` + list(n, urlA) + `],"analysis":[` + list(n, said("x", "[0,1]")) + `]`
		},
		"transcript of many": func(n int) string {
			return `"dialog":[` + list(n, urlA) + `],"analysis":[` + said("x", "["+list(n, fmt.Sprint(n-1))+"]") + `]`
		},
		"transcript of nested": func(n int) string {
			return `"dialog":[` + urlA + `],"analysis":[` + said("x", strings.Repeat("[", n)+strings.Repeat("]", n)) + `]`
		},
	} {
		t.Run(name, func(t *testing.T) {
			cost := func(n int) uint64 {
				r := jsonRequest(`{"uuid":"u",`+body(n)+`}`, map[string]string{"Content-Type": "application/vcon+json"})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got, err := p.Normalise(r)
				runtime.ReadMemStats(&after)
				requireSane(t, got, err)
				require.NoError(t, err)
				return after.TotalAlloc - before.TotalAlloc
			}
			few, many := cost(1000), cost(4000)
			require.Less(t, many, 8*few)
		})
	}
}
