package notify

import "time"

// SampleAlert is an alert with everything that one can have, for trying
// templates and for the documentation. Its numbers are fictitious.
func SampleAlert() Alert {
	return Alert{
		ID: "sample", Recording: "support.RE0000000000", Destination: "#promotions",
		Link: "https://calls.example/recordings/RE0000000000",
		Call: Call{
			Source: "support", Direction: "inbound", From: "+14155550137", To: "+18005550100", Agent: "Nina Berg",
			StartedAt: time.Date(2026, 3, 9, 14, 5, 0, 0, time.UTC), Seconds: 247, Labels: map[string]string{"team": "support"},
		},
		Trackers: []Tracker{
			{Name: "Promotion Mention", Quotes: []Quote{
				{Text: "We have a sale right now on all winter tyres.", Speaker: "Nina Berg", Role: "agent", At: 13.4, Phrase: "sale right now", Offset: 10},
				{Text: "So the special runs until the end of the month?", Speaker: "Customer", Role: "customer", At: 92,
					Phrase: "special offer this month", Offset: -1, Words: []string{"special", "month"}, Score: 0.78},
			}},
			{Name: "Recording Disclosure", Absent: "in the first 1m"},
		},
	}
}
