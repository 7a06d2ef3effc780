package events

import (
	"context"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

const capPrefix = "cap." // and the destination's slug, in the bucket TRACKERBELL

// hourly is how many alerts a destination was told in an hour.
type hourly struct {
	End     time.Time `json:"end"` // of the hour
	Alerts  int       `json:"alerts"`
	LastSeq uint64    `json:"lastSeq"` // of the last one: what is delivered again is not counted again
}

// admit counts an alert, unless the destination's hour is full; 0 is no cap.
func (s *Service) admit(ctx context.Context, slug string, perHour int, seq uint64, now time.Time) (admitted bool, err error) {
	if perHour <= 0 {
		return true, nil
	}
	set, err := s.streams()
	if err != nil {
		return false, err
	}
	err = mutateState(ctx, set.state, capPrefix+slug, func(h *hourly) error {
		if admitted = seq <= h.LastSeq; admitted {
			return errUnchanged
		}
		if end := notify.HourOf(now); !h.End.Equal(end) {
			h.End, h.Alerts = end, 0
		}
		if admitted = h.Alerts < perHour; !admitted {
			return errUnchanged
		}
		h.Alerts, h.LastSeq = h.Alerts+1, seq
		return nil
	})
	return admitted, err
}
