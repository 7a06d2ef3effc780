package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

const slackSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// opinions records what it is told.
type opinions struct {
	got []string
	err error
}

func (o *opinions) GiveFeedback(_ context.Context, key, alertID string, f notify.Feedback) error {
	o.got = append(o.got, fmt.Sprint(key, " ", alertID, " ", f.User, " ", f.Name, " ", f.Useful))
	return o.err
}

var _ api.Opinions = (*events.Service)(nil)

func interactive(t *testing.T, secret string) (http.Handler, *opinions) {
	t.Helper()
	o := &opinions{}
	h, err := api.NewPublic(api.PublicConfig{MaxBody: 1 << 20, MaxMedia: 1 << 20, SigningSecret: secret},
		api.PublicDeps{Intake: &intake{}, Opinions: o, Registry: prometheus.NewRegistry(), Log: zap.NewNop()})
	require.NoError(t, err)
	return h, o
}

// press is a request as Slack makes it.
func press(payload, secret string, at time.Time) *http.Request {
	body := url.Values{"payload": {payload}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/slack/interactions", strings.NewReader(body))
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

func pressed(action, value string) string {
	return fmt.Sprintf(`{"type":"block_actions","user":{"id":"U0123456789","username":"ann","name":"ann.b","team_id":"T1"},`+
		`"channel":{"id":"C1"},"message":{"ts":"1.2"},"actions":[{"type":"button","block_id":"b","action_id":%q,"value":%q,"action_ts":"1"}]}`, action, value)
}

func TestAPressedButtonIsAnOpinion(t *testing.T) {
	for action, want := range map[string][]string{
		notify.ActionUseful:          {"calls.RE1 a1 U0123456789 ann.b true"},
		notify.ActionFalseAlarm:      {"calls.RE1 a1 U0123456789 ann.b false"},
		"trackerbell_open_recording": nil,
		"somebody_elses_action":      nil,
		notify.ActionUseful + "_not": nil,
	} {
		h, o := interactive(t, slackSecret)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, press(pressed(action, "a1 calls.RE1"), slackSecret, time.Now()))
		require.Equal(t, http.StatusOK, w.Code)
		require.Empty(t, w.Body.String())
		require.Equal(t, want, o.got, action)
	}
}

func TestOnlySlackMayPressAButton(t *testing.T) {
	good := pressed(notify.ActionUseful, "a1 calls.RE1")
	for name, r := range map[string]*http.Request{
		"another secret": press(good, "another", time.Now()),
		"too old":        press(good, slackSecret, time.Now().Add(-6*time.Minute)),
		"from tomorrow":  press(good, slackSecret, time.Now().Add(6*time.Minute)),
		"no signature":   httptest.NewRequest(http.MethodPost, "/slack/interactions", strings.NewReader("payload="+url.QueryEscape(good))),
	} {
		t.Run(name, func(t *testing.T) {
			h, o := interactive(t, slackSecret)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.Empty(t, o.got)
		})
	}
	changed := press(good, slackSecret, time.Now())
	changed.Body = http.NoBody
	h, o := interactive(t, slackSecret)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, changed)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Empty(t, o.got)

	h, _ = interactive(t, "")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, press(good, "", time.Now()))
	require.Equal(t, http.StatusNotFound, w.Code, "without a secret nobody can be trusted")
}

func TestInteractionsThatSayNothing(t *testing.T) {
	for payload, status := range map[string]int{
		`{"type":"view_submission"}`: 200, `{"type":"block_actions","user":{"id":"U1"},"actions":[]}`: 200,
		pressed(notify.ActionUseful, "a1"): 200, "": 400, "x": 400, "[]": 400,
		`{"type":"block_actions","actions":[{"action_id":"trackerbell_useful","value":"a b"}]}`: 422,
	} {
		h, o := interactive(t, slackSecret)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, press(payload, slackSecret, time.Now()))
		require.Equal(t, status, w.Code, payload)
		require.Empty(t, o.got)
	}
}

func TestAnOpinionThatCannotBeKeptIsToldToSlack(t *testing.T) {
	for err, status := range map[error]int{events.ErrNotFound: 200, events.ErrUnavailable: 503, errors.New("x"): 500} {
		h, o := interactive(t, slackSecret)
		o.err = err
		w := httptest.NewRecorder()
		h.ServeHTTP(w, press(pressed(notify.ActionUseful, "a1 calls.RE1"), slackSecret, time.Now()))
		require.Equal(t, status, w.Code)
	}
}

func FuzzInteractions(f *testing.F) {
	f.Add(pressed(notify.ActionUseful, "a1 calls.RE1"))
	f.Add(`{"type":"block_actions","user":null,"actions":[null]}`)
	f.Fuzz(func(t *testing.T, payload string) {
		h, _ := interactive(t, slackSecret)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, press(payload, slackSecret, time.Now()))
		require.Contains(t, []int{200, 400, 422}, w.Code)
	})
}

func TestOnlyAnOperatorHasARecordingForgotten(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	got := ""
	a.store.forget = func(key string) (events.Forgotten, error) {
		got = key
		return events.Forgotten{Messages: 2, Events: 4, Left: []string{}}, nil
	}
	require.Equal(t, http.StatusForbidden, do(a, request(http.MethodDelete, "/api/recordings/calls.RE1", "view")).Code)
	require.Empty(t, got)
	require.JSONEq(t, `{"messages":2,"events":4,"left":[]}`, do(a, request(http.MethodDelete, "/api/recordings/calls.RE1", "op")).Body.String())
	a.store.forget = func(string) (events.Forgotten, error) {
		return events.Forgotten{Left: []string{}, UnderWay: true}, nil
	}
	w := do(a, request(http.MethodDelete, "/api/recordings/calls.RE1", "op"))
	require.Equal(t, http.StatusAccepted, w.Code)
	require.JSONEq(t, `{"messages":0,"events":0,"left":[],"underWay":true}`, w.Body.String())
	require.Equal(t, "calls.RE1", got)
	a.store.forget = func(string) (events.Forgotten, error) { return events.Forgotten{}, events.ErrNotFound }
	require.Equal(t, http.StatusNotFound, do(a, request(http.MethodDelete, "/api/recordings/calls.RE1", "op")).Code)
}

func TestFeedbackIsCountedByPhrase(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	require.JSONEq(t, `{"phrases":[]}`, get(a, "/api/feedback").Body.String())
	a.store.feedback = func() ([]events.PhraseFeedback, error) {
		return []events.PhraseFeedback{{Tracker: "Sale", Phrase: "sale", Useful: 1, FalseAlarms: 2}}, nil
	}
	require.JSONEq(t, `{"phrases":[{"tracker":"Sale","phrase":"sale","useful":1,"falseAlarms":2}]}`, get(a, "/api/feedback").Body.String())
}
