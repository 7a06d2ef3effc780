package symbl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// Kind is what a recording is.
type Kind string

// The kinds of recordings. Symbl takes video as MP4 only.
const (
	Audio Kind = "audio" // also what "" means
	Video Kind = "video"
)

// Options are the parameters that all submissions share (docs.symbl.ai, Async
// API). The zero value is valid.
type Options struct {
	Name       string // of the conversation; FindConversation finds it again
	WebhookURL string // Symbl POSTs every status change there, unsigned: make it unguessable
	// EnableAllTrackers applies every tracker of the account. Without it and
	// without TrackerIDs, generation 1 tracks nothing.
	EnableAllTrackers bool
	TrackerIDs        []string
	LanguageCode      string // BCP-47; the server's default is en-US
	// SeparateChannels takes each channel of a recording for one speaker;
	// ChannelMetadata, which is only sent with it, names them. Neither is sent
	// with text.
	SeparateChannels bool
	ChannelMetadata  []Channel
	// IdempotencyKey lets a server that knows the header recognise a repeated
	// submission. Hosted Symbl does not know it.
	IdempotencyKey string
}

// Channel names the speaker of one channel, counted from 1.
type Channel struct {
	Channel int    `json:"channel"`
	Speaker Person `json:"speaker"`
}

// TextRequest is a transcript to submit.
type TextRequest struct {
	Options
	Messages []TextMessage
}

// URLRequest is a recording that Symbl downloads itself, without following
// redirects.
type URLRequest struct {
	Options
	Kind Kind
	URL  string
}

// FileRequest is a recording whose bytes are sent.
type FileRequest struct {
	Options
	Kind Kind
	Size int64 // bytes; 0 when unknown
	// ContentType is only passed on if it is one that Symbl documents
	// (audio/wav, mpeg, mp3, wave; video/mp4 for video); the server detects
	// the others.
	ContentType string
}

// SubmitText makes POST /v1/process/text.
func (c *Client) SubmitText(ctx context.Context, req TextRequest) (Job, error) {
	body := submission{Messages: req.Messages, parameters: req.parameters()}
	return c.submitJSON(ctx, "submit text", "/v1/process/text", body, &req.Options)
}

// SubmitURL makes POST /v1/process/audio/url or /v1/process/video/url.
func (c *Client) SubmitURL(ctx context.Context, req URLRequest) (Job, error) {
	const op = "submit URL"
	path, err := processPath(op, req.Kind)
	if err != nil {
		return Job{}, err
	}
	if req.URL == "" {
		return Job{}, invalid(op, "the URL is empty")
	}
	body := submission{URL: req.URL, parameters: req.parameters(), channels: req.channels()}
	return c.submitJSON(ctx, op, path+"/url", body, &req.Options, req.URL)
}

// SubmitFile makes POST /v1/process/audio or /v1/process/video. The body is
// read once; it is closed if it is an io.Closer, and must not be used again
// even after the return. Nothing but ctx bounds the time. When the token is
// refused midway, the error is Transient and Definite: open the file again.
// When the body itself fails to be read, its error is in the chain.
func (c *Client) SubmitFile(ctx context.Context, req FileRequest, body io.Reader) (Job, error) {
	const op = "submit file"
	if body == nil {
		return Job{}, invalid(op, "there is no file")
	}
	file := &upload{source: body, size: req.Size, contentType: documentedType(req.Kind, req.ContentType)}
	path, err := processPath(op, req.Kind)
	if err != nil {
		file.discard()
		return Job{}, err
	}
	query, err := req.query()
	if err != nil {
		file.discard()
		return Job{}, invalid(op, err.Error())
	}
	return c.submit(ctx, &request{op: op, path: path, query: query, file: file}, &req.Options)
}

func processPath(op string, kind Kind) (string, error) {
	switch kind {
	case Audio, "":
		return "/v1/process/audio", nil
	case Video:
		return "/v1/process/video", nil
	}
	return "", invalid(op, "the kind is neither audio nor video")
}

func (c *Client) submitJSON(ctx context.Context, op, path string, body submission, o *Options, secretURLs ...string) (Job, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return Job{}, invalid(op, err.Error())
	}
	return c.submit(ctx, &request{op: op, path: path, body: data, secretURLs: secretURLs}, o)
}

// submit makes a call that must not be made twice.
func (c *Client) submit(ctx context.Context, r *request, o *Options) (Job, error) {
	if o.IdempotencyKey != "" && !headerValue(o.IdempotencyKey) {
		r.file.discard()
		return Job{}, invalid(r.op, "the idempotency key cannot stand in a header")
	}
	r.method, r.submit, r.idempotencyKey = http.MethodPost, true, o.IdempotencyKey
	if o.WebhookURL != "" {
		r.secretURLs = append(r.secretURLs, o.WebhookURL)
	}
	return ask(ctx, c.do, r, readJob)
}

func readJob(data []byte) (Job, error) {
	var job Job
	if err := json.Unmarshal(data, &job); err != nil {
		return Job{}, err
	}
	if job.JobID == "" || job.ConversationID == "" {
		return job, errors.New("jobId or conversationId is missing")
	}
	return job, nil
}

// submission is the JSON body of a submission.
type submission struct {
	URL      string        `json:"url,omitempty"`
	Messages []TextMessage `json:"messages,omitempty"`
	parameters
	channels
}

// parameters go into the body of text and URL submissions.
type parameters struct {
	Name              string       `json:"name,omitempty"`
	WebhookURL        string       `json:"webhookUrl,omitempty"`
	LanguageCode      string       `json:"languageCode,omitempty"`
	EnableAllTrackers bool         `json:"enableAllTrackers,omitempty"`
	Trackers          []trackerRef `json:"trackers,omitempty"`
}

type channels struct {
	Separate bool      `json:"enableSeparateRecognitionPerChannel,omitempty"`
	Metadata []Channel `json:"channelMetadata,omitempty"`
}

type trackerRef struct {
	ID string `json:"id"`
}

func (o *Options) parameters() parameters {
	return parameters{
		Name: o.Name, WebhookURL: o.WebhookURL, LanguageCode: o.LanguageCode,
		EnableAllTrackers: o.EnableAllTrackers, Trackers: o.trackers(),
	}
}

func (o *Options) trackers() []trackerRef {
	var refs []trackerRef
	for _, id := range o.TrackerIDs {
		refs = append(refs, trackerRef{ID: id})
	}
	return refs
}

func (o *Options) channels() channels {
	if !o.SeparateChannels {
		return channels{}
	}
	return channels{Separate: true, Metadata: o.ChannelMetadata}
}

// query holds the same parameters for the file APIs: lists as JSON.
func (o *Options) query() (url.Values, error) {
	query := url.Values{}
	set := func(key, value string) {
		if value != "" {
			query.Set(key, value)
		}
	}
	set("name", o.Name)
	set("webhookUrl", o.WebhookURL)
	set("languageCode", o.LanguageCode)
	if o.EnableAllTrackers {
		set("enableAllTrackers", "true")
	}
	if o.SeparateChannels {
		set("enableSeparateRecognitionPerChannel", "true")
	}
	if err := setJSON(query, "trackers", o.trackers()); err != nil {
		return nil, err
	}
	return query, setJSON(query, "channelMetadata", o.channels().Metadata)
}

func setJSON[T any](query url.Values, key string, list []T) error {
	if len(list) == 0 {
		return nil
	}
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	query.Set(key, string(data))
	return nil
}
