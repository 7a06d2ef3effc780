package events

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
)

const channelKey = "channel." // and the destination's slug, in the bucket TRACKERBELL

// channelIDs are the ids that this process knows to be kept, by slug.
type channelIDs struct {
	mu  sync.Mutex
	ids map[string]string
}

// swap sets an id and gives the one before.
func (c *channelIDs) swap(slug, id string) (before string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before = c.ids[slug]
	c.ids[slug] = id
	return before
}

// keepChannel remembers, for all replicas and over restarts, the id of a
// destination's channel, as the answer to a post told it. With it an alert can
// be looked up where the workspace's list of channels cannot be read.
func (s *Service) keepChannel(ctx context.Context, destination, id string) {
	slug := notify.Slug(destination)
	if id == "" || s.channels.swap(slug, id) == id {
		return
	}
	set, err := s.streams()
	if err == nil {
		_, err = set.state.PutString(ctx, channelKey+slug, id)
	}
	if err != nil {
		s.channels.swap(slug, "") // the next post tries again
		s.dep.Log.Debug("the channel's id is not kept", zap.String("destination", destination), zap.Error(err))
	}
}

// channelOf is the id that keepChannel kept; empty when there is none, or it
// cannot be read.
func (s *Service) channelOf(ctx context.Context, destination string) string {
	set, err := s.streams()
	if err != nil {
		return ""
	}
	v, err := set.state.Get(ctx, channelKey+notify.Slug(destination))
	if err != nil {
		return ""
	}
	return string(v.Value())
}
