package symbl

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxErrorBytes = 64 << 10
	maxRetryAfter = 7 * 24 * time.Hour // far beyond any sense, and far from overflow
	maxDepth      = 5                  // of nested error objects
)

// refused is an answer that is not the success that was asked for.
func (c *Client) refused(r *request, m mask, res *http.Response) *Error {
	// What cannot be read of the body is not told; the status decides.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBytes))
	e := &Error{
		Status:     res.StatusCode,
		Message:    m.hide(serverMessage(body)),
		RetryAfter: RetryAfter(res.Header.Get("Retry-After"), c.now()),
		Op:         r.op,
	}
	e.Class, e.Definite = judge(r, res.StatusCode)
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		e.Message = "the server redirects, which no API call follows: check the base URL"
	}
	return e
}

// judge gives the class of a status and whether it is a definite refusal.
func judge(r *request, status int) (class Class, definite bool) {
	switch {
	case status == http.StatusTooManyRequests:
		return Throttled, true
	case status == http.StatusNotFound:
		return NotFound, true
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return Transient, true
	case status == http.StatusConflict && r.idempotencyKey != "":
		// A call with this key is still being worked on: that one may be
		// accepted. (For a tracker, 409 is a name that is taken: permanent.)
		return Transient, false
	case status == http.StatusNotImplemented:
		// The server says that it cannot do this at all.
		return Permanent, true
	case status >= 500, status < 300:
		// A success that was not asked for (206) is as unclear as a 5xx.
		return Transient, false
	}
	return Permanent, true
}

// RetryAfter reads a Retry-After header: seconds, or an HTTP date, as seen at
// now (RFC 9110, 10.2.3). It gives 0 when there is neither, and a week at most.
func RetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		if seconds >= maxRetryAfter.Seconds() {
			return maxRetryAfter
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// serverMessage finds the words in the body of an error: {"message"},
// {"error":{"message"}}, Joi's details and their likes. A body that is not
// JSON, as the HTML of a gateway, has none.
func serverMessage(body []byte) string {
	if !json.Valid(body) {
		return ""
	}
	return words(body, maxDepth)
}

func words(raw json.RawMessage, depth int) string {
	if depth == 0 {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return listWords(list, depth)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return ""
	}
	for _, key := range []string{"message", "error_description", "detail", "details", "error", "errors", "title"} {
		if found := words(object[key], depth-1); found != "" {
			return found
		}
	}
	return ""
}

func listWords(list []json.RawMessage, depth int) string {
	var all []string
	for _, raw := range list {
		if found := words(raw, depth-1); found != "" {
			all = append(all, found)
		}
	}
	return strings.Join(all, "; ")
}
