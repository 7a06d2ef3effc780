package api

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"
)

// requestTimeout is how long a handler may work. It is below what the most
// patient providers wait and above the store's own limit.
const requestTimeout = 10 * time.Second

// newRouter is what both servers have in common: errors as problems, a line in
// the log, no panic that ends the process.
func newRouter(log *zap.Logger, first ...echo.MiddlewareFunc) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // everything worth a line goes through zap
	e.HTTPErrorHandler = answerErrors(log)
	e.Use(first...)
	e.Use(accessLog(log), recoverPanics(log), noSniff)
	return e
}

// accessLog names the route, never the path or the query: both hold secrets.
func accessLog(log *zap.Logger) echo.MiddlewareFunc {
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		LogMethod: true, LogRoutePath: true, LogStatus: true, LogLatency: true, LogResponseSize: true,
		HandleError: true, // or the status would not be known yet
		LogValuesFunc: func(_ echo.Context, v middleware.RequestLoggerValues) error {
			log.Debug("request", zap.String("method", v.Method), zap.String("route", v.RoutePath),
				zap.Int("status", v.Status), zap.Duration("took", v.Latency), zap.Int64("bytes", v.ResponseSize))
			return nil
		},
	})
}

// recoverPanics answers 500. The value of a panic may hold foreign text, so
// only the runtime's own are logged.
func recoverPanics(log *zap.Logger) echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableStackAll: true, DisableErrorHandler: true,
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			fields := []zap.Field{zap.String("route", c.Path()), zap.ByteString("stack", stack)}
			var fault runtime.Error
			if errors.As(err, &fault) {
				fields = append(fields, zap.Error(fault))
			}
			log.Error("handler panicked", fields...)
			return problem(http.StatusInternalServerError, "", "")
		},
	})
}

func noSniff(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
		return next(c)
	}
}

// within gives the handler's context a deadline.
func within(d time.Duration) echo.MiddlewareFunc {
	return middleware.ContextTimeoutWithConfig(middleware.ContextTimeoutConfig{
		Timeout:      d,
		ErrorHandler: func(err error, _ echo.Context) error { return err },
	})
}
