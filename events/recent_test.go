package events

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// What a clone shares with the entry that is remembered is never changed in
// place. A new field of Entry that is a slice, a map or a pointer belongs into
// clone, or here.
func TestACloneSharesOnlyWhatNobodyChanges(t *testing.T) {
	var e Entry
	fill(reflect.ValueOf(&e).Elem())
	c := e.clone()
	require.Empty(t, cmp.Diff(e, c, cmp.AllowUnexported(Entry{})))

	var shared []string
	for _, path := range sharing("", reflect.ValueOf(e), reflect.ValueOf(c)) {
		if !slices.Contains(shared, path) {
			shared = append(shared, path)
		}
	}
	of := func(list string) []string {
		var out []string
		for _, name := range []string{"Trackers", "Parts", "Style.Mentions", "Style.Template.Fields", "Folded"} {
			out = append(out, list+"."+name)
		}
		return out
	}
	require.ElementsMatch(t, slices.Concat([]string{"Call.Labels"}, of("Alerts"), of("Earlier")), shared)
}

// fill gives every field a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	}
}

// sharing lists the slices, maps and pointers that two values have in common.
func sharing(path string, a, b reflect.Value) []string {
	switch a.Kind() {
	case reflect.Pointer:
		if a.UnsafePointer() == b.UnsafePointer() {
			return []string{path}
		}
		return sharing(path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.UnsafePointer() == b.UnsafePointer() {
			return []string{path}
		}
		return sharing(path, a.Index(0), b.Index(0))
	case reflect.Map:
		if a.UnsafePointer() == b.UnsafePointer() {
			return []string{path}
		}
	case reflect.Struct:
		var out []string
		for i := range a.NumField() {
			field := a.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			name := field.Name
			if path != "" {
				name = path + "." + name
			}
			if field.Anonymous && field.Name == "Post" {
				name = path
			}
			out = append(out, sharing(name, a.Field(i), b.Field(i))...)
		}
		return out
	}
	return nil
}

func TestWhatIsRememberedNeverDecidesAlone(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	here, there := h.opened.Load().ledger, ledgerOf(h)
	ctx := t.Context()
	set := func(l *Ledger, stage Stage) {
		_, err := l.Mutate(ctx, "calls.a", func(e *Entry) error {
			e.Stage = stage
			return nil
		})
		require.NoError(t, err)
	}
	set(here, StageReady)
	set(there, StageSubmitted) // another replica
	old := func(e *Entry) bool { return e.Stage == StageReady }

	e, err := here.Recent(ctx, "calls.a", old)
	require.NoError(t, err)
	require.Equal(t, StageReady, e.Stage, "it is what was last known here")

	var seen []Stage
	_, err = here.Mutate(ctx, "calls.a", func(e *Entry) error {
		seen = append(seen, e.Stage)
		e.JobID = "job"
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []Stage{StageReady, StageSubmitted}, seen, "a change of what is old is refused and made anew")

	set(there, StageProcessed)
	refused := errors.New("not for me")
	seen = nil
	e, err = here.Mutate(ctx, "calls.a", func(e *Entry) error {
		seen = append(seen, e.Stage)
		return refused
	})
	require.ErrorIs(t, err, refused)
	require.Equal(t, []Stage{StageSubmitted, StageProcessed}, seen, "a refusal rests on what is stored")
	require.Equal(t, "job", e.JobID)

	e, err = here.Recent(ctx, "calls.a", old)
	require.NoError(t, err)
	require.Equal(t, StageProcessed, e.Stage, "what is not as needed is read")
}

// ledgerOf is the ledger of another process.
func ledgerOf(h *house) *Ledger {
	h.t.Helper()
	l, err := newLedger(h.t.Context(), h.js, h.opened.Load().ledger.kv)
	require.NoError(h.t, err)
	return l
}
