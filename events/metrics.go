package events

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackerbell/trackerbell/notify"
)

// Metrics are the counters of the stages. A nil *Metrics counts nothing.
type Metrics struct {
	failures *prometheus.CounterVec
	deads    *prometheus.CounterVec
	alerts   prometheus.Counter
	seconds  prometheus.Histogram
	fromEnd  prometheus.Histogram
	limited  prometheus.Counter
	builtIn  prometheus.Counter
	opinions *prometheus.CounterVec
	holds    *prometheus.CounterVec
}

// NewMetrics registers the metrics of the stages with reg, every label preset.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackerbell_step_failures_total", Help: "Failed attempts of a step.",
		}, []string{"step"}),
		deads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackerbell_dead_letters_total", Help: "Messages that became dead letters.",
		}, []string{"reason"}),
		alerts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trackerbell_alerts_posted_total", Help: "Alerts posted.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trackerbell_webhook_to_alert_seconds", Help: "Time from the webhook to its posted alert.",
			Buckets: []float64{.05, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 14400},
		}),
		fromEnd: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trackerbell_call_end_to_alert_seconds", Help: "Time from the end of the call to its posted alert, where the provider tells when it ended.",
			Buckets: []float64{1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400},
		}),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trackerbell_notify_throttled_total", Help: "Posts that the destination asked to delay.",
		}),
		holds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackerbell_alerts_held_total", Help: "Alerts that were held back, by reason.",
		}, []string{"reason"}),
		opinions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackerbell_feedback_total", Help: "Buttons pressed on alerts, by tracker of the account.",
		}, []string{"tracker", "verdict"}),
		builtIn: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trackerbell_template_failures_total", Help: "Alerts posted with the built-in message because their route's template failed.",
		}),
	}
	for _, c := range []prometheus.Collector{m.failures, m.deads, m.alerts, m.seconds, m.fromEnd, m.limited, m.builtIn, m.opinions, m.holds} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	for _, step := range Steps() {
		m.failures.WithLabelValues(step)
	}
	for _, reason := range Reasons() {
		m.deads.WithLabelValues(reason)
	}
	for _, reason := range notify.HeldReasons() {
		m.holds.WithLabelValues(reason)
	}
	return m, nil
}

func (m *Metrics) failure(step string) {
	if m != nil {
		m.failures.WithLabelValues(step).Inc()
	}
}

func (m *Metrics) dead(reason string) {
	if m != nil {
		m.deads.WithLabelValues(reason).Inc()
	}
}

func (m *Metrics) throttled() {
	if m != nil {
		m.limited.Inc()
	}
}

func (m *Metrics) feedback(useful bool, trackers []string) {
	if m == nil {
		return
	}
	verdict := "false_alarm"
	if useful {
		verdict = "useful"
	}
	for _, t := range trackers {
		m.opinions.WithLabelValues(t, verdict).Inc()
	}
}

func (m *Metrics) held(reason string) {
	if m != nil {
		m.holds.WithLabelValues(reason).Inc()
	}
}

func (m *Metrics) templateFailed() {
	if m != nil {
		m.builtIn.Inc()
	}
}

// alert counts an alert of a call, posted at now.
func (m *Metrics) alert(e *Entry, now time.Time) {
	if m == nil {
		return
	}
	m.alerts.Inc()
	m.seconds.Observe(now.Sub(e.ReceivedAt).Seconds())
	if e.Call.Seconds > 0 && !e.Call.StartedAt.IsZero() {
		m.fromEnd.Observe(now.Sub(e.Call.StartedAt).Seconds() - e.Call.Seconds)
	}
}
