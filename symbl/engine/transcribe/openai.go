package transcribe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

const (
	// longestPiece keeps an upload below the 25 MB that OpenAI takes.
	longestPiece = 10 * time.Minute

	dialTimeout = 10 * time.Second
	idleTimeout = time.Minute
)

// OpenAIConfig says where the server is.
type OpenAIConfig struct {
	BaseURL string // up to and with /v1
	Model   string // one whose name contains "diarize" is asked for speakers
	APIKey  string // empty: none is sent
}

// OpenAI is a server with POST {BaseURL}/audio/transcriptions
// (platform.openai.com, API reference, Create transcription). A long file is
// sent in pieces of at most 10 minutes, one after another, cut where it is
// quiet. Speakers are told by diarizing models only, and for each piece anew.
type OpenAI struct {
	cfg    OpenAIConfig
	url    string
	client *http.Client
}

var (
	_ engine.Transcriber = (*OpenAI)(nil)
	_ engine.Diarizer    = (*OpenAI)(nil)
)

// NewOpenAI makes no request. Redirects are not followed: they would carry
// the key elsewhere.
func NewOpenAI(cfg OpenAIConfig) (*OpenAI, error) {
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the base URL is not an http or https address")
	}
	return &OpenAI{cfg: cfg, url: u.JoinPath("audio/transcriptions").String(), client: &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: dialTimeout,
			IdleConnTimeout:     idleTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close drops the idle connections.
func (o *OpenAI) Close() { o.client.CloseIdleConnections() }

// Transcribe sends the file and waits for its text, for as long as ctx lasts.
func (o *OpenAI) Transcribe(ctx context.Context, s engine.Speech) ([]engine.Segment, error) {
	pieces, err := audio.Pieces(audio.Track{Path: s.Path, Duration: s.Duration}, longestPiece)
	if err != nil {
		return nil, err
	}
	var segments []engine.Segment
	for i, p := range pieces {
		heard, err := o.hear(ctx, p, s)
		if err != nil {
			return nil, err
		}
		for _, h := range tidy(heard, p.End-p.Start) {
			h.Start, h.End = h.Start+p.Start, h.End+p.Start
			if i > 0 && h.Speaker != "" { // the labels begin again
				h.Speaker = fmt.Sprintf("%s (part %d)", h.Speaker, i+1)
			}
			segments = append(segments, h)
		}
	}
	return segments, nil
}

// hear sends one piece.
func (o *OpenAI) hear(ctx context.Context, p audio.Piece, s engine.Speech) ([]engine.Segment, error) {
	file, err := p.Open()
	if err != nil {
		return nil, err
	}
	form := newForm(file, p.Bytes(), o.fields(s))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, form.body)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a request: %w", err), file.Close())
	}
	req.ContentLength = form.length
	req.Header.Set("Content-Type", form.contentType)
	req.Header.Set("Accept", "application/json")
	if o.cfg.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+o.cfg.APIKey)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, o.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, o.refusal(resp)
	}
	body, err := readOutput(resp.Body)
	var refused *engine.TranscriberError
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, o.unreachable(ctx, err)
	}
	segments, err := parse(body)
	if err != nil {
		return nil, &engine.TranscriberError{Failure: engine.Refused, Err: fmt.Errorf("read the answer of %s: %w", o.host(), err)}
	}
	return segments, nil
}

// fields are the form's fields beside the file.
func (o *OpenAI) fields(s engine.Speech) [][2]string {
	language, _, _ := strings.Cut(s.Language, "-") // ISO 639-1
	fields := [][2]string{{"model", o.cfg.Model}, {"language", strings.ToLower(language)}}
	if s.Diarize && o.Diarizes() { // which takes no prompt
		return append(fields, [2]string{"response_format", "diarized_json"}, [2]string{"chunking_strategy", "auto"})
	}
	fields = append(fields, [2]string{"response_format", "verbose_json"})
	if prompt := prompt(s.Vocabulary); prompt != "" {
		fields = append(fields, [2]string{"prompt", prompt})
	}
	return fields
}

const maxPrompt = 800 // bytes; whisper reads the last 224 tokens

// prompt names as many words as a prompt may hold.
func prompt(vocabulary []string) string {
	var b strings.Builder
	for _, word := range vocabulary {
		if b.Len()+len(word)+2 > maxPrompt {
			break
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(word)
	}
	return b.String()
}

func (o *OpenAI) host() string {
	u, err := url.Parse(o.url)
	if err != nil {
		return "the transcriber"
	}
	return u.Host
}

// unreachable is a request without an answer. Its text does not hold the URL,
// which may hold a secret.
func (o *OpenAI) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the connection broke off")
	}
	return &engine.TranscriberError{Failure: engine.Away, Err: fmt.Errorf("ask %s to transcribe: %w", o.host(), err)}
}

// Diarizes tells whether the model is one that tells speakers apart.
func (o *OpenAI) Diarizes() bool { return strings.Contains(o.cfg.Model, "diarize") }
