package trackerplan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/symbl"
)

func TestAPlanTellsEveryDifference(t *testing.T) {
	present := newAccount(
		symbl.Tracker{Name: "Promotion", Vocabulary: []string{"sale", "discount"}, Description: "old", Languages: []string{"en-US"}},
		tracker("Same", "one", "two"), tracker("Gone", "x"), tracker("Symbl.Greetings", "hello"),
	).list
	wanted := []symbl.Tracker{
		{Name: "Promotion", Vocabulary: []string{"discount", "special \x1b[31moffer"}, Languages: []string{"de-DE", "en-US"}},
		tracker("Same", "two", "one"),
		{Name: "New", Vocabulary: []string{"how much is it"}, Categories: []string{"Sales"}},
	}
	p := trackerplan.New(present, wanted, trackerplan.Options{Prune: true})
	var b strings.Builder
	require.NoError(t, p.Write(&b))
	want := `+ create "New"
    + "how much is it"
    categories: "Sales"
~ change "Promotion" (id 101)
    - "sale"
    + "special \x1b[31moffer"
    description: "old" → ""
    languages: "en-US" → "de-DE, en-US"
- delete "Gone" (id 103)
    - "x"
1 that the file does not have are kept
plan: 1 to create, 1 to change, 1 to delete, 1 as they should be
`
	require.Empty(t, cmp.Diff(want, b.String()))
	require.Equal(t, 4, p.Total())
	require.Equal(t, []string{"Symbl.Greetings"}, p.Keep)
}

func TestTheUsualSensitivityNeedNotBeWritten(t *testing.T) {
	plan := func(present, wanted string) trackerplan.Plan {
		a, b := tracker("A", "x"), tracker("A", "x")
		a.Sensitivity, b.Sensitivity = present, wanted
		return trackerplan.New(newAccount(a).list, []symbl.Tracker{b}, trackerplan.Options{})
	}
	require.True(t, plan("", "balanced").Empty())
	require.True(t, plan("strict", "strict").Empty())
	require.Equal(t, []trackerplan.Field{{Field: "sensitivity", From: "strict", To: "balanced"}}, plan("strict", "").Change[0].Fields)
}

func TestNothingIsDeletedWithoutPrune(t *testing.T) {
	p := trackerplan.New(newAccount(tracker("Other", "x")).list, nil, trackerplan.Options{})
	require.True(t, p.Empty())
	require.Equal(t, []string{"Other"}, p.Keep)
}

func TestAManagedTrackerThatIsWantedIsChanged(t *testing.T) {
	p := trackerplan.New(newAccount(tracker("Symbl.Empathy", "x")).list, []symbl.Tracker{tracker("Symbl.Empathy", "y")}, trackerplan.Options{Prune: true})
	require.Len(t, p.Change, 1)
}

func TestAnAccountOfTheFirstGenerationHasPhrasesAlone(t *testing.T) {
	present := newAccount(tracker("A", "x")).list
	wanted := []symbl.Tracker{{Name: "A", Vocabulary: []string{"x"}, Description: "d", Languages: []string{"en-US"}}}
	require.True(t, trackerplan.New(present, wanted, trackerplan.Options{Vocabulary: true}).Empty())
	require.False(t, trackerplan.New(present, wanted, trackerplan.Options{}).Empty())
}

func TestNamesDifferByCase(t *testing.T) {
	p := trackerplan.New(newAccount(tracker("a", "x")).list, []symbl.Tracker{tracker("A", "x")}, trackerplan.Options{})
	require.Len(t, p.Create, 1)
	require.Equal(t, []string{"a"}, p.Keep)
}

func TestAPlanAsJSONHasNoNull(t *testing.T) {
	for _, p := range []trackerplan.Plan{
		trackerplan.New(nil, nil, trackerplan.Options{}),
		trackerplan.New(newAccount(tracker("A", "x")).list, []symbl.Tracker{tracker("A", "y")}, trackerplan.Options{}),
	} {
		data, err := json.Marshal(p)
		require.NoError(t, err)
		require.NotContains(t, string(data), "null")
	}
}
