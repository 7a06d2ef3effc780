package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// check tells what an outline lacks.
func (o Outline) check() error {
	switch {
	case o.ID == "":
		return errors.New("the call needs an id")
	case (o.RecordingURL == "") == (len(o.Transcript) == 0):
		return errors.New("the call needs either a recording URL or a transcript")
	}
	return nil
}

// recordingOnly is check for a provider that sends no transcripts.
func (o Outline) recordingOnly() error {
	if len(o.Transcript) > 0 {
		return errOnlyRecordings
	}
	return o.check()
}

// composeJSON is an unsigned webhook with a JSON body.
func composeJSON(u *url.URL, now time.Time, body any) (Request, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Request{}, fmt.Errorf("encode webhook: %w", err)
	}
	header := http.Header{"Content-Type": {contentTypeJSON}}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: raw, ReceivedAt: now}, nil
}
