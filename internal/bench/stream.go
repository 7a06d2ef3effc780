package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	streamBytes = 2 << 30
	streamWatch = 100 * time.Millisecond
	// The only recording, and the path of its bytes at the stand-in.
	streamID   = "RE00000000000000000000000000000001"
	streamPath = "/large/" + streamID + ".wav"

	aircallKey = "0123456789abcdef"
)

// stream measures what a recording of 2 GiB takes in memory that is streamed from
// its URL to Symbl. It comes from Aircall, whose URLs expire, so that Symbl is
// given the bytes.
func stream(ctx context.Context, l *lab) error {
	for range l.rounds {
		if err := l.streamRound(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) streamRound(ctx context.Context) error {
	l.upstream.reset(plan{})
	n, err := l.startNATS(ctx)
	if err != nil {
		return err
	}
	defer n.stop()
	s, err := l.serve(ctx, setup{nats: n.url, expiring: true})
	if err != nil {
		return err
	}
	defer s.stop()
	if err := pause(ctx, idleTime); err != nil {
		return err
	}
	idle, err := s.memory()
	if err != nil {
		return err
	}
	begin := time.Now()
	watched := s.watch(ctx, streamWatch, s.resident)
	err = l.sendLarge(ctx, s)
	took := time.Since(begin)
	samples, err2 := watched()
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if err := l.settle(ctx, s.process, n.undone); err != nil {
		return err
	}
	if got := l.upstream.look().bytes; got != streamBytes {
		return fmt.Errorf("of %d bytes Symbl got %d", streamBytes, got)
	}
	most := idle
	for _, v := range samples {
		most = max(most, v.memory)
	}
	l.results.note("stream", "2 GiB from their URL to Symbl, memory above idle", "MB", atMost(20), most-idle)
	l.results.note("stream", "time to its alert", "s", goal{}, took.Seconds())
	return nil
}

// sendLarge sends the webhook and waits for the alert.
func (l *lab) sendLarge(ctx context.Context, s *service) error {
	body := fmt.Appendf(nil, `{"event":"call.ended","token":%q,"data":{"id":%q,"direction":"inbound","duration":11184,"recording":%q}}`, aircallKey, streamID, l.upstream.url+streamPath)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.webhook+"-expiring", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: startTime}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the webhook answered %s: %s", res.Status, text)
	}
	return s.until(ctx, pipelineLimit, func() bool { _, posted, _ := l.upstream.counts(); return posted > 0 })
}

// serveLarge sends a recording of 2 GiB of silence, without holding it.
func (s *standIn) serveLarge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Length", fmt.Sprint(streamBytes))
	piece := make([]byte, 256<<10)
	copy(piece, "RIFF\x24\x00\x00\x00WAVEfmt ")
	for left := streamBytes; left > 0; left -= len(piece) {
		if _, err := w.Write(piece); err != nil {
			return // the caller wanted the first bytes only
		}
		clear(piece[:16])
	}
}

// submitFile takes a recording's bytes and counts them.
func (s *standIn) submitFile(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // the caller is gone, and the recording with it
	}
	query := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += n
	s.take(w, s.recordingIn([]byte(query.Get("name"))), query.Get("webhookUrl"))
}
