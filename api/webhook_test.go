package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

func TestEveryAnswerToAWebhook(t *testing.T) {
	refuse := func(err error) func(*public) {
		return func(p *public) {
			p.provider.normalise = func(source.Request) (source.Delivery, error) { return source.Delivery{}, err }
		}
	}
	deliver := func(d source.Delivery) func(*public) {
		return func(p *public) {
			p.provider.normalise = func(source.Request) (source.Delivery, error) { return d, nil }
		}
	}
	accept := func(duplicate bool, err error) func(*public) {
		return func(p *public) {
			p.intake.accept = func(context.Context, events.Recording) (bool, error) { return duplicate, err }
		}
	}
	verify := func(err error) func(*public) {
		return func(p *public) { p.provider.verify = func(source.Request) error { return err } }
	}
	cases := []struct {
		name   string
		set    func(*public)
		status int
		body   string
		result string
	}{
		{"a new recording is 202", accept(false, nil), 202, `{"recording":"calls.RE1","duplicate":false}`, "accepted"},
		{"a known recording is 202", accept(true, nil), 202, `{"recording":"calls.RE1","duplicate":true}`, "duplicate"},
		{"no finished recording is 200", deliver(source.Delivery{Ignored: "status in-progress"}), 200,
			`{"ignored":"status in-progress"}`, "ignored"},
		{"a bad signature is 401", verify(source.ErrSignature), 401, `{"title":"Unauthorized","status":401}`, "unauthorized"},
		{"whatever else Verify says is 401", verify(errors.New("boom")), 401, `{"title":"Unauthorized","status":401}`, "unauthorized"},
		{"a body that does not parse is 400", refuse(&source.PayloadError{Status: 400, Reason: "is not JSON"}), 400,
			`{"title":"Bad Request","status":400,"detail":"is not JSON"}`, "malformed"},
		{"a foreign content type is 415", refuse(&source.PayloadError{Status: 415, Reason: "must be JSON"}), 415,
			`{"title":"Unsupported Media Type","status":415,"detail":"must be JSON"}`, "malformed"},
		{"a missing field is 422 and named", refuse(&source.PayloadError{Status: 422, Field: "recordingUrl", Reason: "is required"}), 422,
			`{"title":"Unprocessable Entity","status":422,"detail":"is required","field":"recordingUrl"}`, "unprocessable"},
		{"a provider cannot invent statuses", refuse(&source.PayloadError{Status: 200, Reason: "odd"}), 422,
			`{"title":"Unprocessable Entity","status":422,"detail":"odd"}`, "unprocessable"},
		{"an unforeseen error is 500 and kept", refuse(errors.New("secret")), 500,
			`{"title":"Internal Server Error","status":500}`, "unavailable"},
		{"a store that is away is 503", accept(false, fmt.Errorf("%w: publish: no responders", events.ErrUnavailable)), 503,
			`{"title":"Service Unavailable","status":503,"detail":"nothing can be stored now; try again"}`, "unavailable"},
		{"an unforeseen store error is 503", accept(false, errors.New("odd")), 503,
			`{"title":"Service Unavailable","status":503,"detail":"nothing can be stored now; try again"}`, "unavailable"},
		{"a recording too large to store is 413", accept(false, events.ErrTooLarge), 413,
			`{"title":"Request Entity Too Large","status":413,"detail":"the recording is too large to store"}`, "too_large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPublic(t)
			c.set(p)
			w := post(p, "/webhooks/calls", "{}")
			require.Equal(t, c.status, w.Code)
			require.JSONEq(t, c.body, w.Body.String())
			if c.status >= 400 {
				requireProblem(t, w, c.body)
			}
			require.Equal(t, c.status == 503, w.Header().Get("Retry-After") == "5")
			want := fmt.Sprintf("trackerbell_webhooks_total{result=%q,source=%q} 1", c.result, "calls")
			require.Contains(t, metricsText(t, p), want)
		})
	}
}

func TestRecordingIsCompletedBeforeItIsAccepted(t *testing.T) {
	p := newPublic(t, func(_ *api.PublicConfig, s *config.Source) {
		s.Labels = map[string]string{"team": "support"}
		s.LabelsFromQuery = []string{"agent", "team", "absent"}
	})
	p.provider.normalise = func(source.Request) (source.Delivery, error) {
		return source.Delivery{Recordings: []events.Recording{{
			ID: "a/b", From: "+14155550137", Labels: map[string]string{"team": "x", "agent": "y", "own": "z"},
		}}}, nil
	}
	var got events.Recording
	p.intake.accept = func(ctx context.Context, r events.Recording) (bool, error) {
		_, limited := ctx.Deadline()
		require.True(t, limited, "a webhook must not wait for ever")
		got = r
		return false, nil
	}
	require.Equal(t, 202, post(p, "/webhooks/calls?agent=Ann&team=sales", "{}").Code)
	require.WithinDuration(t, time.Now(), got.ReceivedAt, time.Minute)
	require.Equal(t, time.UTC, got.ReceivedAt.Location())
	require.Empty(t, cmp.Diff(events.Recording{
		Key: events.Key("calls", "a/b"), Source: "calls", Provider: "generic", ID: "a/b", From: "+14155550137",
		Labels: map[string]string{"team": "support", "agent": "Ann", "own": "z"},
	}, got, cmpopts.IgnoreFields(events.Recording{}, "ReceivedAt")))
}

func TestEventWithSeveralRecordingsListsThem(t *testing.T) {
	p := newPublic(t)
	p.provider.normalise = func(source.Request) (source.Delivery, error) {
		return source.Delivery{Recordings: []events.Recording{{ID: "1"}, {ID: "2"}}}, nil
	}
	down := false
	p.intake.accept = func(_ context.Context, r events.Recording) (bool, error) {
		if down && r.ID == "2" {
			return false, events.ErrUnavailable
		}
		return r.ID == "1", nil
	}
	w := post(p, "/webhooks/calls", "{}")
	require.Equal(t, 202, w.Code)
	require.JSONEq(t, `{"recordings":[{"recording":"calls.1","duplicate":true},{"recording":"calls.2","duplicate":false}]}`, w.Body.String())

	down = true
	require.Equal(t, 503, post(p, "/webhooks/calls", "{}").Code, "one that is not stored makes the sender try all again")
}

func TestRecordingThatCannotBeUsedDoesNotKeepTheOthersOut(t *testing.T) {
	p := newPublic(t)
	p.provider.normalise = func(source.Request) (source.Delivery, error) {
		lacks := &source.PayloadError{Status: 422, Field: "recordings[1].id", Reason: "is required"}
		return source.Delivery{Recordings: []events.Recording{{ID: "1"}}, Unusable: lacks}, nil
	}
	w := post(p, "/webhooks/calls", "{}")
	require.Equal(t, 202, w.Code)
	require.JSONEq(t, `{"recording":"calls.1","duplicate":false}`, w.Body.String())
	told := p.logs.FilterMessageSnippet("cannot be used").All()
	require.Len(t, told, 1)
	require.Contains(t, told[0].ContextMap()["error"], "recordings[1].id")
}

func TestProviderSeesTheRequestAsItCame(t *testing.T) {
	p := newPublic(t, func(c *api.PublicConfig, _ *config.Source) { c.PublicURL = "https://calls.example.com" })
	body := "a=%20b&a=\x00\xff"
	seen := 0
	look := func(r source.Request) {
		seen++
		require.Equal(t, body, string(r.Body))
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "sig", r.Header.Get("X-Twilio-Signature"))
		require.Equal(t, "https://calls.example.com/webhooks/calls?x=1&y=%41", r.URL.String())
	}
	p.provider.verify = func(r source.Request) error { look(r); return nil }
	p.provider.normalise = func(r source.Request) (source.Delivery, error) { look(r); return source.Delivery{}, nil }
	r := httptest.NewRequest(http.MethodPost, "/webhooks/calls?x=1&y=%41", strings.NewReader(body))
	r.Header.Set("X-Twilio-Signature", "sig")
	require.Equal(t, 200, do(p, r).Code)
	require.Equal(t, 2, seen)
}

func TestNothingIsReadBeforeTheSignatureVerifies(t *testing.T) {
	p := newPublic(t)
	p.provider.verify = func(source.Request) error { return source.ErrSignature }
	p.provider.normalise = func(source.Request) (source.Delivery, error) {
		t.Error("an unverified body was read")
		return source.Delivery{}, nil
	}
	require.Equal(t, 401, post(p, "/webhooks/calls", "{}").Code)
}

func TestBodyUpToTheLimitIsTaken(t *testing.T) {
	unknown := func(n int) io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", n))) } // no Content-Length
	cases := []struct {
		name   string
		body   io.Reader
		status int
	}{
		{"at the limit", strings.NewReader(strings.Repeat("x", maxBody)), 202},
		{"one byte more, announced", strings.NewReader(strings.Repeat("x", maxBody+1)), 413},
		{"at the limit, chunked", unknown(maxBody), 202},
		{"one byte more, chunked", unknown(maxBody + 1), 413},
		{"cut off", io.MultiReader(strings.NewReader("x"), failing{io.ErrUnexpectedEOF}), 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPublic(t)
			w := do(p, httptest.NewRequest(http.MethodPost, "/webhooks/calls", c.body))
			require.Equal(t, c.status, w.Code)
			if c.status == 413 {
				requireProblem(t, w, `{"title":"Request Entity Too Large","status":413,"detail":"the body is larger than this listener takes"}`)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestOfConcurrentDeliveriesExactlyOneIsNew(t *testing.T) {
	p := newPublic(t)
	var mu sync.Mutex
	stored := map[string]bool{}
	p.intake.accept = func(_ context.Context, r events.Recording) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		known := stored[r.Key]
		stored[r.Key] = true
		return known, nil
	}
	const deliveries = 64
	answers := make(chan string, deliveries)
	var wg sync.WaitGroup
	for range deliveries {
		wg.Go(func() { answers <- strings.TrimSpace(post(p, "/webhooks/calls", "{}").Body.String()) })
	}
	wg.Wait()
	close(answers)
	count := map[string]int{}
	for a := range answers {
		count[a]++
	}
	require.Equal(t, map[string]int{
		`{"recording":"calls.RE1","duplicate":false}`: 1,
		`{"recording":"calls.RE1","duplicate":true}`:  deliveries - 1,
	}, count)
	require.Contains(t, metricsText(t, p), wantWebhooks(1, deliveries-1))
}
