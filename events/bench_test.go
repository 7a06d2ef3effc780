package events

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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

// BenchmarkChange changes a recording's entry as the stages do, seven times, at a
// nats-server that is reached by TCP, with what a process remembers and without.
func BenchmarkChange(b *testing.B) {
	nc, err := nats.Connect(natsApart(b))
	require.NoError(b, err)
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(b, err)
	kv, err := js.CreateKeyValue(b.Context(), jetstream.KeyValueConfig{Bucket: BucketLedger})
	require.NoError(b, err)
	ledger, err := newLedger(b.Context(), js, kv)
	require.NoError(b, err)
	for _, remembers := range []bool{false, true} {
		b.Run(fmt.Sprintf("remembers=%t", remembers), func(b *testing.B) {
			before := processorTime(b)
			for i := range b.N {
				key := fmt.Sprintf("calls.%t-%d-%d", remembers, b.N, i/7)
				_, err := ledger.Mutate(b.Context(), key, func(e *Entry) error {
					e.Stage = StageSubmitted
					e.pass(StepSubmit, time.Now())
					return nil
				})
				require.NoError(b, err)
				if !remembers {
					ledger.recent.forget(key)
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// natsApart starts a nats-server and gives its URL.
func natsApart(b *testing.B) string {
	b.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: b.TempDir(), NoLog: true, NoSigs: true})
	require.NoError(b, err)
	srv.Start()
	b.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(b, srv.ReadyForConnections(soon))
	return srv.ClientURL()
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
