package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestTheMedianIsTheMiddleOrTheMeanOfTheTwoThere(t *testing.T) {
	require.InDelta(t, 3, median([]float64{9, 1, 3}), 0)
	require.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)
	require.True(t, math.IsNaN(median(nil)))
	values := []float64{2, 1}
	median(values)
	require.Equal(t, []float64{2, 1}, values, "the rounds keep their order: they are divided one by one")
}

func TestAPercentileIsTheNearestRank(t *testing.T) {
	var values []time.Duration
	for i := 100; i > 0; i-- {
		values = append(values, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.99: 99, 0.991: 100, 1: 100} {
		require.InDelta(t, want, percentile(values, q), 0, "%v", q)
	}
	require.True(t, math.IsNaN(percentile(nil, 0.5)))
}

func TestAGoalSaysHowMuchOfItIsUsed(t *testing.T) {
	require.InDelta(t, 0.5, atMost(4).share(2), 1e-9)
	require.InDelta(t, 2, atLeast(0.8).share(0.4), 1e-9)
	require.True(t, atMost(4).met(4))
	require.True(t, atLeast(4).met(4))
	require.False(t, atMost(4).met(4.1))
	require.False(t, atLeast(4).met(3.9))
	require.False(t, atLeast(4).met(0))
	require.False(t, atMost(4).met(math.NaN()), "what was not measured is not reached")
}

func TestARatioIsTheMedianOfTheRoundsOwn(t *testing.T) {
	var r results
	r.compare("ingest", "throughput", "req/s", atLeast(0.8), 100, 100)
	r.compare("ingest", "throughput", "req/s", atLeast(0.8), 500, 1000)
	r.compare("ingest", "throughput", "req/s", atLeast(0.8), 90, 100)
	require.Len(t, r.rows, 1)
	require.InDelta(t, 0.9, r.rows[0].figure(), 1e-9)
}

func sample() results {
	var r results
	r.compare("ingest", "throughput", "req/s", atLeast(0.8), 900, 1000)
	r.compare("ingest", "p99 <500/s>", "ms", atMost(2), 30, 10)
	r.note("memory", "idle", "MB", atMost(25), 23.456)
	r.note("growth", "time for each", "ms", goal{}, 1)
	r.note("memory", "in flight", "MB", goal{}, 50)
	r.note("growth", "time for each", "ms", goal{}, 2)
	return r
}

func TestTheTableHasTheGoalsAndWhetherTheyAreMet(t *testing.T) {
	r := sample()
	want := strings.Join([]string{
		"| part | figure | trackerbell | reference | ratio | rounds | goal | |",
		"| --- | --- | --- | --- | --- | --- | --- | --- |",
		"| ingest | throughput, req/s | 900 | 1000 | 0.90 | 1 | ≥ 0.8 | met |",
		"| ingest | p99 <500/s>, ms | 30.0 | 10.0 | 3.00 | 1 | ≤ 2 | missed |",
		"| memory | idle, MB | 23.5 |  |  | 1 | ≤ 25.0 | met |",
		"| memory | in flight, MB | 50.0 |  |  | 1 |  |  |",
		"| growth | time for each, ms | 1.5 |  |  | 2 |  |  |",
		"",
	}, "\n")
	require.Empty(t, cmp.Diff(want, r.table()))
}

func TestThePlotHasABarForEachGoalAndIsWellFormed(t *testing.T) {
	r := sample()
	plot := r.plot()
	decoder := xml.NewDecoder(strings.NewReader(plot))
	bars := map[string]string{} // class to width
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "rect" {
			continue
		}
		attributes := map[string]string{}
		for _, a := range element.Attr {
			attributes[a.Name.Local] = a.Value
		}
		bars[attributes["class"]+attributes["y"]] = attributes["width"]
	}
	require.Equal(t, "97.8", bars["met44"], "0.8 of 0.9 of the way to the goal's line")
	require.Equal(t, "165.0", bars["missed68"], "1.5 times as far as the line")
	require.Contains(t, bars, "met92")
	require.NotContains(t, plot, "time for each", "it has no goal")
}

func TestNumbersHaveTheDigitsThatMatter(t *testing.T) {
	for want, x := range map[string]float64{"1235": 1234.56, "12.3": 12.34, "1.25": 1.25, "2": 2, "0.8": 0.8, "–": math.NaN()} {
		require.Equal(t, want, number(x))
	}
}
