package source_test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

func hostileTexts() []string {
	return []string{
		"", " ", "\x00\x1b[2J\r\n", "\xff\xfe\xc0\xaf", "\u202e\u2028", "<!channel> <@U1> & <b>", "../../etc/passwd", "a.b.>.*",
		"{{.Secret}}%s%n", "-1", "1e999", "NaN", "99999999999999999999", "+" + strings.Repeat("9", 300), "+1 (415) 555-2671 ext. 5", "+\u0661\u0662",
		strings.Repeat("\u00e9", 5_000), "file:///etc/passwd", "http://user:hush@127.0.0.1/", "https://[fe80::1%25\x00]/", "javascript:alert(1)",
		"Mon, 01 Jan 0000 00:00:00 +2359", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
	}
}

func hostileJSON() []json.RawMessage {
	values := []json.RawMessage{
		json.RawMessage(`null`), json.RawMessage(`true`), json.RawMessage(`-1`), json.RawMessage(`1e308`), json.RawMessage(`1e999`),
		json.RawMessage(`0.5`), json.RawMessage(`[]`), json.RawMessage(`{}`), json.RawMessage(`[[[{"text":1}]]]`), json.RawMessage(`{"":{"":[]}}`),
		json.RawMessage(`[{"text":"a","start":-0.0,"end":-5,"speaker":"\u0000"}]`), json.RawMessage(strings.Repeat("[", 2000) + strings.Repeat("]", 2000)),
		json.RawMessage(`{"a\u0000":"b\u0007"}`), json.RawMessage(`"\ud800"`),
	}
	for _, text := range hostileTexts() {
		values = append(values, json.RawMessage(`"`+strings.NewReplacer("\x00", `\u0000`, "\x1b", `\u001b`, "\r", `\r`, "\n", `\n`).Replace(text)+`"`))
	}
	return values
}

// hostileBodies gives the good sample with each field in turn made hostile.
func hostileBodies(t *testing.T, good sample) [][]byte {
	t.Helper()
	var bodies [][]byte
	for field := range good.Form {
		for _, value := range hostileTexts() {
			form := url.Values{}
			for name, v := range good.Form {
				form.Set(name, v)
			}
			form.Set(field, value)
			bodies = append(bodies, []byte(form.Encode()))
		}
	}
	if good.Body == nil {
		return bodies
	}
	for _, marked := range markLeaves(t, good.Body) {
		for _, value := range hostileJSON() {
			bodies = append(bodies, bytes.Replace(marked, []byte(leafMark), value, 1))
		}
	}
	return bodies
}

const leafMark = `"@@HOSTILE@@"`

// markLeaves gives the JSON with each of its values in turn, the nested ones
// included, replaced by a mark.
func markLeaves(t *testing.T, raw json.RawMessage) [][]byte {
	t.Helper()
	var fields map[string]json.RawMessage
	var items []json.RawMessage
	var marked [][]byte
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '{':
		require.NoError(t, json.Unmarshal(raw, &fields))
		for name, inner := range fields {
			for _, m := range append(markLeaves(t, inner), []byte(leafMark)) {
				marked = append(marked, withField(fields, name, m))
			}
		}
	case '[':
		require.NoError(t, json.Unmarshal(raw, &items))
		for i, inner := range items {
			for _, m := range append(markLeaves(t, inner), []byte(leafMark)) {
				parts := slices.Clone(items)
				parts[i] = m
				marked = append(marked, []byte("["+string(bytes.Join(toBytes(parts), []byte(",")))+"]"))
			}
		}
	}
	return marked
}

func withField(fields map[string]json.RawMessage, name string, value []byte) []byte {
	var parts []string
	for other, v := range fields {
		if other == name {
			v = value
		}
		parts = append(parts, strconv.Quote(other)+":"+string(v))
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

func toBytes(raw []json.RawMessage) [][]byte {
	all := make([][]byte, len(raw))
	for i := range raw {
		all[i] = raw[i]
	}
	return all
}

func suiteHostile(t *testing.T, provider string, k kit) {
	t.Helper()
	good := goodSample(t, provider)
	p := build(t, config.Source{Provider: provider, Secret: k.secret})
	for _, body := range hostileBodies(t, good) {
		r := good.request(t, now())
		r.Body = body
		k.sign(&r, k.secret, now())
		if err := p.Verify(r); !k.timeInBody || err == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, source.ErrSignature)
		}
		got, err := p.Normalise(r)
		requireSane(t, got, err)
		if err != nil {
			requireNoLeak(t, err, k, sample{Raw: string(body)})
			require.NotContains(t, err.Error(), "hush")
		}
	}
	for _, header := range []string{"", "\x00", "v1,", "sha256=", "Bearer ", strings.Repeat("a,", 5000)} {
		r := good.request(t, now())
		k.sign(&r, k.secret, now())
		spoilt := false
		for name := range r.Header {
			if name != "Content-Type" {
				r.Header.Set(name, header)
				spoilt = true
			}
		}
		if spoilt {
			require.ErrorIs(t, p.Verify(r), source.ErrSignature)
		}
	}
}

// requireSane is what holds for every answer of Normalise, whatever came in.
func requireSane(t *testing.T, got source.Delivery, err error) {
	t.Helper()
	if err != nil {
		var refused *source.PayloadError
		require.ErrorAs(t, err, &refused)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}, refused.Status)
		return
	}
	require.NotEqual(t, got.Ignored == "", len(got.Recordings) == 0)
	for _, rec := range got.Recordings {
		_, err := json.Marshal(rec)
		require.NoError(t, err)
		requireSaneRecording(t, rec)
	}
}

func requireSaneRecording(t *testing.T, rec events.Recording) {
	t.Helper()
	require.NotEmpty(t, rec.ID)
	require.LessOrEqual(t, len(rec.ID), 1024)
	require.True(t, utf8.ValidString(rec.ID))
	require.NotEqual(t, rec.MediaURL == "" && rec.MediaRef == "" && rec.Inline == nil, len(rec.Transcript) == 0)
	if rec.MediaURL != "" {
		u, err := url.Parse(rec.MediaURL)
		require.NoError(t, err)
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.Nil(t, u.User)
	}
	require.Contains(t, []string{"", "inbound", "outbound"}, rec.Direction)
	require.Contains(t, []int{0, 1, 2}, rec.Channels)
	require.False(t, rec.Seconds < 0 || rec.Seconds > 1e7 || math.IsNaN(rec.Seconds))
	texts := []string{rec.From, rec.To, rec.Agent}
	for name, value := range rec.Labels {
		texts = append(texts, name, value)
	}
	requireUtterances(t, rec.Transcript)
	for _, text := range texts {
		require.LessOrEqual(t, len(text), 256)
		requireClean(t, text)
	}
}

func requireUtterances(t *testing.T, all []events.Utterance) {
	t.Helper()
	for _, u := range all {
		requireClean(t, u.Text)
		requireClean(t, u.Speaker)
		require.NotEmpty(t, strings.TrimSpace(u.Text))
		require.False(t, u.Start < 0 || u.End < u.Start || u.End > 1e7, "%v", u)
	}
}

func requireClean(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	require.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
}

// requireNoLeak holds an error against every secret and every value of the body.
func requireNoLeak(t *testing.T, err error, k kit, s sample) {
	t.Helper()
	text := err.Error()
	require.NotContains(t, text, k.secret)
	require.NotContains(t, text, k.other)
	for _, value := range values(s) {
		if len(value) > 12 {
			require.NotContains(t, text, value)
		}
	}
	require.False(t, strings.ContainsFunc(text, unicode.IsControl), text)
}

func values(s sample) []string {
	all := []string{s.Raw}
	for _, value := range s.Form {
		all = append(all, value)
	}
	return append(all, leaves(s.Body)...)
}

// leaves are the scalars of a JSON value.
func leaves(raw json.RawMessage) []string {
	var fields map[string]json.RawMessage
	var items []json.RawMessage
	if json.Unmarshal(raw, &fields) != nil && json.Unmarshal(raw, &items) != nil {
		return []string{strings.Trim(string(raw), `"`)}
	}
	var all []string
	for _, inner := range fields {
		all = append(all, leaves(inner)...)
	}
	for _, inner := range items {
		all = append(all, leaves(inner)...)
	}
	return all
}
