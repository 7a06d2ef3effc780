package main

import (
	"embed"
	"fmt"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

// demoFiles are the sample trackers and calls, written for the demo.
//
//go:embed demo
var demoFiles embed.FS

// demoCall is a sample call and the alerts that must come of it: trackers by
// channel.
type demoCall struct {
	id     string
	from   string
	agent  string
	expect map[string][]string
}

func demoCalls() []demoCall {
	return []demoCall{
		{"winter-sale", "+14155550137", "Anna", map[string][]string{"#promotions": {"Promotion Mention"}}},
		{"leaving", "+442079460018", "Ben", map[string][]string{
			"#promotions": {"Promotion Mention"}, "#retention": {"Cancellation", "Competitor"},
		}},
		{"month-special", "+493023125044", "Carla", map[string][]string{"#promotions": {"Promotion Mention"}}},
		{"moving-house", "+33199005581", "Dev", nil},
	}
}

// demoRoutes send promotions to one channel and what may cost a customer to
// another.
func demoRoutes() []config.Route {
	return []config.Route{
		{Match: config.Match{Trackers: []string{"Promotion Mention"}}, Channel: "#promotions"},
		{Match: config.Match{Trackers: []string{"Cancellation", "Competitor"}}, Channel: "#retention"},
	}
}

// outline reads the call's transcript.
func (c demoCall) outline() (source.Outline, error) {
	raw, err := demoFiles.ReadFile("demo/calls/" + c.id + ".json")
	if err != nil {
		return source.Outline{}, fmt.Errorf("read sample call: %w", err)
	}
	said, err := source.ParseTranscript(raw)
	if err != nil {
		return source.Outline{}, fmt.Errorf("read sample call %s: %w", c.id, err)
	}
	return source.Outline{
		ID: c.id, Transcript: said, From: c.from, To: "+18005550199", Direction: "inbound", Agent: c.agent,
		Seconds: said[len(said)-1].End,
	}, nil
}
