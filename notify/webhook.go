package notify

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// CloudEventType is the type of the CloudEvents that a Webhook sends and that
// travel under alerts.>. Its data is an Alert.
const CloudEventType = "io.trackerbell.alert.v1"

// minHookKey is the shortest key that Standard Webhooks allows, in bytes.
const minHookKey = 24

// Webhook posts alerts to a receiver of one's own: CloudEvents 1.0 in structured
// mode, signed per Standard Webhooks (standardwebhooks.com). webhook-id is the
// alert's id and the same for each attempt, so a receiver can drop repetitions:
// delivery is at least once.
type Webhook struct {
	hook
	signer *standardwebhooks.Webhook
	now    func() time.Time
}

var _ Notifier = (*Webhook)(nil)

// NewWebhook checks its arguments and calls nobody. secret is whsec_ and base64.
func NewWebhook(address, secret string, client *http.Client) (*Webhook, error) {
	h, err := newHook(address, client)
	if err != nil {
		return nil, err
	}
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, errors.New("secret: must be whsec_ and base64")
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err != nil || len(key) < minHookKey {
		return nil, fmt.Errorf("secret: must hold at least %d bytes", minHookKey)
	}
	return &Webhook{hook: h, signer: signer, now: time.Now}, nil
}

// webhookEvent is the body (cloudevents.io, JSON event format).
type webhookEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            Alert     `json:"data"`
}

// Notify posts the alert once; the receipt is empty. Numbers are masked unless
// the alert shows them.
func (w *Webhook) Notify(ctx context.Context, a Alert) (Receipt, error) {
	if !a.ShowNumbers {
		a.Call, a.Trackers = a.Call.Masked(), MaskSpeakers(a.Trackers)
	}
	now := w.now().UTC()
	body, err := json.Marshal(webhookEvent{
		SpecVersion: "1.0", ID: a.ID, Source: "/trackerbell/" + a.Call.Source, Type: CloudEventType, Subject: a.Recording,
		Time: now, DataContentType: "application/json", Data: a,
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("encode the event: %w", err)
	}
	signature, err := w.signer.Sign(a.ID, now, body)
	if err != nil {
		return Receipt{}, errors.New("sign the event: it did not work")
	}
	header := http.Header{"Content-Type": {"application/cloudevents+json"}}
	header.Set(standardwebhooks.HeaderWebhookID, a.ID)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return Receipt{}, w.post(ctx, header, body, hookStatus)
}
