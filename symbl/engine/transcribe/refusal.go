package transcribe

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/internal/proc"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

const (
	maxRefusal    = 64 << 10 // bytes of an error's body that are read
	maxReason     = 300      // runes of it that are told
	maxRetryAfter = time.Hour
)

// refusal makes an error of an answer that is not 200.
func (o *OpenAI) refusal(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		body = nil // the status is enough
	}
	text := fmt.Sprintf("%s answered %d %s", o.host(), resp.StatusCode, http.StatusText(resp.StatusCode))
	if reason := o.reason(body); reason != "" {
		text += ": " + reason
	}
	failure := &engine.TranscriberError{Failure: engine.Refused, Err: fmt.Errorf("transcribe: %s", text)}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		failure.Failure = engine.Away
	default:
		if resp.StatusCode >= http.StatusInternalServerError {
			failure.Failure = engine.Away
		}
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		failure.RetryAfter = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	return failure
}

// reason is what the server says was wrong, in one line and without the key,
// which some quote.
func (o *OpenAI) reason(body []byte) string {
	var problem struct {
		Error  json.RawMessage `json:"error"`
		Detail json.RawMessage `json:"detail"`
	}
	text := string(body)
	if json.Unmarshal(body, &problem) == nil {
		var inner struct {
			Message string `json:"message"`
		}
		switch {
		case json.Unmarshal(problem.Error, &inner) == nil && inner.Message != "":
			text = inner.Message
		case len(problem.Error) > 0:
			text = strings.Trim(string(problem.Error), `"`)
		case len(problem.Detail) > 0:
			text = strings.Trim(string(problem.Detail), `"`)
		}
	}
	if o.cfg.APIKey != "" {
		text = strings.ReplaceAll(text, o.cfg.APIKey, "…")
	}
	runes := []rune(proc.OneLine(text))
	return string(runes[:min(len(runes), maxReason)])
}
