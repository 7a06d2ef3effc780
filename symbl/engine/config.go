package engine

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
)

// Config is what an engine is made of. The zero value works.
type Config struct {
	AppID       string // empty: generated on first use and kept on NATS
	AppSecret   string // likewise
	Workers     int    // jobs worked on at once by this engine; 0: one for each core
	MaxJobs     int    // jobs of all engines that have not ended, beyond which submissions get 429; 0: no limit
	MaxTrackers int    // 0: 500
	Replicas    int    // of the buckets and the stream; 0: 1
	Logger      *zap.Logger

	// Callbacks sends status callbacks to webhookUrl. Without it none are
	// sent, and a webhookUrl is refused.
	Callbacks Poster

	// Transcriber turns audio and video into text. Without one they are
	// refused.
	Transcriber Transcriber
	// Downloads fetches recordings that are submitted by URL. Without it they
	// are refused.
	Downloads *safehttp.Client
	MaxMedia  int64  // bytes of a recording; 0: 2 GiB
	TempDir   string // for recordings while they are transcribed; empty: the system's

	// Finished is told of each job that completed or failed, at least once,
	// before its work is taken off the queue. An error means: tell me again.
	Finished func(ctx context.Context, f Finished) error

	maxConversation int // bytes; tests make it small
	timing          timing
}

// Finished is a job that completed or failed.
type Finished struct {
	JobID          string
	ConversationID string
	Name           string // of the submission; the conversation's id without one
	Status         symbl.Status
	Error          string // why it failed
}

const (
	defaultMaxTrackers = 500
	maxReplicas        = 5
)

// timing is when the engine tries again; tests make it short.
type timing struct {
	ackWait  time.Duration // unheard-of work goes to another worker after it
	drain    time.Duration // what jobs under way get to finish in when Run ends
	retry    time.Duration // first wait after a failure; doubles
	retryMax time.Duration

	callbackMax time.Duration // longest wait between two tries of a callback
	patience    time.Duration // how long a callback is tried
	transcribe  time.Duration // that each transcription gets, beside three times its length
	away        time.Duration // that a transcriber may be away for
	present     time.Duration // how often an engine with a transcriber says that it is there
	unheard     time.Duration // that no such engine may be there for
}

// withDefaults fills what is not set, and refuses what cannot be.
func (c Config) withDefaults() (Config, error) {
	if c.Workers < 0 || c.MaxJobs < 0 || c.MaxTrackers < 0 || c.Replicas < 0 || c.Replicas > maxReplicas {
		return c, fmt.Errorf("workers, maxJobs and maxTrackers must not be negative, replicas must be 0 to %d", maxReplicas)
	}
	if c.Workers == 0 {
		c.Workers = runtime.NumCPU()
	}
	if c.MaxTrackers == 0 {
		c.MaxTrackers = defaultMaxTrackers
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.MaxMedia == 0 {
		c.MaxMedia = defaultMaxMedia
	}
	if c.maxConversation == 0 {
		c.maxConversation = maxConversation
	}
	if c.timing == (timing{}) {
		c.timing = timing{
			ackWait: 10 * time.Second, drain: 5 * time.Second, retry: time.Second, retryMax: 15 * time.Second,
			callbackMax: 2 * time.Minute, patience: time.Hour,
			transcribe: 10 * time.Minute, away: 4 * time.Hour,
			present: 2 * time.Minute, unheard: 10 * time.Minute,
		}
	}
	return c, nil
}
