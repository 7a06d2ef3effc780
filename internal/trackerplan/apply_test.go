package trackerplan_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/symbl"
)

// apply plans and carries out, and gives the steps that were told.
func apply(t *testing.T, a *account, prune bool, wanted ...symbl.Tracker) (steps []string, err error) {
	t.Helper()
	p := trackerplan.New(a.list, wanted, trackerplan.Options{Prune: prune})
	err = p.Apply(t.Context(), a, func(v trackerplan.Verb, tr symbl.Tracker) { steps = append(steps, string(v)+" "+tr.Name) })
	return steps, err
}

func TestAPlanIsCarriedOutAndThenThereIsNothingToDo(t *testing.T) {
	a := newAccount(tracker("Old", "x"), tracker("Promotion", "sale"))
	wanted := []symbl.Tracker{tracker("New", "y"), tracker("Promotion", "sale", "offer")}
	steps, err := apply(t, a, true, wanted...)
	require.NoError(t, err)
	require.Equal(t, []string{"deleted Old", "changed Promotion", "created New"}, steps)
	require.Equal(t, []string{"Promotion", "New"}, a.names())

	a.calls = nil
	steps, err = apply(t, a, true, wanted...)
	require.NoError(t, err)
	require.Empty(t, steps)
	require.Empty(t, a.calls)
}

func TestATrackerWhoseUpdateMergesIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Promotion", "sale", "discount"))
		a.merges = true
		steps, err := apply(t, a, false, tracker("Promotion", "offer"))
		require.NoError(t, err)
		require.Equal(t, []string{"changed Promotion", "replaced Promotion"}, steps)
		require.Equal(t, []string{"offer"}, a.list[0].Vocabulary)
	})
}

func TestAnAccountThatOnlySaysYesIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Promotion", "sale"))
		a.stuck = true
		_, err := apply(t, a, false, tracker("Promotion", "offer"))
		require.ErrorContains(t, err, "is not as planned: 0 to create, 1 to change")
		require.Equal(t, []string{"sale"}, a.list[0].Vocabulary, "nothing may be deleted on a guess")
	})
}

func TestAFieldThatTheAccountDoesNotKeepIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Promotion", "sale"))
		a.stuck = true
		wanted := tracker("Promotion", "sale")
		wanted.Sensitivity = "strict"
		_, err := apply(t, a, false, wanted)
		require.ErrorContains(t, err, `does not keep sensitivity of tracker "Promotion"`)
	})
}

func TestReadsThatAreLateAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Promotion", "sale", "offer"), tracker("Old", "x"))
		a.stale = 3
		steps, err := apply(t, a, true, tracker("Promotion", "offer"))
		require.NoError(t, err)
		require.Equal(t, []string{"deleted Old", "changed Promotion"}, steps)
	})
}

func TestAWriteWaitsForAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		busy := 2
		a.fail = func(string) error {
			if busy--; busy >= 0 {
				return &symbl.Error{Class: symbl.Throttled, Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second}
			}
			return nil
		}
		start := time.Now()
		_, err := apply(t, a, false, tracker("New", "y"))
		require.NoError(t, err)
		require.Len(t, a.calls, 3)
		require.GreaterOrEqual(t, time.Since(start), 4*time.Second)
	})
}

func TestAWriteThatStaysRefusedTellsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Old", "x"))
		a.fail = func(string) error {
			return &symbl.Error{Class: symbl.Throttled, Op: "delete tracker", Message: "one at a time", RetryAfter: time.Hour}
		}
		_, err := apply(t, a, true)
		require.EqualError(t, err, `delete tracker "Old": symbl: delete tracker: one at a time`)
		require.Len(t, a.calls, 6)
	})
}

// A create whose outcome is not known may have been carried out.
func TestAWriteOfUnknownOutcomeIsNotRepeated(t *testing.T) {
	a := newAccount()
	a.fail = func(string) error { return &symbl.Error{Class: symbl.Transient, Message: "timed out"} }
	_, err := apply(t, a, false, tracker("New", "y"), tracker("Newer", "z"))
	require.ErrorContains(t, err, `create tracker "New"`)
	require.Equal(t, []string{"create New"}, a.calls)
}

func TestWhatIsGoneNeedNotBeDeleted(t *testing.T) {
	a := newAccount(tracker("Old", "x"))
	a.fail = func(string) error {
		a.list = nil
		return &symbl.Error{Class: symbl.NotFound}
	}
	steps, err := apply(t, a, true)
	require.NoError(t, err)
	require.Equal(t, []string{"deleted Old"}, steps)
}

func TestALostReplacementSaysHowToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(tracker("Promotion", "sale"))
		a.merges = true
		a.fail = func(call string) error {
			if call == "create Promotion" {
				return errors.New("the line is dead")
			}
			return nil
		}
		_, err := apply(t, a, false, tracker("Promotion", "offer"))
		require.ErrorContains(t, err, "apply the file again")
	})
}
