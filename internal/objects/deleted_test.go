package objects_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/objects"
)

func TestWhatIsLeftOfDeletedObjectsIsRemoved(t *testing.T) {
	b := newBench(t)
	sweep := func(before time.Time) int {
		removed, err := objects.SweepDeleted(t.Context(), b.stream, b.store, bucket, before)
		require.NoError(t, err)
		return removed
	}
	require.Zero(t, sweep(time.Now()))
	text := strings.Repeat("text", 20<<10) // of a tiny object nats.go may leave a goroutine behind
	for _, name := range []string{"kept", "gone", "again"} {
		_, err := b.store.PutString(t.Context(), name, text)
		require.NoError(t, err)
	}
	require.NoError(t, b.store.Delete(t.Context(), "gone"))
	require.NoError(t, b.store.Delete(t.Context(), "again"))
	_, err := b.store.PutString(t.Context(), "again", text)
	require.NoError(t, err)
	require.EqualValues(t, 5, b.messages(), "two objects of two messages each, and a name")

	require.Zero(t, sweep(time.Now().Add(-time.Hour)), "it is too young")
	require.Equal(t, 1, sweep(time.Now().Add(time.Hour)))
	require.EqualValues(t, 4, b.messages())
	for _, name := range []string{"kept", "again"} {
		got, err := b.store.GetString(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, text, got)
	}
}
