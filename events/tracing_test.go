package events

import (
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestOneTraceLeadsFromTheWebhookToTheAlertThroughARestartAndACallback(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	h := newHouse(t, func(o *Options) { o.PollInterval, o.PollMax = o.JobTimeout, o.JobTimeout })
	h.dep.Tracer = tracer
	h.symbl.setStatus(symbl.InProgress)
	stop := h.run(h.Service)

	ctx, webhook := tracer.Start(t.Context(), "webhook")
	_, err := h.Accept(ctx, transcript("a"))
	require.NoError(t, err)
	webhook.End()
	e := h.settled(h.Service, "calls.a", StageSubmitted)
	stop()

	h.symbl.setStatus(symbl.Completed)
	next := h.another(func(o *Options) { o.PollInterval, o.PollMax = o.JobTimeout, o.JobTimeout })
	next.dep.Tracer = tracer
	h.run(next)
	ctx, callback := tracer.Start(t.Context(), "callback")
	require.NoError(t, next.Wake(ctx, Wake{Key: "calls.a", JobID: e.JobID, Status: string(symbl.Completed)}))
	callback.End()
	h.settled(next, "calls.a", StageDone)

	in := func(id trace.TraceID) (names []string) {
		for _, s := range spans.Ended() {
			if s.SpanContext().TraceID() == id {
				names = append(names, s.Name())
			}
		}
		return names
	}
	want := []string{"webhook", "process submit", "process await", "collect", "process route", "process notify_alerts"}
	require.Eventually(t, func() bool { // the last span ends behind its ledger entry
		return len(in(webhook.SpanContext().TraceID())) >= len(want)
	}, soon, tick)
	require.Subset(t, in(webhook.SpanContext().TraceID()), want)
	collected := 0
	for _, s := range spans.Ended() {
		if s.Name() == "collect" {
			collected++
			require.Len(t, s.Links(), 1)
			require.Equal(t, callback.SpanContext().TraceID(), s.Links()[0].SpanContext.TraceID())
		}
		if s.SpanKind() == trace.SpanKindConsumer {
			require.Contains(t, s.Attributes(), RecordingKey.String("calls.a"))
		}
	}
	require.Equal(t, 1, collected, "by the callback")
}
