package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

func TestWhatIsChangedIsInTheAuditLogBeforeItIsDone(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	for _, r := range []*http.Request{
		request("GET", "/api/recordings/calls.RE1", "op"), request("DELETE", "/api/recordings/calls.RE1", "view"), request("DELETE", "/api/dead/7", ""),
	} {
		do(a, r)
	}
	require.Empty(t, a.store.deeds, "reading is none, and what is refused is not done")

	a.store.forget = func(string) (events.Forgotten, error) {
		require.Len(t, a.store.deeds, 1)
		return events.Forgotten{}, nil
	}
	r := request("DELETE", "/api/recordings/calls.RE1", "op")
	r.Header.Set("X-Forwarded-For", "203.0.113.7, 10.0.0.1")
	require.Equal(t, 200, do(a, r).Code)
	require.Equal(t, 202, do(a, request("POST", "/api/dead/7/replay", "op")).Code)
	require.Equal(t, []events.Deed{
		{Role: "operator", Address: "192.0.2.1", Forwarded: "203.0.113.7", Action: "forget", Object: "calls.RE1", Detail: "DELETE /api/recordings/:key"},
		{Role: "operator", Address: "192.0.2.1", Action: "replay", Object: "7", Detail: "POST /api/dead/:id/replay"},
	}, a.store.deeds)
	require.Equal(t, 201, do(a, request("POST", "/api/silences?for=2h&reason=why&destination=%23sales&source=calls", "op")).Code)
	require.Equal(t, "#sales calls", a.store.deeds[2].Object)
}

func TestWhatAClientOfTheEngineChangesIsInTheAuditLog(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op"}, func(d *api.AdminDeps) {
		d.Engine = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer of-the-engine" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
	})
	for _, r := range []*http.Request{
		request("DELETE", "/v1/manage/tracker/7", "wrong"), request("GET", "/v1/manage/trackers", "of-the-engine"),
		request("HEAD", "/v1/manage/trackers", "of-the-engine"),
		request("POST", "/v1/process/text", "of-the-engine"),
	} {
		do(a, r)
	}
	require.Empty(t, a.store.deeds)
	require.Equal(t, 200, do(a, request("DELETE", "/v1/manage/tracker/7", "of-the-engine")).Code)
	require.Equal(t, []events.Deed{{Role: "client", Address: "192.0.2.1", Action: "tracker", Object: "tracker/7", Detail: "DELETE by the engine's API"}}, a.store.deeds)
}
