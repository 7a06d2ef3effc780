package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	eventbridgeName = "eventbridge"
	headerAPIKey    = "X-Api-Key"
	topicPrefix     = "arn:aws"
)

// eventbridge is what Amazon EventBridge sends to an API destination, with a
// bearer, and what Amazon SNS sends to an HTTPS subscription, signed: objects
// in S3, such as recordings of Amazon Connect, with a presigned URL that a rule
// of the customer's added (docs.aws.amazon.com, "API destinations" and
// "Verifying the signatures of Amazon SNS messages").
type eventbridge struct {
	bearers []string
	topics  []string // ARNs of SNS topics whose signed messages are believed
}

var (
	_ Provider  = (*eventbridge)(nil)
	_ Locator   = (*eventbridge)(nil)
	_ Certified = (*eventbridge)(nil)
)

// newEventBridge takes bearers; a secret that is the ARN of an SNS topic says
// instead that this topic's messages are believed. Anybody has topics, so
// Amazon's signature alone says nothing.
func newEventBridge(s setup) (Provider, error) {
	if s.credentials != (config.Credentials{}) {
		return nil, errors.New("credentials: the eventbridge provider sends none; put a presigned URL into the event")
	}
	e := &eventbridge{}
	for _, secret := range s.secrets {
		switch {
		case isTopic(secret.value):
			e.topics = append(e.topics, secret.value)
		case strings.HasPrefix(secret.value, topicPrefix):
			return nil, fmt.Errorf("%s: is no ARN of an SNS topic", secret.key)
		case len(secret.value) < minSecretBytes:
			return nil, fmt.Errorf("%s: must have at least %d bytes: it is the bearer of the API destination, or the ARN of an SNS topic", secret.key, minSecretBytes)
		default:
			e.bearers = append(e.bearers, secret.value)
		}
	}
	return e, nil
}

func isTopic(arn string) bool {
	return regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$`).MatchString(arn)
}

// Verify checks the bearer, or the signature of SNS.
func (e *eventbridge) Verify(r Request) error {
	if r.Header.Get(headerSNSType) != "" {
		return e.verifySNS(r)
	}
	given := r.Header.Get(headerAPIKey)
	if scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "bearer") {
		given = strings.TrimSpace(token)
	}
	if given != "" && slices.ContainsFunc(e.bearers, func(b string) bool { return equal(given, b) }) {
		return nil
	}
	return fmt.Errorf("%w: the bearer is no secret of the source", ErrSignature)
}

// Authorisation is none: the URLs are presigned.
func (e *eventbridge) Authorisation(*url.URL) string { return "" }

// Locate gives the event's URL. The recording is private, since Symbl may be
// slower than the URL lasts.
func (e *eventbridge) Locate(_ context.Context, r events.Recording, _ bool, _ Client) (events.Media, error) {
	return events.Media{URL: r.MediaURL, Private: true}, nil
}

// Normalise reads an event, bare or as the message of an SNS notification.
func (e *eventbridge) Normalise(r Request) (Delivery, error) {
	body := r.Body
	if r.Header.Get(headerSNSType) != "" {
		m, err := decodeJSON[snsMessage](r.Body, "")
		if err != nil {
			return Delivery{}, err
		}
		if m.Type != snsNotification {
			return e.shake(m)
		}
		body = []byte(m.Message)
	} else if contentType(r.Header) != contentTypeJSON {
		return Delivery{}, unsupported(contentTypeJSON)
	}
	ev, err := decodeJSON[awsEvent](body, "")
	switch {
	case err != nil:
		return Delivery{}, err
	case ev.TestEvent == "s3:TestEvent":
		return ignored("a test event of S3")
	case ev.DetailType != "" && strings.HasPrefix(string(ev.DetailType), "Object ") && ev.DetailType != "Object Created":
		return ignored("the object was not created")
	case ev.Detail == nil:
		return fromCall(body, "")
	}
	detail, err := decodeJSON[awsDetail](ev.Detail, "detail")
	if err != nil {
		return Delivery{}, err
	}
	if detail.Object.is.Key == "" && detail.Bucket.is.Name == "" {
		return fromCall(ev.Detail, "detail")
	}
	if strings.HasSuffix(string(detail.Object.is.Key), ".json") {
		return ignored("the object is not a recording") // Connect's own analysis
	}
	rec, err := detail.recording(ev)
	return one(rec, 0), err
}

// fromCall reads the generic provider's JSON, which a rule may send as well.
func fromCall(raw []byte, at string) (Delivery, error) {
	call, err := decodeJSON[genericCall](raw, at)
	if err != nil {
		return Delivery{}, err
	}
	rec, err := call.recording()
	rec.Provider = eventbridgeName
	var refused *PayloadError
	if errors.As(err, &refused) {
		refused.Field = join(at, refused.Field)
	}
	return one(rec, 0), err
}

type awsEvent struct {
	DetailType scalar          `json:"detail-type"`
	TestEvent  scalar          `json:"Event"`
	Time       scalar          `json:"time"`
	Detail     json.RawMessage `json:"detail"`
	awsLink
}

// awsLink is the presigned URL, by the names that rules may give it.
type awsLink struct {
	RecordingURL scalar `json:"recordingUrl"`
	PresignedURL scalar `json:"presignedUrl"`
	URL          scalar `json:"url"`
}

func (l awsLink) link() scalar { return firstOf(l.RecordingURL, l.PresignedURL, l.URL) }

type awsDetail struct {
	Bucket maybe[struct {
		Name scalar `json:"name"`
	}] `json:"bucket"`
	Object maybe[struct {
		Key  scalar `json:"key"`
		ETag scalar `json:"etag"`
		awsLink
	}] `json:"object"`
	From      scalar `json:"from"`
	To        scalar `json:"to"`
	Direction scalar `json:"direction"`
	Agent     scalar `json:"agent"`
	StartedAt scalar `json:"startedAt"`
	Seconds   scalar `json:"durationSeconds"`
	awsLink
}

// recording is that of an object. The same object written again, with another
// etag, is another recording.
func (d awsDetail) recording(ev awsEvent) (events.Recording, error) {
	bucket, object := d.Bucket.is.Name, d.Object.is
	rec := events.Recording{
		Provider: eventbridgeName, From: d.From.phone(), To: d.To.phone(), Direction: d.Direction.direction(),
		Agent: d.Agent.text(), StartedAt: d.StartedAt.time(), Seconds: d.Seconds.seconds(1),
		MediaURL: string(firstOf(d.link(), object.link(), ev.link())),
		Labels:   labelled("contactId", contactID(string(object.Key))),
	}
	switch {
	case bucket == "":
		return rec, unusable("detail.bucket.name", "is required")
	case object.Key == "":
		return rec, unusable("detail.object.key", "is required")
	}
	rec.ID = string(bucket) + "/" + string(object.Key)
	if object.ETag != "" {
		rec.ID += "#" + string(object.ETag)
	}
	if err := checkID("detail.object.key", rec.ID); err != nil {
		return rec, err
	}
	return rec, checkMediaURL("detail.recordingUrl", rec.MediaURL)
}

// contactID is Amazon Connect's, which its objects' names begin with.
func contactID(key string) string {
	name := key[strings.LastIndex(key, "/")+1:]
	return short(regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(name), maxNameBytes)
}

// Compose makes an event whose detail is the generic JSON, with the newest
// bearer.
func (e *eventbridge) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.check(); err != nil {
		return Request{}, err
	}
	detail, err := encode(o)
	if err != nil {
		return Request{}, fmt.Errorf("encode webhook: %w", err)
	}
	r, err := composeJSON(u, now, map[string]any{
		"version": "0", "id": "trackerbell", "detail-type": "Recording Ready", "source": "trackerbell.send",
		"time": now.UTC().Format(time.RFC3339), "detail": json.RawMessage(detail),
	})
	switch {
	case err != nil:
		return r, err
	case len(e.bearers) > 0:
		r.Header = http.Header{"Content-Type": {contentTypeJSON}, "Authorization": {"Bearer " + e.bearers[len(e.bearers)-1]}}
	case len(e.topics) > 0:
		return Request{}, errors.New("only Amazon can sign for a topic; to test, add a bearer to the source's secrets")
	}
	return r, nil
}
