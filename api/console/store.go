package console

import (
	"context"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// Store is what the pages show and change. *events.Service implements it; its
// methods are called concurrently, and what they do not find is
// events.ErrNotFound.
type Store interface {
	Search(ctx context.Context, q events.Search, cursor uint64, limit int) (events.SearchPage, error)
	Entry(ctx context.Context, key string) (events.Entry, error)
	Story(ctx context.Context, key string) (events.Story, error)
	Transcript(ctx context.Context, key string) (events.Transcript, error)
	Explain(call notify.Call, found []notify.Tracker) notify.Explanation
	SourceNames() []string
	// Link is where people can hear a recording elsewhere, AlertLink where an
	// alert's message is read; empty where nobody knows.
	Link(e events.Entry) string
	AlertLink(ctx context.Context, a events.AlertRecord) string
	Watch(ctx context.Context, changed func(key string)) error
	Listen(ctx context.Context, key, byteRange string) (*events.Sound, error)
	ReplayRecording(ctx context.Context, key string) error
	RouteAgain(ctx context.Context, key string) error
	Forget(ctx context.Context, key string) (events.Forgotten, error)

	DeadCount(ctx context.Context) (int, error)
	DeadLetters(ctx context.Context, cursor uint64, limit int) (events.DeadPage, error)
	DeadLetter(ctx context.Context, id uint64) (events.DeadLetter, error)
	ReplayDead(ctx context.Context, id uint64) error
	DropDead(ctx context.Context, id uint64) error

	Walk(ctx context.Context, after uint64, visit func(*events.Glance) (on bool)) error
	Recent(ctx context.Context, calls int) ([]events.Spoken, error)
	StepBacklogs(ctx context.Context) ([]events.StepBacklog, error)
	// Ready tells why the service cannot work now; nil when it can.
	Ready(ctx context.Context) error

	// The silences hold alerts back.
	AddSilence(ctx context.Context, q events.Silence) (events.Silence, error)
	Silences(ctx context.Context) ([]events.Silence, error)
	DropSilence(ctx context.Context, id string) error

	Audit(ctx context.Context, d events.Deed) error
	Deeds(ctx context.Context, cursor uint64, limit int) (events.DeedPage, error)
}
