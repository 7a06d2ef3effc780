package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/trackerbell/trackerbell/config"
)

// clockTolerance is how far the clock may be off. Signatures are refused from
// five minutes on, by providers and by Slack.
const clockTolerance = time.Minute

// checkClock compares the clock with those of Slack and Symbl, as the Date
// header of any of their answers tells it, to the second.
func checkClock(ctx context.Context, cfg *config.Config) (string, error) {
	var others []string
	if cfg.Slack.Token != "" {
		others = append(others, cfg.Slack.APIURL)
	}
	if cfg.Symbl.BaseURL != "" {
		others = append(others, cfg.Symbl.BaseURL)
	}
	for _, address := range others {
		theirs, took, err := dateOf(ctx, address)
		if err != nil {
			continue // that it cannot be reached is said elsewhere
		}
		off := time.Until(theirs).Abs()
		if off > clockTolerance+took {
			return "", fmt.Errorf("it is %s off that of %s, and signatures will be refused: set it by NTP", off.Round(time.Second), address)
		}
		return fmt.Sprintf("within %s of that of %s", max(off.Round(time.Second), time.Second), address), nil
	}
	return "nothing to compare it with", nil
}

// dateOf asks a server for the time, and tells how long that took.
func dateOf(ctx context.Context, address string) (at time.Time, took time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return at, 0, err
	}
	begun := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return at, 0, err
	}
	_ = resp.Body.Close() // a HEAD has none
	at, err = http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return at, 0, errors.New("it does not tell the time")
	}
	return at, time.Since(begun), nil
}
