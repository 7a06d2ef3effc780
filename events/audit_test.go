package events

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheAuditLogKeepsWhoDidWhat(t *testing.T) {
	h := newHouse(t, nil)
	require.ErrorIs(t, h.Audit(t.Context(), Deed{Action: DeedReplay}), ErrUnavailable)
	h.open()
	for _, key := range []string{"calls.a", "calls.b", "calls.c"} {
		require.NoError(t, h.Audit(t.Context(), Deed{Role: "operator", Address: "192.0.2.1", Action: DeedReplay, Object: key, Detail: "from route"}))
	}
	require.NoError(t, h.Audit(t.Context(), Deed{Role: "viewer", Action: DeedLogin}), "a login is about nothing")

	page, err := h.Deeds(t.Context(), 0, 3)
	require.NoError(t, err)
	require.Equal(t, []string{DeedLogin, DeedReplay, DeedReplay}, []string{page.Deeds[0].Action, page.Deeds[1].Action, page.Deeds[2].Action})
	require.Equal(t, "calls.c", page.Deeds[1].Object)
	require.WithinDuration(t, time.Now(), page.Deeds[0].At, soon)
	page, err = h.Deeds(t.Context(), page.Next, 3)
	require.NoError(t, err)
	require.Equal(t, []Deed{{ID: 1, At: page.Deeds[0].At, Role: "operator", Address: "192.0.2.1", Action: DeedReplay, Object: "calls.a", Detail: "from route"}}, page.Deeds)
	require.Zero(t, page.Next)

	spoilt := h.put("audit.replay", "\x00\xff")
	page, err = h.Deeds(t.Context(), 0, 3)
	require.NoError(t, err)
	require.Equal(t, spoilt, page.Deeds[0].ID)
	require.Equal(t, DeedReplay, page.Deeds[0].Action)
	require.Contains(t, page.Deeds[0].Detail, "cannot be read")
	require.Equal(t, DeedLogin, page.Deeds[1].Action, "it hides no other")

	stream, err := h.js.Stream(t.Context(), StreamAudit)
	require.NoError(t, err)
	require.Error(t, stream.DeleteMsg(t.Context(), 1), "nobody takes anything out of it")
}
