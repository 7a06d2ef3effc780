package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Credentials are those of the embedded engine, for the commands that manage
// its trackers.
type Credentials struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret"`
}

type credentials struct {
	read func(context.Context) (Credentials, error) // nil: no engine is embedded
}

// show is GET /api/engine/credentials.
func (h *credentials) show(c echo.Context) error {
	if h.read == nil {
		return notFound()
	}
	cred, err := h.read(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, cred)
}
