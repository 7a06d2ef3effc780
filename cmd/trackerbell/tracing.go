package main

import (
	"context"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/trackerbell/trackerbell/config"
)

// tracing sends traces to a collector.
type tracing struct {
	provider *sdktrace.TracerProvider // nil: nothing is traced
}

// newTracing starts sending traces where the configuration names a collector.
// One that does not answer costs traces and nothing else.
func newTracing(ctx context.Context, cfg config.Tracing) (tracing, error) {
	if cfg.Endpoint == "" {
		return tracing{}, nil
	}
	endpoint, err := url.JoinPath(cfg.Endpoint, "v1/traces")
	if err != nil {
		return tracing{}, fmt.Errorf("tracing.endpoint: %w", err)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return tracing{}, fmt.Errorf("tracing.endpoint: %w", err)
	}
	return tracing{sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))),
		sdktrace.WithResource(resource.NewSchemaless(
			semconv.ServiceName("trackerbell"), semconv.ServiceVersion(version),
		)),
	)}, nil
}

// tracer is nil where nothing is traced.
func (t tracing) tracer() trace.Tracer {
	if t.provider == nil {
		return nil
	}
	return t.provider.Tracer("github.com/trackerbell/trackerbell")
}

// close sends what is left. That a collector is away is no failure of ours.
func (t tracing) close(ctx context.Context) {
	if t.provider != nil {
		_ = t.provider.Shutdown(ctx)
	}
}
