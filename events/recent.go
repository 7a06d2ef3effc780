package events

import (
	"maps"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
)

// recentEntries is how many entries a process remembers: far more than are in
// its handlers, far fewer than may wait for their jobs.
const recentEntries = 1024

// recent are the ledger's entries as this process last wrote or read them. One
// may be old, because another replica changed it: it is good for a change,
// which the compare-and-set then refuses, and for nothing else.
type recent struct {
	lru *lru.Cache[string, Entry]
}

func newRecent() (recent, error) {
	cache, err := lru.New[string, Entry](recentEntries)
	return recent{cache}, err
}

func (r recent) get(key string) (Entry, bool) {
	e, ok := r.lru.Get(key)
	if !ok {
		return Entry{}, false
	}
	return e.clone(), true
}

// put takes e unless something later is known.
func (r recent) put(e Entry) {
	if known, ok := r.lru.Peek(e.Key); !ok || known.revision <= e.revision {
		r.lru.Add(e.Key, e.clone())
	}
}

func (r recent) forget(key string) { r.lru.Remove(key) }

// clone shares nothing that a handler changes.
func (e Entry) clone() Entry {
	e.Alerts, e.Earlier = cloneAlerts(e.Alerts), cloneAlerts(e.Earlier)
	e.Trackers, e.Conversations = slices.Clone(e.Trackers), slices.Clone(e.Conversations)
	e.Threads, e.Steps, e.DeadLetters = slices.Clone(e.Threads), slices.Clone(e.Steps), slices.Clone(e.DeadLetters)
	e.Attempts, e.FailingSince, e.Trials = maps.Clone(e.Attempts), maps.Clone(e.FailingSince), maps.Clone(e.Trials)
	if e.Digest != nil {
		d := *e.Digest
		d.Alerts, d.Mentions = slices.Clone(d.Alerts), slices.Clone(d.Mentions)
		e.Digest = &d
	}
	return e
}

func cloneAlerts(list []AlertRecord) []AlertRecord {
	list = slices.Clone(list)
	for i := range list {
		a := &list[i]
		a.Replies, a.Said, a.Feedback = slices.Clone(a.Replies), slices.Clone(a.Said), slices.Clone(a.Feedback)
	}
	return list
}
