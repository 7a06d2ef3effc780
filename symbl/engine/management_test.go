package engine_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

const promotionTracker = `{"name":"Promotion Mention","vocabulary":["We have a special promotion going on if you book this before","We have a sale right now on"]}`

func one(t *testing.T, answer string) symbl.Tracker {
	t.Helper()
	return field[symbl.Tracker](t, answer, "tracker")
}

func many(t *testing.T, answer string) []symbl.Tracker {
	t.Helper()
	return field[[]symbl.Tracker](t, answer, "trackers")
}

func names(trackers []symbl.Tracker) []string {
	out := make([]string, len(trackers))
	for i, tracker := range trackers {
		out[i] = tracker.Name
	}
	slices.Sort(out)
	return out
}

func TestTrackerLifeInBothGenerations(t *testing.T) {
	for _, path := range []string{"/v1/manage/tracker", "/v1/manage/trackers"} {
		t.Run(path, func(t *testing.T) {
			a := oneEngine(t, engine.Config{})
			made := one(t, a.ok(http.MethodPost, path, promotionTracker))
			require.Regexp(t, `^\d{1,16}$`, made.ID)
			require.Equal(t, "Promotion Mention", made.Name)
			require.Len(t, made.Vocabulary, 2)
			created, err := time.Parse(time.RFC3339, made.CreatedOn)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), created, time.Minute)
			require.True(t, strings.HasSuffix(made.CreatedOn, "Z"))

			require.Empty(t, cmp.Diff(made, one(t, a.ok(http.MethodGet, path+"/"+made.ID, ""))))
			require.Empty(t, cmp.Diff([]symbl.Tracker{made}, many(t, a.ok(http.MethodGet, path, ""))))

			put := one(t, a.ok(http.MethodPut, path+"/"+made.ID, fmt.Sprintf(`{"id":%q,"name":"Promotion","vocabulary":["run sale"]}`, made.ID)))
			require.Equal(t, symbl.Tracker{ID: made.ID, Name: "Promotion", Vocabulary: []string{"run sale"}, CreatedOn: made.CreatedOn, UpdatedOn: put.UpdatedOn}, put)

			patched := one(t, a.ok(http.MethodPatch, path+"/"+made.ID, `[{"op":"replace","path":"/description","value":"d"}]`))
			require.Equal(t, "d", patched.Description)
			require.Equal(t, put.Vocabulary, patched.Vocabulary)
			require.Empty(t, cmp.Diff(patched, one(t, a.ok(http.MethodGet, path+"/"+made.ID, ""))))

			require.JSONEq(t, fmt.Sprintf(`{"id":%q,"type":"tracker","deleted":true}`, made.ID), a.ok(http.MethodDelete, path+"/"+made.ID, ""))
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				a.refused(http.StatusNotFound, method, path+"/"+made.ID, `[{"op":"remove","path":"/description"}]`)
			}
			require.JSONEq(t, `{"trackers":[]}`, a.ok(http.MethodGet, path, ""))
		})
	}
}

func TestTrackerFieldsOfGenerationTwo(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	made := one(t, a.ok(http.MethodPost, "/v1/manage/trackers", `{"name":"N","description":"what","categories":["c"],"languages":["en-US"],"vocabulary":["a","b"]}`))
	want := symbl.Tracker{ID: made.ID, Name: "N", Description: "what", Categories: []string{"c"}, Languages: []string{"en-US"},
		Vocabulary: []string{"a", "b"}, CreatedOn: made.CreatedOn, UpdatedOn: made.CreatedOn}
	require.Empty(t, cmp.Diff(want, made))
}

func TestTrackersByName(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	for _, name := range []string{"Sale", "sale", "Two words & more"} {
		a.track(name, "x")
	}
	list := func(query string) []string {
		return names(many(t, a.ok(http.MethodGet, "/v1/manage/trackers"+query, "")))
	}
	require.Equal(t, []string{"Sale"}, list("?name=Sale"))
	require.Equal(t, []string{"sale"}, list("?&name=sale"))
	require.Equal(t, []string{"Two words & more"}, list("?name="+url.QueryEscape("Two words & more")))
	require.Empty(t, list("?name=SALE"))
	require.Len(t, list(""), 3)
}

func TestBulkCreate(t *testing.T) {
	array := `[{"name":"A","vocabulary":["a"]},{"name":"B","vocabulary":["b"]}]`
	for _, path := range []string{"/v1/manage/tracker", "/v1/manage/trackers", "/v1/manage/trackers/bulk"} {
		t.Run(path, func(t *testing.T) {
			a := oneEngine(t, engine.Config{})
			made := many(t, a.ok(http.MethodPost, path, array))
			require.Equal(t, []string{"A", "B"}, names(made))
			require.NotEqual(t, made[0].ID, made[1].ID)

			a.refused(http.StatusConflict, http.MethodPost, path, `[{"name":"C","vocabulary":["c"]},{"name":"A","vocabulary":["a"]}]`)
			a.refused(http.StatusConflict, http.MethodPost, path, `[{"name":"C","vocabulary":["c"]},{"name":"C","vocabulary":["d"]}]`)
			message := a.refused(http.StatusBadRequest, http.MethodPost, path, `[{"name":"C","vocabulary":["c"]},{"name":"D","vocabulary":[]}]`)
			require.Contains(t, message, "[1].vocabulary")
			a.refused(http.StatusBadRequest, http.MethodPost, path, `[]`)
			a.refused(http.StatusBadRequest, http.MethodPost, path, `[7]`)
			require.Equal(t, []string{"A", "B"}, names(many(t, a.ok(http.MethodGet, "/v1/manage/trackers", ""))))
		})
	}
}

func TestTrackerRefusalsNameTheField(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	id := a.track("N", "x")
	phrases := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"p%d"`, i))
		}
		return `[` + strings.Join(list, ",") + `]`
	}
	tests := map[string]struct{ body, field string }{
		"no JSON":              {`{`, "body"},
		"a string":             {`"x"`, "body"},
		"no name":              {`{"vocabulary":["a"]}`, `"name"`},
		"null name":            {`{"name":null,"vocabulary":["a"]}`, `"name"`},
		"empty name":           {`{"name":"","vocabulary":["a"]}`, `"name"`},
		"blank name":           {`{"name":" ","vocabulary":["a"]}`, `"name"`},
		"ill-typed name":       {`{"name":1,"vocabulary":["a"]}`, `"name"`},
		"no vocabulary":        {`{"name":"X"}`, `"vocabulary"`},
		"empty vocabulary":     {`{"name":"X","vocabulary":[]}`, `"vocabulary"`},
		"ill-typed vocabulary": {`{"name":"X","vocabulary":"a"}`, `"vocabulary"`},
		"ill-typed phrase":     {`{"name":"X","vocabulary":["a",1]}`, `"vocabulary"`},
		"empty phrase":         {`{"name":"X","vocabulary":["a",""]}`, `"vocabulary[1]"`},
		"null phrase":          {`{"name":"X","vocabulary":[null]}`, `"vocabulary[0]"`},
		"blank phrase":         {`{"name":"X","vocabulary":["a"," \t"]}`, `"vocabulary[1]"`},
		"duplicate phrase":     {`{"name":"X","vocabulary":["a","b","a "]}`, `"vocabulary[2]"`},
		"its case differs":     {`{"name":"X","vocabulary":["I want to cancel","b","i WANT to cancel"]}`, `"vocabulary[2]" is a duplicate of "vocabulary[0]"`},
		"its spaces differ":    {`{"name":"X","vocabulary":["b","a b","a  \tb"]}`, `"vocabulary[2]" is a duplicate of "vocabulary[1]"`},
		"its apostrophe does":  {`{"name":"X","vocabulary":["don't","don’t"]}`, `"vocabulary[1]" is a duplicate of "vocabulary[0]"`},
		"its accent does":      {`{"name":"X","vocabulary":["caf\u00e9","cafe\u0301"]}`, `"vocabulary[1]" is a duplicate of "vocabulary[0]"`},
		"long phrase":          {`{"name":"X","vocabulary":["` + strings.Repeat("x", 1001) + `"]}`, `"vocabulary[0]"`},
		"too many phrases":     {`{"name":"X","vocabulary":` + phrases(1001) + `}`, `"vocabulary"`},
		"ill-typed category":   {`{"name":"X","vocabulary":["a"],"categories":[1]}`, `"categories"`},
		"empty category":       {`{"name":"X","vocabulary":["a"],"categories":[""]}`, `"categories[0]"`},
		"not a language":       {`{"name":"X","vocabulary":["a"],"languages":["en","English!"]}`, `"languages[1]"`},
		"unknown field":        {`{"name":"X","vocabulary":["a"],"vocab":["a"]}`, `"vocab"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/manage/trackers", tt.body), tt.field)
			if strings.Contains(tt.body, `"name":"X","`) || strings.Contains(tt.field, "body") {
				require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPut, "/v1/manage/tracker/"+id, tt.body), tt.field)
			}
		})
	}
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPut, "/v1/manage/tracker/"+id, `{"id":"1"}`), `"id"`)
	require.Len(t, many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")), 1)
	a.ok(http.MethodPost, "/v1/manage/trackers", `{"name":"punctuation differs","vocabulary":["C","C++","c#","is it?","it is"]}`)
	a.ok(http.MethodPost, "/v1/manage/trackers", `{"name":"a thousand","vocabulary":`+phrases(1000)+`}`)
}

func TestATrackerAnswerCanBeSentBack(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	id := a.track("N", "x")
	var answer = a.ok(http.MethodGet, "/v1/manage/trackers/"+id, "")
	body := answer[strings.Index(answer, `:`)+1 : strings.LastIndex(answer, "}")]
	require.Equal(t, "N", one(t, a.ok(http.MethodPut, "/v1/manage/trackers/"+id, body)).Name)
	copied := one(t, a.ok(http.MethodPost, "/v1/manage/trackers", strings.Replace(body, `"N"`, `"M"`, 1)))
	require.NotEqual(t, id, copied.ID)
}

func TestTrackerPatch(t *testing.T) {
	full := symbl.Tracker{Name: "N", Description: "d", Categories: []string{"c", "k"}, Languages: []string{"en-US"}, Vocabulary: []string{"a", "b"}}
	with := func(fn func(*symbl.Tracker)) symbl.Tracker {
		changed := full
		fn(&changed)
		return changed
	}
	tests := map[string]struct {
		patch string
		want  symbl.Tracker
	}{
		"rename":           {`[{"op":"replace","path":"/name","value":"M"}]`, with(func(t *symbl.Tracker) { t.Name = "M" })},
		"add a phrase":     {`[{"op":"add","path":"/vocabulary","value":"c"}]`, with(func(t *symbl.Tracker) { t.Vocabulary = []string{"a", "b", "c"} })},
		"add phrases":      {`[{"op":"add","path":"/vocabulary","value":["c","d"]}]`, with(func(t *symbl.Tracker) { t.Vocabulary = []string{"a", "b", "c", "d"} })},
		"sensitivity":      {`[{"op":"replace","path":"/sensitivity","value":"strict"}]`, with(func(t *symbl.Tracker) { t.Sensitivity = "strict" })},
		"replace by one":   {`[{"op":"replace","path":"/vocabulary","value":"c"}]`, with(func(t *symbl.Tracker) { t.Vocabulary = []string{"c"} })},
		"replace by many":  {`[{"op":"replace","path":"/vocabulary","value":["c","d"]}]`, with(func(t *symbl.Tracker) { t.Vocabulary = []string{"c", "d"} })},
		"remove a phrase":  {`[{"op":"remove","path":"/vocabulary","value":"a"}]`, with(func(t *symbl.Tracker) { t.Vocabulary = []string{"b"} })},
		"remove a list":    {`[{"op":"remove","path":"/categories"}]`, with(func(t *symbl.Tracker) { t.Categories = nil })},
		"remove a text":    {`[{"op":"remove","path":"/description"}]`, with(func(t *symbl.Tracker) { t.Description = "" })},
		"replace the list": {`[{"op":"replace","path":"/languages","value":["fr-FR","de"]}]`, with(func(t *symbl.Tracker) { t.Languages = []string{"fr-FR", "de"} })},
		"several steps": {`[{"op":"remove","path":"/vocabulary"},{"op":"add","path":"/vocabulary","value":"z"},{"op":"add","path":"/description","value":"e"}]`,
			with(func(t *symbl.Tracker) { t.Vocabulary, t.Description = []string{"z"}, "e" })},
	}
	a := oneEngine(t, engine.Config{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			made := one(t, a.ok(http.MethodPost, "/v1/manage/trackers", `{"name":"N","description":"d","categories":["c","k"],"languages":["en-US"],"vocabulary":["a","b"]}`))
			got := one(t, a.ok(http.MethodPatch, "/v1/manage/trackers/"+made.ID, tt.patch))
			tt.want.ID, tt.want.CreatedOn, tt.want.UpdatedOn = made.ID, made.CreatedOn, got.UpdatedOn
			require.Empty(t, cmp.Diff(tt.want, got))
			a.ok(http.MethodDelete, "/v1/manage/trackers/"+made.ID, "")
		})
	}
}

func TestTrackerPatchRefusals(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	id := a.track("N", "a", "b")
	tests := map[string]struct{ patch, field string }{
		"an object":            {`{"name":"M"}`, "body"},
		"nothing":              {`[]`, "body"},
		"no operation":         {`[7]`, "[0]"},
		"no op":                {`[{"path":"/name","value":"M"}]`, "[0].op"},
		"unknown op":           {`[{"op":"move","path":"/name","value":"M"}]`, "[0].op"},
		"no path":              {`[{"op":"add","value":"M"}]`, "[0].path"},
		"unknown path":         {`[{"op":"add","path":"/id","value":"M"}]`, "[0].path"},
		"exclusions":           {`[{"op":"add","path":"/excludeVocabulary","value":"M"}]`, "[0].path"},
		"no value":             {`[{"op":"add","path":"/vocabulary"}]`, "[0].value"},
		"sensitivity":          {`[{"op":"add","path":"/sensitivity","value":"high"}]`, "sensitivity"},
		"ill-typed value":      {`[{"op":"add","path":"/vocabulary","value":{"a":1}}]`, "[0].value"},
		"a name of many":       {`[{"op":"replace","path":"/name","value":["M","O"]}]`, "[0].value"},
		"without a name":       {`[{"op":"remove","path":"/name"}]`, "name"},
		"without a phrase":     {`[{"op":"remove","path":"/vocabulary"}]`, "vocabulary"},
		"a duplicate phrase":   {`[{"op":"add","path":"/vocabulary","value":"a"}]`, "vocabulary[2]"},
		"half of it is wrong":  {`[{"op":"replace","path":"/name","value":"M"},{"op":"add","path":"/x","value":"a"}]`, "[1].path"},
		"further fields in it": {`[{"op":"replace","path":"/name","value":"M","from":"/x"}]`, "[0].from"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPatch, "/v1/manage/trackers/"+id, tt.patch), tt.field)
		})
	}
	require.Equal(t, "N", one(t, a.ok(http.MethodGet, "/v1/manage/trackers/"+id, "")).Name)
}

func TestTrackerNamesAreUniqueAndKnowCase(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("A", "x")
	lower := a.track("a", "x")
	a.refused(http.StatusConflict, http.MethodPost, "/v1/manage/tracker", `{"name":"A","vocabulary":["y"]}`)
	a.refused(http.StatusConflict, http.MethodPut, "/v1/manage/tracker/"+lower, `{"name":"A"}`)
	a.refused(http.StatusConflict, http.MethodPatch, "/v1/manage/tracker/"+lower, `[{"op":"replace","path":"/name","value":"A"}]`)
	require.Equal(t, "a", one(t, a.ok(http.MethodPut, "/v1/manage/tracker/"+lower, `{"name":"a"}`)).Name)
}

func TestTrackerLimits(t *testing.T) {
	a := oneEngine(t, engine.Config{MaxTrackers: 2})
	a.track("A", "x")
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/manage/trackers/bulk", `[{"name":"B","vocabulary":["b"]},{"name":"C","vocabulary":["c"]}]`), "2 trackers")
	b := a.track("B", "x")
	a.refused(http.StatusBadRequest, http.MethodPost, "/v1/manage/trackers", `{"name":"C","vocabulary":["c"]}`)
	a.ok(http.MethodDelete, "/v1/manage/trackers/"+b, "")
	a.track("C", "x")

	large := `{"name":"L","vocabulary":["` + strings.Repeat("x", 1<<20) + `"]}`
	a.refused(http.StatusRequestEntityTooLarge, http.MethodPost, "/v1/manage/trackers", large)
	a.refused(http.StatusRequestEntityTooLarge, http.MethodPut, "/v1/manage/trackers/"+b, large)
	a.refused(http.StatusRequestEntityTooLarge, http.MethodPatch, "/v1/manage/trackers/"+b, large)
}

func TestConcurrentBulkCreatesAreAllOrNothing(t *testing.T) {
	s := startNATS(t)
	engines := []*api{
		call(t, newEngine(t, connect(t, s), engine.Config{})),
		call(t, newEngine(t, connect(t, s), engine.Config{})),
	}
	const rounds = 12
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range rounds {
		a := engines[i%2]
		all.Go(func() {
			body := fmt.Sprintf(`[{"name":"only %d","vocabulary":["a"]},{"name":"shared","vocabulary":["b"]},{"name":"also %d","vocabulary":["c"]}]`, i, i)
			if status, _ := a.do(http.MethodPost, "/v1/manage/trackers/bulk", body); status == http.StatusOK {
				won.Add(1)
			}
		})
		all.Go(func() {
			a.do(http.MethodPost, "/v1/manage/tracker", fmt.Sprintf(`{"name":"single %d","vocabulary":["a"]}`, i))
		})
	}
	all.Wait()
	require.EqualValues(t, 1, won.Load())
	for _, a := range engines {
		got := many(t, a.ok(http.MethodGet, "/v1/manage/trackers", ""))
		require.Len(t, got, 3+rounds)
		ids := map[string]bool{}
		for _, tracker := range got {
			ids[tracker.ID] = true
		}
		require.Len(t, ids, len(got))
	}
}
