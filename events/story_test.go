package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheStoryOfARecordingIsToldFromItsEvents(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	rec := transcript("told")
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, rec.Key, StageDone)
	s, err := h.Story(t.Context(), rec.Key)
	require.NoError(t, err)
	require.Equal(t, rec.Transcript, s.Recording.Transcript)
	require.Equal(t, "Sale", s.Trackers[0].Name)
	require.Equal(t, "a sale", s.Trackers[0].Quotes[0].Text)

	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, set.recordings.DeleteMsg(t.Context(), e.ReadySeq))
	require.NoError(t, set.recordings.DeleteMsg(t.Context(), e.FoundSeq))
	s, err = h.Story(t.Context(), rec.Key)
	require.NoError(t, err)
	require.Equal(t, "Sale", s.Trackers[0].Name, "the ledger still knows the name")
	require.Empty(t, s.Trackers[0].Quotes)
	_, err = h.Story(t.Context(), "calls.none")
	require.ErrorIs(t, err, ErrNotFound)
}
