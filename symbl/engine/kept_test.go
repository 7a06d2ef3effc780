package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestKeptMessagesAreReadAsTheyWereWritten(t *testing.T) {
	seconds := 1.5
	full := symbl.Message{
		ID: "1", Text: "a sale", From: symbl.Person{ID: "2", Name: "Anna", Email: "anna@example.com", UserID: "anna"},
		StartTime: time.Date(2026, 3, 9, 14, 5, 0, 1e6, time.UTC), EndTime: time.Date(2026, 3, 9, 14, 5, 1, 0, time.UTC),
		TimeOffset: &seconds, Duration: &seconds, ConversationID: "3",
	}
	for _, v := range []reflect.Value{reflect.ValueOf(full), reflect.ValueOf(full.From)} {
		for i := range v.NumField() {
			require.False(t, v.Field(i).IsZero(), "a new field, %s: kept must read it, too", v.Type().Field(i).Name)
		}
	}
	want := kept{full, {ID: "4"}}
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	var got kept
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, want, got)
	require.Error(t, json.Unmarshal([]byte(`[{"id":1}]`), &got), "nobody else writes them")
}
