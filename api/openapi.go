package api

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// description is the OpenAPI document of the admin API.
//
//go:embed openapi.yaml
var description []byte

// describe is GET /api/openapi.yaml, which needs no token.
func describe(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", description) }
