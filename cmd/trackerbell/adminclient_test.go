package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForgettingThatLeavesSomethingIsNoSuccess(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"messages":1,"events":3,"left":["#sales: cant_delete_message"]}`))
	}))
	t.Cleanup(admin.Close)
	for _, output := range []string{"text", "json"} {
		r := command(t, t.TempDir(), nil, "recordings", "forget", "calls.1", "--output", output, "--admin", admin.URL)
		require.Equal(t, 1, r.code)
		require.Equal(t, "trackerbell: not deleted: #sales: cant_delete_message\n", r.stderr)
		require.Contains(t, r.stdout, "3")
	}
}

func TestAListOfDeadLettersSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("cursor") == "8" {
			_, _ = w.Write([]byte(`{"dead":[{"id":7,"recording":"calls.1"}],"next":""}`))
			return
		}
		_, _ = w.Write([]byte(`{"dead":[{"id":8,"recording":"calls.2"}],"next":"8"}`))
	}))
	t.Cleanup(admin.Close)
	r := command(t, t.TempDir(), nil, "dead", "list", "--limit", "1", "--admin", admin.URL)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "calls.2")
	require.Contains(t, r.stdout, "\nmore: --cursor 8\n")
	r = command(t, t.TempDir(), nil, "dead", "list", "--cursor", "8", "--admin", admin.URL)
	require.Contains(t, r.stdout, "calls.1")
	require.NotContains(t, r.stdout, "more:")
}
