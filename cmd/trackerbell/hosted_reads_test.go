package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (h *hostedSymbl) job(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.jobs[r.PathValue("id")]
	if j == nil {
		writeHosted(w, http.StatusNotFound, map[string]any{"message": "job not found"})
		return
	}
	writeHosted(w, http.StatusOK, map[string]any{"id": j.id, "status": j.status})
}

func (h *hostedSymbl) byConversation(id string) *hostedJob {
	for _, j := range h.jobs {
		if j.conversation == id {
			return j
		}
	}
	return nil
}

func (j *hostedJob) wire() map[string]any {
	c := map[string]any{"id": j.conversation, "type": "meeting", "name": j.name, "startTime": j.started.UTC().Format(time.RFC3339Nano), "members": []any{}}
	if !j.ended.IsZero() {
		c["endTime"] = j.ended.UTC().Format(time.RFC3339Nano)
	}
	return c
}

// conversations is the one list with pages.
func (h *hostedSymbl) conversations(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := r.URL.Query()
	since, _ := time.Parse(time.RFC3339, q.Get("startTime"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 20
	}
	var all []*hostedJob
	for _, j := range h.jobs {
		if !j.started.Before(since) && time.Now().After(j.listed) {
			all = append(all, j)
		}
	}
	// Those that start together have an order as well, or pages would not fit.
	slices.SortFunc(all, func(a, b *hostedJob) int {
		return cmp.Or(b.started.Compare(a.started), cmp.Compare(b.conversation, a.conversation))
	})
	offset, _ := strconv.Atoi(q.Get("offset"))
	page := []any{}
	for _, j := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		page = append(page, j.wire())
	}
	writeHosted(w, http.StatusOK, map[string]any{"conversations": page})
}

func (h *hostedSymbl) conversation(w http.ResponseWriter, r *http.Request) {
	h.read(w, r, func(j *hostedJob) any { return j.wire() })
}

func (h *hostedSymbl) messages(w http.ResponseWriter, r *http.Request) {
	h.read(w, r, func(j *hostedJob) any { return map[string]any{"messages": j.messages} })
}

func (h *hostedSymbl) read(w http.ResponseWriter, r *http.Request, show func(*hostedJob) any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j := h.byConversation(r.PathValue("id"))
	if j == nil {
		writeHosted(w, http.StatusNotFound, map[string]any{"message": "The conversationId is either invalid or does not exist."})
		return
	}
	writeHosted(w, http.StatusOK, show(j))
}

// results are the tracker results: a bare array. Before the job's end they are
// partial, and no error.
func (h *hostedSymbl) results(w http.ResponseWriter, r *http.Request) {
	path := "trackers"
	if h.detected {
		path = "trackers-detected"
	}
	if r.PathValue("results") != path {
		http.NotFound(w, r)
		return
	}
	h.read(w, r, func(j *hostedJob) any {
		if j.status != "completed" {
			return []any{}
		}
		return h.detect(j)
	})
}

// detect finds the first phrase of the first tracker literally.
func (h *hostedSymbl) detect(j *hostedJob) []any {
	const phrase = "We have a sale right now on"
	refs := []any{}
	for _, raw := range j.messages {
		m, _ := raw.(map[string]any)
		text, _ := m["text"].(string)
		if at := strings.Index(strings.ToLower(text), strings.ToLower(phrase)); at >= 0 {
			refs = append(refs, map[string]any{"id": m["id"], "text": text, "offset": at})
		}
	}
	if len(refs) == 0 {
		return []any{}
	}
	match := map[string]any{"type": "vocabulary", "value": phrase, "messageRefs": refs, "insightRefs": []any{}}
	return []any{map[string]any{"id": "4476908732794496", "name": "Promotion Mention", "matches": []any{match}}}
}

func (h *hostedSymbl) listTrackers(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	writeHosted(w, http.StatusOK, map[string]any{"trackers": h.trackers})
}

func writeHosted(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // to a client that may have gone
}

// submissions are those that were accepted.
func (h *hostedSymbl) submissions() []submission {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.taken)
}

// tried counts the submissions, refused ones included.
func (h *hostedSymbl) tried() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.attempts
}

// mostAtATime is how many jobs ran at a time.
func (h *hostedSymbl) mostAtATime() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.most
}

// tokensIssued counts the different tokens that were given out.
func (h *hostedSymbl) tokensIssued() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.issued
}

// unfinished are the jobs that still run, in no order.
func (h *hostedSymbl) unfinished() (list []*hostedJob) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, j := range h.jobs {
		if j.ended.IsZero() {
			list = append(list, j)
		}
	}
	return list
}

// end ends a job and tells of it.
func (h *hostedSymbl) end(j *hostedJob, status string) {
	h.finish(j.id, status)
	h.told(j, "in_progress", status)
}
