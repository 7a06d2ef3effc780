package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's scheme
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	plainKey  = "s3cret" // of the references
	twilioKey = "0123456789abcdef0123456789abcdef"
)

// load is what is sent to a webhook: recordings in the form of Twilio's
// RecordingStatusCallback (twilio.com/docs/voice/api/recording), each with an
// id of its own and signed in both Twilio's way and the references'.
type load struct {
	url         string
	media       string // prefix of the recordings' URLs
	lines       int    // each recording carries ?line= with one of so many
	connections int
	times       int           // how often each recording is sent; 0: once
	rate        float64       // requests a second; 0: the next as soon as one is answered
	duration    time.Duration // how long; 0: until count
	count       int           // how many; 0: until duration
}

// outcome is what became of a load. Latencies count from the moment at which
// a request was due, so that a stall shows in all that waited for it.
type outcome struct {
	sent      int
	took      time.Duration
	latencies []time.Duration
}

// send sends the load and fails on the first answer that is not 2xx.
func (l load) send(ctx context.Context) (outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	due := l.schedule(ctx, begin)
	var mu sync.Mutex
	var all outcome
	var senders sync.WaitGroup
	var number atomic.Int64
	for range l.connections {
		senders.Go(func() {
			latencies, err := l.connection(ctx, due, &number)
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all.latencies = append(all.latencies, latencies...)
		})
	}
	senders.Wait()
	all.took, all.sent = time.Since(begin), len(all.latencies)
	return all, context.Cause(ctx)
}

// schedule hands out the moments at which requests are due; without a rate
// that is when somebody takes them.
func (l load) schedule(ctx context.Context, begin time.Time) <-chan time.Time {
	capacity := 0
	if l.rate > 0 {
		capacity = 1 << 16
	}
	due := make(chan time.Time, capacity)
	go func() {
		defer close(due)
		for i := 0; l.count == 0 || i < l.count; i++ {
			at := time.Time{}
			if l.rate > 0 {
				at = begin.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
				sleepUntil(at)
			}
			if l.duration > 0 && time.Since(begin) >= l.duration {
				return
			}
			select {
			case due <- at:
			case <-ctx.Done():
				return
			}
		}
	}()
	return due
}

// sleepUntil blocks the thread: the runtime's timers are late by up to a
// millisecond on an idle machine, which is more than what is measured.
func sleepUntil(at time.Time) {
	if wait := time.Until(at); wait > 0 {
		spec := syscall.NsecToTimespec(int64(wait))
		_ = syscall.Nanosleep(&spec, nil) // a signal wakes it early, which is no harm
	}
}

// connection sends what is due on one connection.
func (l load) connection(ctx context.Context, due <-chan time.Time, number *atomic.Int64) ([]time.Duration, error) {
	target, err := url.Parse(l.url)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to be said on it
	reader := bufio.NewReader(conn)
	var latencies []time.Duration
	for at := range due {
		request := l.request(target, int(number.Add(1)))
		if at.IsZero() {
			at = time.Now()
		}
		for range max(1, l.times) {
			if err := exchange(conn, reader, request); err != nil {
				return latencies, err
			}
		}
		latencies = append(latencies, time.Since(at))
	}
	return latencies, nil
}

func exchange(conn net.Conn, reader *bufio.Reader, request []byte) error {
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("the webhook answered %s: %s", res.Status, body)
	}
	return err
}

// request is the bytes of the n-th signed request.
func (l load) request(target *url.URL, n int) []byte {
	address := l.url
	if l.lines > 0 {
		address += fmt.Sprintf("?line=%d", n%l.lines)
	}
	id := fmt.Sprintf("%016x%016x", rand.Uint64(), n) //nolint:gosec // it needs only to be new
	form := url.Values{
		"AccountSid": {"AC" + strings.Repeat("0", 32)}, "CallSid": {"CA" + id}, "RecordingSid": {"RE" + id},
		"RecordingUrl": {l.media + "RE" + id + ".wav"}, "RecordingStatus": {"completed"}, "RecordingDuration": {"187"},
		"RecordingChannels": {"1"}, "RecordingSource": {"RecordVerb"}, "RecordingTrack": {"both"},
		"RecordingStartTime": {"Mon, 23 Nov 2026 20:00:00 +0000"}, "ErrorCode": {"0"},
	}
	body := form.Encode()
	return fmt.Appendf(make([]byte, 0, 2048),
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nX-Twilio-Signature: %s\r\nX-Signature: %s\r\n\r\n%s",
		strings.TrimPrefix(address, "http://"+target.Host), target.Host, len(body), twilioSignature(address, form), plainSignature([]byte(body)), body)
}

// twilioSignature is the base64 HMAC-SHA1 of the URL and the sorted fields
// (twilio.com/docs/usage/security).
func twilioSignature(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(twilioKey))
	_, _ = io.WriteString(mac, address) // a hash takes everything
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_, _ = io.WriteString(mac, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func plainSignature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(plainKey))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
