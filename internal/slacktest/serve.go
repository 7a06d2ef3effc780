package slacktest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxBody = 4 << 20

// answer is the JSON that a method answers with.
type answer map[string]any

func refusal(code string, details ...string) answer {
	a := answer{"ok": false, "error": code}
	if len(details) > 0 {
		a["response_metadata"] = answer{"messages": details}
	}
	return a
}

// ServeHTTP implements Slack's Web API below /api/.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", h.now().UTC().Format(http.TimeFormat))
	if h.scopes != nil {
		w.Header().Set("X-Oauth-Scopes", strings.Join(h.scopes, ","))
	}
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	args, err := arguments(r)
	if err != nil {
		write(w, http.StatusOK, refusal("invalid_post_type"))
		return
	}
	fault := h.note(method, args.Get("channel"))
	if fault == nil {
		h.serve(w, r, method, args)
		return
	}
	h.breakDown(w, r, method, args, fault)
}

// note counts the request and asks for a fault.
func (h *Handler) note(method, channel string) *Fault {
	h.mu.Lock()
	h.calls[method]++
	fail := h.fail
	h.mu.Unlock()
	return fail(method, channel)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, method string, args url.Values) {
	result := h.do(r, method, args)
	if wait, limited := result["retry_after"].(int); limited {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		write(w, http.StatusTooManyRequests, refusal("ratelimited"))
		return
	}
	write(w, http.StatusOK, result)
}

func (h *Handler) do(r *http.Request, method string, args url.Values) answer {
	if code := h.authorise(r, args); code != "" {
		return refusal(code)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch method {
	case "auth.test":
		return answer{"ok": true, "url": "https://stand-in.slack.com/", "team": "Stand-in", "user": "trackerbell",
			"team_id": "T000000001", "user_id": "U000000001", "bot_id": "B000000001"}
	case "chat.postMessage":
		return h.post(args)
	case "chat.update":
		return h.update(args)
	case "chat.delete":
		return h.remove(args)
	case "conversations.replies":
		return h.replies(args)
	case "conversations.list":
		return h.list(args)
	case "conversations.history":
		return h.history(args)
	case "conversations.info":
		return h.info(args)
	default:
		return refusal("unknown_method")
	}
}

// authorise takes the token from the form or the header; JSON bodies cannot
// carry it.
func (h *Handler) authorise(r *http.Request, args url.Values) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" && !isJSON(r) {
		token = args.Get("token")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch token {
	case "":
		return "not_authed"
	case h.token:
		return ""
	default:
		return "invalid_auth"
	}
}

// breakDown does what the fault says.
func (h *Handler) breakDown(w http.ResponseWriter, r *http.Request, method string, args url.Values, f *Fault) {
	if f.Accept {
		h.do(r, method, args)
	}
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-h.done:
		}
	case f.Drop:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case f.Code != "":
		write(w, http.StatusOK, refusal(f.Code))
	default:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
		}
		w.WriteHeader(max(f.Status, http.StatusOK))
		_, _ = io.WriteString(w, f.Body) //nolint:gosec // a body that the test made up
	}
}

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// arguments reads the query and a form or JSON body. Arguments of JSON that
// are not strings keep their JSON text, as forms write them too.
func arguments(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	args := r.URL.Query()
	if isJSON(r) {
		return args, jsonArguments(body, args)
	}
	form, err := url.ParseQuery(string(body))
	for k, v := range form {
		args[k] = v
	}
	return args, err
}

func jsonArguments(body []byte, args url.Values) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	for k, raw := range fields {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		args.Set(k, s)
	}
	return nil
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // to a client that may have gone
}
