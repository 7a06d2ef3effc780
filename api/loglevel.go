package api

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// LogLevel is from which level on the service logs: debug, info, warn or error.
type LogLevel struct {
	Level string `json:"level"`
}

const maxLogLevel = 1 << 10 // bytes of a request

// logLevel shows and changes the level. It holds until the service is started
// anew.
type logLevel struct{ level *zap.AtomicLevel }

func (h logLevel) show(c echo.Context) error {
	return c.JSON(http.StatusOK, LogLevel{h.level.String()})
}

// change takes a LogLevel as JSON, whatever the request calls it: curl calls it a
// form.
func (h logLevel) change(c echo.Context) error {
	var wanted LogLevel
	body := io.LimitReader(c.Request().Body, maxLogLevel)
	if err := json.NewDecoder(body).Decode(&wanted); err != nil {
		return problem(http.StatusBadRequest, "", `must be JSON such as {"level":"debug"}`)
	}
	level, err := zapcore.ParseLevel(wanted.Level)
	if err != nil || wanted.Level == "" || level > zapcore.ErrorLevel {
		return problem(http.StatusBadRequest, "level", "must be debug, info, warn or error")
	}
	h.level.SetLevel(level)
	return h.show(c)
}
