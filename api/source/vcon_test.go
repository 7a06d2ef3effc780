package source_test

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestAVConMayHoldTheRecordingItself(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for _, body := range []string{"UklGRiQ", "UklGRiQ=", "UklGRiQ=\u003d"} {
		r := jsonRequest(`{"uuid":"u1","dialog":[{"type":"recording","start":"2026-11-23T20:00:00Z","encoding":"base64url","body":"`+body+`"}]}`,
			map[string]string{"Content-Type": "application/vcon+json"})
		got, err := p.Normalise(r)
		require.NoError(t, err)
		require.Equal(t, []byte("RIFF$"), got.Recordings[0].Inline)
		require.Empty(t, got.Recordings[0].MediaURL)
	}
}

// A channel that nobody is on is null in the dialog's list of parties.
func TestChannelsOfAVConKeepTheirPlaces(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for parties, want := range map[string][]string{
		`[null,1]`: {"", "Ana"}, `[1,null]`: {"Ana", ""}, `[[1],[0,1]]`: {"Ana", ""}, `[[0],1]`: {"Bo", "Ana"},
		`[1]`: {"Ana", ""}, `1`: {"", ""}, `"odd"`: {"", ""}, `[7,-1]`: {"", ""},
	} {
		got, err := p.Normalise(jsonRequest(`{"uuid":"u1","parties":[{"name":"Bo"},{"name":"Ana"}],
			"dialog":[{"type":"recording","start":"2026-11-23T20:00:00Z","parties":`+parties+`,"url":"https://a.example/1"}],
			"analysis":[{"type":"transcript","vendor":"x","encoding":"json","body":{"results":{"channels":[
				{"alternatives":[{"words":[{"word":"left","start":1,"end":2}]}]},{"alternatives":[{"words":[{"word":"right","start":3,"end":4}]}]}]}}}]}`,
			map[string]string{"Content-Type": "application/vcon+json"}))
		require.NoError(t, err, parties)
		said := got.Recordings[0].Transcript
		require.Len(t, said, 2)
		require.Equal(t, want, []string{said[0].Speaker, said[1].Speaker}, parties)
	}
}

func TestHostileVConsDoNoHarm(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for _, s := range samples(t, "generic") {
		if !slices.Contains([]string{
			"vcon recording", "vcon with segments", "vcon with words", "vcon of messages",
			"vcon of three recordings, two of them with transcripts, and a message",
		}, s.Name) {
			continue
		}
		for _, marked := range markLeaves(t, s.Body) {
			for _, value := range hostileJSON() {
				r := s.request(t, now())
				r.Body = bytes.Replace(marked, []byte(leafMark), value, 1)
				got, err := p.Normalise(r)
				requireSane(t, got, err)
				if err != nil {
					requireNoLeak(t, err, genericKit(), sample{Raw: string(r.Body)})
				}
			}
		}
	}
}

func TestNestedVConsCostNoMoreThanTheirLength(t *testing.T) {
	p := build(t, config.Source{Provider: "generic", Insecure: true})
	for name, body := range map[string]func(n int) string{
		"parties": func(n int) string {
			return `{"uuid":"u1","dialog":[{"type":"recording","url":"https://a.example/1","parties":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}]}`
		},
		"transcript": func(n int) string {
			return `{"uuid":"u1","dialog":[{"type":"recording","url":"https://a.example/1"}],"analysis":[{"type":"transcript","body":` + strings.Repeat(`{"transcript":`, n) + `1` + strings.Repeat("}", n) + `}]}`
		},
	} {
		cost := func(n int) uint64 { // in memory: time depends on what else the machine does
			r := jsonRequest(body(n), map[string]string{"Content-Type": "application/vcon+json"})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := p.Normalise(r)
			runtime.ReadMemStats(&after)
			require.NoError(t, err, name)
			require.Equal(t, "https://a.example/1", got.Recordings[0].MediaURL)
			return after.TotalAlloc - before.TotalAlloc
		}
		few, many := cost(2250), cost(9000)
		require.Less(t, many, 8*few, name)
	}
}
