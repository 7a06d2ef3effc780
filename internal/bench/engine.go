package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	engineTrackers = 1000
	enginePhrases  = 20 // of each
	engineCalls    = 30 // one after the other
	engineRate     = 20 // calls a second
	engineTime     = 5 * time.Second
	// An hour's call: 150 words a minute in messages of twelve.
	callMessages = 750
	messageWords = 12
	// How often a job's status is asked: not so often that this is what is measured.
	jobPoll     = 2 * time.Millisecond
	jobPollBusy = 5 * time.Millisecond

	// wordFile says how often English words are, a word and its count on each line.
	wordFile = "symbl/engine/match/english/background.txt"
)

// engine measures the engine alone, on its embedded store: from the submission
// of an hour's transcript to the end of its job, one call after the other, and
// then so many a second.
func engine(ctx context.Context, l *lab) error {
	words, err := readWords(wordFile)
	if err != nil {
		return err
	}
	for range l.rounds {
		if err := l.engineRound(ctx, words); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) engineRound(ctx context.Context, words words) error {
	e, client, err := l.startEngine(ctx)
	if err != nil {
		return err
	}
	defer e.stop()
	defer client.CloseIdleConnections()
	random := rand.New(rand.NewPCG(1, uint64(l.runs))) //nolint:gosec // no secret
	if _, err := client.CreateTrackers(ctx, words.trackers(random)); err != nil {
		return err
	}
	var alone []time.Duration
	var jobs []symbl.Job
	cpu, err := cpuOfEach(func() (int, error) {
		for range engineCalls {
			begin := time.Now()
			job, err := complete(ctx, client, words.call(random), jobPoll)
			if err != nil {
				return 0, err
			}
			alone, jobs = append(alone, time.Since(begin)), append(jobs, job)
		}
		return engineCalls, nil
	}, e)
	if err != nil {
		return err
	}
	matches, err := matchesIn(ctx, client, jobs)
	if err != nil {
		return err
	}
	begun, busy, err := atRate(ctx, client, words, random)
	if err != nil {
		return err
	}
	l.results.note("engine", "an hour's transcript, 1,000 trackers, p50", "ms", atMost(50), percentile(alone, 0.5))
	l.results.note("engine", "processor time of each", "ms", goal{}, cpu/1000)
	l.results.note("engine", "matches in a call", "", goal{}, matches)
	l.results.note("engine", "calls begun each second", "", goal{}, begun)
	l.results.note("engine", "p50 at 20 calls/s", "ms", goal{}, percentile(busy, 0.5))
	l.results.note("engine", "slowest at 20 calls/s", "ms", goal{}, percentile(busy, 1))
	return nil
}

// startEngine starts `trackerbell engine` on a new store.
func (l *lab) startEngine(ctx context.Context) (*process, *symbl.Client, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, nil, err
	}
	binary, err := filepath.Abs(l.binary)
	if err != nil {
		return nil, nil, err
	}
	l.runs++
	file := filepath.Join(l.dir, fmt.Sprintf("engine-%d.yaml", l.runs))
	text := fmt.Sprintf("nats: {sync: %s}\nengine: {appId: bench, appSecret: bench-secret, maxTrackers: %d}\n", l.sync, engineTrackers)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	client, err := symbl.New(symbl.Config{BaseURL: "http://" + addr, AppID: "bench", AppSecret: "bench-secret"})
	if err != nil {
		return nil, nil, err
	}
	e, err := l.start(ctx, "engine", binary, "engine", "--config", file, "--addr", addr, "--data", filepath.Join(l.dir, fmt.Sprintf("engine-%d", l.runs)))
	if err != nil {
		return nil, nil, err
	}
	if err := e.until(ctx, startTime, func() bool { _, err := client.Trackers(ctx); return err == nil }); err != nil {
		e.stop()
		return nil, nil, err
	}
	return e, client, nil
}

// complete submits a call and waits for the end of its job.
func complete(ctx context.Context, client *symbl.Client, call symbl.TextRequest, poll time.Duration) (symbl.Job, error) {
	job, err := client.SubmitText(ctx, call)
	if err != nil {
		return job, err
	}
	for {
		status, err := client.Job(ctx, job.JobID)
		switch {
		case err != nil:
			return job, err
		case status.Status == symbl.Completed:
			return job, nil
		case status.Status == symbl.Failed:
			return job, fmt.Errorf("the job failed: %s", status.Error)
		}
		if err := pause(ctx, poll); err != nil {
			return job, err
		}
	}
}

// matchesIn is how many matches a call has, on average: an engine that finds
// nothing would be fast.
func matchesIn(ctx context.Context, client *symbl.Client, jobs []symbl.Job) (float64, error) {
	all := 0
	for _, job := range jobs {
		found, err := client.TrackerResults(ctx, job.ConversationID)
		if err != nil {
			return 0, err
		}
		for _, tracker := range found {
			for _, m := range tracker.Matches {
				all += len(m.MessageRefs)
			}
		}
	}
	return float64(all) / float64(len(jobs)), nil
}

// atRate submits calls at a rate, whether or not earlier ones have ended. It
// tells how many it began each second, and how long each took from when it was
// due.
func atRate(ctx context.Context, client *symbl.Client, words words, random *rand.Rand) (begun float64, took []time.Duration, err error) {
	calls := make([]symbl.TextRequest, int(engineRate*engineTime.Seconds()))
	for i := range calls { // all before the first one, since it takes time
		calls[i] = words.call(random)
	}
	took = make([]time.Duration, len(calls))
	starts := make([]time.Time, len(calls))
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	for i, call := range calls {
		due := begin.Add(time.Duration(i) * time.Second / engineRate)
		sleepUntil(due)
		group.Go(func() error {
			starts[i] = time.Now()
			_, err := complete(ctx, client, call, jobPollBusy)
			took[i] = time.Since(due)
			return err
		})
	}
	err = group.Wait()
	last := slices.MaxFunc(starts, time.Time.Compare)
	return float64(len(starts)-1) / last.Sub(starts[0]).Seconds(), took, err
}

// words are English words with how often they are said: sums[i] counts all up
// to and with all[i].
type words struct {
	all  []string
	sums []int
}

func readWords(file string) (words, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return words{}, fmt.Errorf("run it in the repository: %w", err)
	}
	var w words
	total := 0
	for line := range bytes.Lines(text) {
		var word string
		var count int
		if _, err := fmt.Sscan(string(line), &word, &count); err != nil || word == "messages" { // which counts messages
			continue
		}
		total += count
		w.all, w.sums = append(w.all, word), append(w.sums, total)
	}
	if total == 0 {
		return words{}, errors.New(file + ": no words")
	}
	return w, nil
}

// trackers are of phrases of three to eight words, each as likely as another.
func (w words) trackers(random *rand.Rand) []symbl.Tracker {
	list := make([]symbl.Tracker, engineTrackers)
	for i := range list {
		list[i].Name = fmt.Sprint("tracker ", i)
		for range enginePhrases {
			phrase := make([]string, 3+random.IntN(6))
			for j := range phrase {
				phrase[j] = w.all[random.IntN(len(w.all))]
			}
			list[i].Vocabulary = append(list[i].Vocabulary, strings.Join(phrase, " "))
		}
	}
	return list
}

// call is an hour's conversation in words as often as they are said.
func (w words) call(random *rand.Rand) symbl.TextRequest {
	call := symbl.TextRequest{Options: symbl.Options{Name: "an hour", EnableAllTrackers: true}}
	for i := range callMessages {
		said := make([]string, messageWords)
		for j := range said {
			at, _ := slices.BinarySearch(w.sums, 1+random.IntN(w.sums[len(w.sums)-1]))
			said[j] = w.all[at]
		}
		call.Messages = append(call.Messages, symbl.TextMessage{
			Payload: symbl.Payload{Content: strings.Join(said, " "), ContentType: "text/plain"},
			From:    &symbl.Person{Name: []string{"Agent", "Caller"}[i%2]},
		})
	}
	return call
}
