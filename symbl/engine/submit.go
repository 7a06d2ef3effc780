package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/symbl"
)

const maxKeyLen = 255 // of an Idempotency-Key

// ticket is what a submission was promised: the ids it gets whenever it
// succeeds. It is kept under the submission's Idempotency-Key.
type ticket struct {
	Fingerprint    string    `json:"fingerprint"` // of the request
	ConversationID string    `json:"conversationId"`
	JobID          string    `json:"jobId"`
	At             time.Time `json:"at"`
}

// processText is POST /v1/process/text.
func (e *Engine) processText(w http.ResponseWriter, r *http.Request) error {
	return e.submitText(w, r, "")
}

// appendText is PUT /v1/process/text/{conversationId}.
func (e *Engine) appendText(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !plausibleID(id) {
		return noConversation()
	}
	return e.submitText(w, r, id)
}

// submitText takes text in, for a new conversation or to append to one.
func (e *Engine) submitText(w http.ResponseWriter, r *http.Request, appendTo string) error {
	body, err := readBody(w, r, maxTextBody)
	if err != nil {
		return err
	}
	_, err = e.submit(w, r, sha256.Sum256(body), appendTo, func() (submission, error) {
		return readText(body, r.URL.Query(), e.cfg.Callbacks != nil)
	})
	return err
}

// submit takes a submission in, once for each Idempotency-Key, and answers
// with its ids. The sum is that of the request's body; appendTo is empty for a
// new conversation. It tells whether the submission was entered, or may have
// been: if not, nothing refers to the media that it came with.
func (e *Engine) submit(
	w http.ResponseWriter, r *http.Request, sum [sha256.Size]byte, appendTo string, read func() (submission, error),
) (entered bool, err error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKeyLen {
		return false, invalid("Idempotency-Key", fmt.Sprintf("must be at most %d characters long", maxKeyLen))
	}
	t, err := e.recall(r.Context(), key, fingerprint(r.Method, r.URL, sum))
	if err != nil {
		return false, err
	}
	known := false
	if t.JobID != "" {
		if known, err = e.resume(r.Context(), t); err != nil {
			return false, err
		}
	}
	if !known {
		s, err := read()
		if err != nil {
			return false, err
		}
		if t, err = e.enter(r.Context(), key, t, s, appendTo); err != nil {
			var refused *apiError
			return !errors.As(err, &refused), err
		}
	}
	respond(w, http.StatusCreated, symbl.Job{ConversationID: t.ConversationID, JobID: t.JobID})
	return !known, nil
}

// fingerprint is the same for the same request only.
func fingerprint(method string, u *url.URL, body [sha256.Size]byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n%x", method, u.RequestURI(), body)
	return hex.EncodeToString(h.Sum(nil))
}

func idempotencyEntry(key string) string {
	sum := sha256.Sum256([]byte(key))
	return keyIdempotency + hex.EncodeToString(sum[:])
}

// recall finds the ticket of an earlier request with the key; without one it
// gives a ticket that has no ids. Another request with the key is a 422.
func (e *Engine) recall(ctx context.Context, key, fingerprint string) (ticket, error) {
	if key == "" {
		return ticket{Fingerprint: fingerprint}, nil
	}
	t, _, err := load[ticket](ctx, e.store, idempotencyEntry(key))
	if errors.Is(err, errNotFound) {
		return ticket{Fingerprint: fingerprint}, nil
	} else if err != nil {
		return t, err
	}
	return t, t.mustBe(fingerprint)
}

func (t ticket) mustBe(fingerprint string) error {
	if t.Fingerprint != fingerprint {
		return refuse(http.StatusUnprocessableEntity, "this Idempotency-Key was used for another request")
	}
	return nil
}

// resume tells whether the ticket's job exists. If so everything before it
// does, and at most the work message is missing. Whether it is cannot be looked up, so
// it is sent again while the job waits: see elsewhere.
func (e *Engine) resume(ctx context.Context, t ticket) (bool, error) {
	j, _, err := load[job](ctx, e.store, keyJob+t.JobID)
	if errors.Is(err, errNotFound) {
		return false, nil
	} else if err != nil || j.Status != symbl.Scheduled {
		return true, err
	}
	return true, e.enqueue(ctx, j)
}

// enter writes down a submission. The order is such that whoever repeats it
// after a crash completes it; each write is made once.
func (e *Engine) enter(ctx context.Context, key string, t ticket, s submission, appendTo string) (ticket, error) {
	set, err := e.trackers.load(ctx)
	if err != nil {
		return t, err
	}
	if err := checkChosen(s.Trackers, set); err != nil {
		return t, err
	}
	into := conversation{Language: defaultLanguage}
	if appendTo != "" {
		if into, err = e.findConversation(ctx, appendTo); err != nil {
			return t, err
		}
	}
	leave, err := e.gate.enter(ctx)
	if err != nil {
		return t, err
	}
	defer leave()
	if t.JobID == "" {
		if t, err = e.promise(ctx, key, t.Fingerprint, appendTo); err != nil {
			return t, err
		}
	}
	in, err := makeInput(t, s, into.Language)
	if err != nil {
		return t, err
	}
	if err := e.keepInput(ctx, t.JobID, in); err != nil {
		return t, err
	}
	if appendTo == "" {
		err = e.open(ctx, makeConversation(t, s, in))
	} else {
		err = e.expect(ctx, appendTo, t.JobID)
	}
	if err != nil {
		return t, err
	}
	j := makeJob(t, s, set.revision)
	if err := e.once(ctx, keyJob+t.JobID, j); err != nil {
		return t, err
	}
	return t, e.enqueue(ctx, j)
}

// keepInput writes down what a job works on. What an earlier try wrote is touched:
// the sweep may be about to remove it.
func (e *Engine) keepInput(ctx context.Context, jobID string, in input) error {
	_, err := untilSettled(ctx, func() (struct{}, error) {
		_, err := e.store.create(ctx, keyInput+jobID, in)
		if errors.Is(err, errExists) {
			_, err = change(ctx, e.store, keyInput+jobID, func(*input) error { return nil })
		}
		if errors.Is(err, errNotFound) { // it was removed just now
			err = errConflict
		}
		return struct{}{}, err
	})
	return err
}

// open begins a conversation, and lists it.
func (e *Engine) open(ctx context.Context, c conversation) error {
	if err := e.once(ctx, keyConversation+c.ID, c); err != nil {
		return err
	}
	return e.once(ctx, listingKey(c.ID, c.Created), c.listed())
}

// expect notes in a conversation that a job will add to it: who deletes the
// conversation must find the job's input.
func (e *Engine) expect(ctx context.Context, conversationID, jobID string) error {
	_, err := change(ctx, e.store, keyConversation+conversationID, func(c *conversation) error {
		c.expect(jobID)
		return nil
	})
	if errors.Is(err, errNotFound) { // deleted since it was looked for
		return errors.Join(noConversation(), e.dropInput(ctx, jobID))
	}
	return err
}

// promise makes a ticket. Of requests with one key at the same time, all get
// the same.
func (e *Engine) promise(ctx context.Context, key, fingerprint, conversationID string) (t ticket, err error) {
	if conversationID == "" {
		if conversationID, err = newID(); err != nil {
			return t, err
		}
	}
	t = ticket{Fingerprint: fingerprint, ConversationID: conversationID, JobID: uuid.NewString(), At: e.now().UTC()}
	if key == "" {
		return t, nil
	}
	if t, err = ensure(ctx, e.store, idempotencyEntry(key), t); err != nil {
		return t, err
	}
	return t, t.mustBe(fingerprint)
}

// once creates an entry; that it exists is no error.
func (e *Engine) once(ctx context.Context, key string, value any) error {
	if _, err := e.store.create(ctx, key, value); err != nil && !errors.Is(err, errExists) {
		return err
	}
	return nil
}

// enqueue tells the workers of a job. If they are told again, the queue drops it within
// duplicateWindow; after that they do, since the job is worked on for one message only.
func (e *Engine) enqueue(ctx context.Context, j job) error {
	topic := textTopic
	if j.Media {
		topic = mediaTopic
	}
	if _, err := e.js.Publish(ctx, topic, []byte(j.ID), jetstream.WithMsgID(j.ID)); err != nil {
		return fmt.Errorf("enqueue job: %w", err)
	}
	return nil
}
