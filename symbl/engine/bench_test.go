package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// BenchmarkAnHoursTranscript takes 750 messages of twelve words from their
// submission to the end of their job, with 1,000 trackers of 20 phrases.
func BenchmarkAnHoursTranscript(b *testing.B) {
	words := englishWords(b)
	distinct := slices.Compact(slices.Clone(words)) // the same are neighbours
	random := rand.New(rand.NewPCG(1, 1))
	ended := make(chan engine.Finished, 1)
	e := newEngine(b, connect(b, startNATS(b)), engine.Config{
		MaxTrackers: 1000,
		Finished:    func(_ context.Context, f engine.Finished) error { ended <- f; return nil },
	})
	start(b, e)
	client, err := symbl.New(symbl.Config{
		BaseURL: "http://engine", AppID: appID, AppSecret: appSecret, HTTPClient: &http.Client{Transport: engine.Transport(e.Handler())},
	})
	require.NoError(b, err)
	trackers := make([]symbl.Tracker, 1000)
	for i := range trackers {
		trackers[i].Name = fmt.Sprint("tracker ", i)
		for range 20 {
			trackers[i].Vocabulary = append(trackers[i].Vocabulary, say(random, distinct, 3+random.IntN(6)))
		}
	}
	_, err = client.CreateTrackers(b.Context(), trackers)
	require.NoError(b, err)
	run := func() {
		call := symbl.TextRequest{Options: symbl.Options{EnableAllTrackers: true}}
		for range 750 {
			call.Messages = append(call.Messages, symbl.TextMessage{
				Payload: symbl.Payload{Content: say(random, words, 12), ContentType: "text/plain"}, From: &symbl.Person{Name: "Agent"},
			})
		}
		b.StartTimer()
		_, err := client.SubmitText(b.Context(), call)
		require.NoError(b, err)
		require.Equal(b, symbl.Completed, (<-ended).Status)
		b.StopTimer()
	}
	run() // compiles the trackers
	b.ResetTimer()
	b.StopTimer()
	for range b.N {
		run()
	}
}

// englishWords are words as often as they are said, by the thousand.
func englishWords(b *testing.B) (words []string) {
	b.Helper()
	file, err := os.Open("match/english/background.txt")
	require.NoError(b, err)
	defer file.Close() //nolint:errcheck // only read from
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var word string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &word, &count); err != nil || word == "messages" { // which counts messages
			continue
		}
		for range 1 + count/100 {
			words = append(words, word)
		}
	}
	return words
}

func say(random *rand.Rand, words []string, n int) string {
	said := make([]string, n)
	for i := range said {
		said[i] = words[random.IntN(len(words))]
	}
	return strings.Join(said, " ")
}
