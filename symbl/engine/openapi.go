package engine

import (
	_ "embed"
	"net/http"
)

// description is the OpenAPI document of what Handler serves.
//
//go:embed openapi.yaml
var description []byte

// describe is GET /openapi.yaml, which needs no token.
func (e *Engine) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(description)
	return nil
}
