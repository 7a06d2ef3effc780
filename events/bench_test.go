package events

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// BenchmarkRecording takes recordings from the webhook to their alert with a
// Symbl and a Slack that cost nothing: what is left is the store and we. It
// reports the processor time of both for each recording.
func BenchmarkRecording(b *testing.B) {
	h := newHouse(b, func(o *Options) {
		o.MaxJobs, o.PollInterval, o.Limits.MaxBytes = 1000, time.Millisecond, 1<<30
	})
	h.dep.Log = zap.NewNop()
	h.run(h.Service)
	before := processorTime(b)
	b.ResetTimer()
	for i := range b.N {
		_, err := h.Accept(b.Context(), transcript(strconv.Itoa(i)))
		require.NoError(b, err)
	}
	require.Eventually(b, func() bool { return len(h.slack.posted()) == b.N }, time.Minute, tick)
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkAccept takes recordings in with and without knowing which keys the
// ledger may hold.
func BenchmarkAccept(b *testing.B) {
	for _, known := range []bool{false, true} {
		b.Run(fmt.Sprintf("known=%t", known), func(b *testing.B) {
			h := newHouse(b, func(o *Options) { o.Limits.MaxBytes = 1 << 30 })
			require.NoError(b, h.openOnce(b.Context()))
			set, err := h.streams()
			require.NoError(b, err)
			if known {
				require.NoError(b, set.ledger.learn(b.Context()))
			}
			before := processorTime(b)
			b.ResetTimer()
			for i := range b.N {
				_, err := h.Accept(b.Context(), transcript(strconv.Itoa(i)))
				require.NoError(b, err)
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
