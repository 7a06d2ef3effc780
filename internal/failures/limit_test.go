package failures

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// at makes a limit of three failures and then one a second, with a clock that
// the test turns.
func at(start time.Time) (l *Limit, turn func(time.Duration)) {
	l = New(1, 3)
	now := start
	l.now = func() time.Time { return now }
	return l, func(d time.Duration) { now = now.Add(d) }
}

func TestAnAddressThatFailsTooOftenMustWait(t *testing.T) {
	l, turn := at(time.Unix(1_777_000_000, 0))
	const here, there = "192.0.2.1:4711", "192.0.2.2:4711"
	for range 3 {
		require.Zero(t, l.Wait(here))
		l.Failed(here)
	}
	require.Equal(t, time.Second, l.Wait(here))
	require.Equal(t, time.Second, l.Wait("192.0.2.1:9"), "another port is the same client")
	require.Equal(t, time.Second, l.Wait("[::ffff:192.0.2.1]:9"), "and so is its address written as IPv6")
	require.Zero(t, l.Wait(there))
	turn(time.Second)
	require.Zero(t, l.Wait(here))
	l.Failed(here)
	require.Equal(t, time.Second, l.Wait(here), "one more a second")
	turn(3 * time.Second)
	for range 3 {
		require.Zero(t, l.Wait(here), "all is forgotten after a while")
		l.Failed(here)
	}
}

func TestAClientCannotChooseAnotherAddressOfItsNetwork(t *testing.T) {
	l, _ := at(time.Unix(1_777_000_000, 0))
	for i := range 3 {
		l.Failed(fmt.Sprintf("[2001:db8::%d]:80", i))
	}
	require.NotZero(t, l.Wait("[2001:db8::ffff:1]:80"))
	require.Zero(t, l.Wait("[2001:db8:0:1::1]:80"))
	for range 3 {
		l.Failed("a pipe")
	}
	require.NotZero(t, l.Wait("@"), "what is no address is one client")
}

func TestMemoryIsBoundedAndTheRestShareALimit(t *testing.T) {
	l, turn := at(time.Unix(1_777_000_000, 0))
	remote := func(i int) string { return fmt.Sprintf("10.0.%d.%d:1", i/256, i%256) }
	for i := range 3 * maxAddresses {
		l.Failed(remote(i))
	}
	require.Len(t, l.known, maxAddresses)
	require.Zero(t, l.Wait(remote(0)), "it failed once")
	require.NotZero(t, l.Wait("203.0.113.1:1"), "the rest failed too often")
	turn(time.Minute)
	require.Zero(t, l.Wait("203.0.113.1:1"))
	l.Failed("203.0.113.1:1")
	require.Len(t, l.known, 1, "those of a minute ago are forgotten")
}
