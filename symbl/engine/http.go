package engine

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"
)

const (
	maxTokenBody   = 64 << 10
	maxTrackerBody = 1 << 20 // docs.symbl.ai: 413 above 1 MB
	maxTextBody    = 16 << 20

	retryAfterSeconds = 5 // of a 503
)

// apiError is an answer that is not a success.
type apiError struct {
	status  int
	message string
}

func (e *apiError) Error() string { return e.message }

func refuse(status int, format string, args ...any) error {
	return &apiError{status: status, message: fmt.Sprintf(format, args...)}
}

// invalid is a 400. Its wording follows the published errors: "name" is
// required.
func invalid(field, problem string) error {
	return refuse(http.StatusBadRequest, "%q %s", field, problem)
}

// handler answers a request, or gives the error to answer it with.
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handler

// serve is the path's http.Handler.
func (e *Engine) serve(m methods) http.Handler {
	allowed := make([]string, 0, len(m))
	for method := range m {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h, ok := m[method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			e.fail(w, r, refuse(http.StatusMethodNotAllowed, "method %s is not allowed here", r.Method))
			return
		}
		if err := h(w, r); err != nil {
			e.fail(w, r, err)
		}
	})
}

// authenticate lets requests with a token through: Authorization: Bearer, or
// the older x-api-key.
func (e *Engine) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Api-Key")
		if scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
			token = strings.TrimSpace(value)
		}
		if err := e.tokens.check(token, e.now()); err != nil {
			e.fail(w, r, refuse(http.StatusUnauthorized, "Token validation failed for provided token."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fail answers with the error. What is not meant for the client is logged and
// answered 503: it is JetStream that did not do what it should.
func (e *Engine) fail(w http.ResponseWriter, r *http.Request, err error) {
	var api *apiError
	switch {
	case errors.Is(err, errTooLarge):
		err = refuse(http.StatusRequestEntityTooLarge, "this would become larger than the engine can keep")
	case errors.Is(err, errUnreadable): // no use in trying again
		e.log.Error("engine cannot read an entry", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
		err = refuse(http.StatusInternalServerError, "what the engine keeps of this cannot be read")
	}
	if !errors.As(err, &api) {
		if r.Context().Err() == nil {
			e.log.Error("engine request failed", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
		}
		w.Header().Set("Retry-After", strconv.Itoa(retryAfterSeconds))
		api = &apiError{status: http.StatusServiceUnavailable, message: "the engine cannot reach its storage; try again"}
	}
	body := errorBody{Message: api.message}
	if api.status == http.StatusTooManyRequests { // the one that is documented with it
		body.StatusCode = api.status
	}
	respond(w, api.status, body)
}

// errorBody is the body of every answer that is not a success.
type errorBody struct {
	StatusCode int    `json:"statusCode,omitempty"`
	Message    string `json:"message"`
}

// respond writes a JSON answer.
func respond(w http.ResponseWriter, status int, body any) {
	data, err := encode(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(data) //nolint:gosec // G705: it is JSON, and no browser may take it for HTML
}

// readBody reads a request's body up to a limit.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", limit)
	} else if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body cannot be read")
	}
	return body, nil
}
