package notify_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

const hookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// receiver takes what is posted to it, and has troubles.
type receiver struct {
	*httptest.Server
	end    chan struct{}
	refuse http.HandlerFunc // how it refuses

	mu      sync.Mutex
	trouble trouble
	hung    func() // is called when a delivery hangs
	bodies  []string
	headers []http.Header
}

func newReceiver(t *testing.T, refuse http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{end: make(chan struct{}), refuse: refuse}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		close(r.end)
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) cause(c trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = c
}

func (r *receiver) taken() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	c := r.trouble
	if c == "" || c == lost {
		r.bodies, r.headers = append(r.bodies, string(body)), append(r.headers, req.Header)
	}
	r.mu.Unlock()
	switch c {
	case throttled:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	case refused:
		r.refuse(w, req)
	case broken:
		http.Error(w, secretToken, http.StatusBadGateway)
	case lost:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case hanging:
		r.hung()
		select {
		case <-req.Context().Done():
		case <-r.end:
		}
	}
}

// hookSubject is a notifier that posts to a receiver.
func hookSubject(t *testing.T, refuse http.HandlerFunc, start func(address string, client *http.Client) (notify.Notifier, error)) subject {
	t.Helper()
	r := newReceiver(t, refuse)
	dead := &deadEnd{next: &http.Transport{}}
	t.Cleanup(dead.CloseIdleConnections)
	n, err := start(r.URL+"/services/"+secretToken, &http.Client{Transport: dead})
	require.NoError(t, err)
	return subject{
		notifier: n,
		secrets:  []string{secretToken, hookSecret, r.URL},
		knows:    []trouble{throttled, refused, unreachable, broken, lost, hanging},
		cause: func(c trouble) {
			r.cause(c)
			dead.set(c == unreachable)
		},
		hung: func(then func()) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.hung = then
		},
		delivered: r.taken,
	}
}

func slackHookSubject(t *testing.T) subject {
	t.Helper()
	refuse := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no_service", http.StatusNotFound) }
	return hookSubject(t, refuse, func(address string, client *http.Client) (notify.Notifier, error) {
		return notify.NewSlackHook(address, notify.SlackOptions{HTTPClient: client})
	})
}

func webhookSubject(t *testing.T) subject {
	t.Helper()
	refuse := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secretToken, http.StatusUnauthorized) }
	return hookSubject(t, refuse, func(address string, client *http.Client) (notify.Notifier, error) {
		return notify.NewWebhook(address, hookSecret, client)
	})
}

func TestAWebhookIsASignedCloudEventWithoutNumbers(t *testing.T) {
	r := newReceiver(t, nil)
	n, err := notify.NewWebhook(r.URL, hookSecret, nil)
	require.NoError(t, err)
	t.Cleanup(n.Close)
	a := loadAlert(t, "critical")
	for range 2 {
		_, err = n.Notify(t.Context(), a)
		require.NoError(t, err)
	}
	checker, err := standardwebhooks.NewWebhook(hookSecret)
	require.NoError(t, err)
	require.NoError(t, checker.Verify([]byte(r.bodies[0]), r.headers[0]))
	require.Error(t, checker.Verify([]byte(r.bodies[0]+" "), r.headers[0]))
	require.Equal(t, r.headers[0].Get("webhook-id"), r.headers[1].Get("webhook-id"), "a receiver can tell a repetition")
	require.Equal(t, "application/cloudevents+json", r.headers[0].Get("Content-Type"))

	var event struct {
		SpecVersion, ID, Source, Type, Subject string
		Time                                   time.Time
		Data                                   notify.Alert
	}
	require.NoError(t, json.Unmarshal([]byte(r.bodies[0]), &event))
	require.Equal(t, "1.0", event.SpecVersion)
	require.Equal(t, []string{a.ID, "/trackerbell/support", notify.CloudEventType, a.Recording}, []string{event.ID, event.Source, event.Type, event.Subject})
	require.Equal(t, a.Trackers, event.Data.Trackers)
	require.NotContains(t, r.bodies[0], "4155550137")
	a.Trackers[0].Quotes[0].Speaker, a.Call.Agent, a.Call.Labels = "+14155550188", "+14155550188", map[string]string{"line": "+14155550188"}
	_, err = n.Notify(t.Context(), a)
	require.NoError(t, err)
	require.NotContains(t, r.bodies[2], "4155550188", "nor where one stands for a name")
	a.ShowNumbers = true
	_, err = n.Notify(t.Context(), a)
	require.NoError(t, err)
	require.Contains(t, r.bodies[3], "4155550137")
	require.Contains(t, r.bodies[3], "4155550188", "the alert is its caller's")
}

func TestASlackIncomingWebhookGetsOneMessageThatSlackTakes(t *testing.T) {
	r := newReceiver(t, nil)
	n, err := notify.NewSlackHook(r.URL, notify.SlackOptions{ConsoleURL: "https://bell.example"})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	for _, name := range alertNames(t) {
		_, err := n.Notify(t.Context(), loadAlert(t, name))
		require.NoError(t, err)
	}
	require.Len(t, r.bodies, len(alertNames(t)), "no replies")
	for _, raw := range r.bodies {
		var body struct {
			Text        string
			Blocks      json.RawMessage
			Attachments json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(raw), &body))
		require.NoError(t, slacktest.CheckBlocks(body.Blocks))
		require.NotEmpty(t, body.Text)
		require.NotContains(t, raw, "trackerbell_useful", "nobody would be told of a pressed button")
		if body.Attachments != nil {
			require.NoError(t, slacktest.CheckAttachments(body.Attachments))
		}
	}
}

func TestHooksNeedAnAddressAndASecret(t *testing.T) {
	for _, address := range []string{"", "hooks.slack.com/x", "ftp://x", "https://"} {
		_, err := notify.NewSlackHook(address, notify.SlackOptions{})
		require.ErrorContains(t, err, "url: must be", address)
		_, err = notify.NewWebhook(address, hookSecret, nil)
		require.ErrorContains(t, err, "url: must be", address)
	}
	for _, secret := range []string{"", "whsec_", "whsec_MDEyMw==", "not base64!"} {
		_, err := notify.NewWebhook("https://x.example", secret, nil)
		require.ErrorContains(t, err, "secret: must", secret)
		require.NotContains(t, err.Error(), "MDEyMw")
	}
}
