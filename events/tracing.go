package events

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// traceHeader is the message header of W3C's Trace Context. NATS does not fold
// the case of headers.
const traceHeader = "traceparent"

// RecordingKey is the attribute that every span of a recording has.
const RecordingKey = attribute.Key("trackerbell.recording")

// traceParent is the trace that ctx belongs to, empty when there is none.
func traceParent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceHeader]
}

// inTrace makes ctx belong to the trace that an event or an entry remembers.
func inTrace(ctx context.Context, parent string) context.Context {
	if parent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceHeader: parent})
}

// trace begins the span of a handler at work, in the trace of its event. The
// attributes are those of OpenTelemetry's conventions for messaging.
func (st *stage) trace(ctx context.Context, subject string, d delivery) (_ context.Context, end func(error)) {
	if st.svc.dep.Tracer == nil {
		return ctx, func(error) {}
	}
	ctx, span := st.svc.dep.Tracer.Start(inTrace(ctx, d.event.TraceParent), "process "+st.name,
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			semconv.MessagingSystemKey.String("nats"), semconv.MessagingOperationTypeProcess, semconv.MessagingOperationName("process"),
			semconv.MessagingDestinationName(subject), semconv.MessagingConsumerGroupName(st.name), semconv.MessagingMessageID(d.event.ID),
			RecordingKey.String(d.event.Subject), attribute.Int("trackerbell.delivery", int(d.delivered)),
		))
	return ctx, func(err error) {
		endSpan(span, err)
	}
}

// endSpan ends a span with what became of its work. That something is only
// waited for is no error. What an error says may hold foreign text and stays in
// the log.
func endSpan(span trace.Span, err error) {
	var waits *waitError
	switch {
	case errors.As(err, &waits):
		span.SetAttributes(attribute.Bool("trackerbell.waits", true))
	case err != nil:
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// resume begins a span in the trace of the recording, for work that something
// outside of it asked for, to which it is linked.
func (s *Service) resume(ctx context.Context, name string, e Entry) (_ context.Context, end func(error)) {
	if s.dep.Tracer == nil || e.Trace == "" {
		return ctx, func(error) {}
	}
	link := trace.LinkFromContext(ctx)
	ctx, span := s.dep.Tracer.Start(inTrace(ctx, e.Trace), name, trace.WithLinks(link), trace.WithAttributes(RecordingKey.String(e.Key)))
	return ctx, func(err error) { endSpan(span, err) }
}
