package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

func noConversation() error {
	return refuse(http.StatusNotFound, "The conversationId is either invalid or does not exist.")
}

// findConversation reads a conversation, or gives a 404.
func (e *Engine) findConversation(ctx context.Context, id string) (conversation, error) {
	if !plausibleID(id) {
		return conversation{}, noConversation()
	}
	c, _, err := load[conversation](ctx, e.store, keyConversation+id)
	if errors.Is(err, errNotFound) {
		return c, noConversation()
	}
	return c, err
}

// getConversation is GET /v1/conversations/{id}.
func (e *Engine) getConversation(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, c.body())
	return nil
}

// conversationBody is a conversation as clients see it.
type conversationBody struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	StartTime moment          `json:"startTime,omitzero"` // none before there are messages
	EndTime   moment          `json:"endTime,omitzero"`
	Members   []symbl.Person  `json:"members"`
	Metadata  json.RawMessage `json:"metadata"`
}

func (c *conversation) body() conversationBody {
	body := conversationBody{ID: c.ID, Type: c.Type, Name: c.Name, Members: c.members(), Metadata: c.Metadata}
	body.StartTime.Time, body.EndTime.Time = span(c.messages())
	if body.Metadata == nil {
		body.Metadata = json.RawMessage("{}")
	}
	return body
}

// getMessages is GET /v1/conversations/{id}/messages.
func (e *Engine) getMessages(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, struct {
		Messages []messageBody `json:"messages"`
	}{messageBodies(c.messages(), c.begin())})
	return nil
}

// getMembers is GET /v1/conversations/{id}/members.
func (e *Engine) getMembers(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, struct {
		Members []symbl.Person `json:"members"`
	}{c.members()})
	return nil
}

// getDetected is GET /v1/conversations/{id}/trackers, which generation 1 calls
// trackers-detected.
func (e *Engine) getDetected(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, c.results())
	return nil
}

// deleteConversation is DELETE /v1/conversations/{id}. It is for good, and
// takes all that was said along; a job that still works on the conversation
// fails.
func (e *Engine) deleteConversation(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !plausibleID(id) {
		return noConversation()
	}
	_, err := untilSettled(r.Context(), func() (struct{}, error) {
		return struct{}{}, e.erase(r.Context(), id)
	})
	if errors.Is(err, errNotFound) {
		return noConversation()
	} else if err != nil {
		return err
	}
	respond(w, http.StatusOK, struct {
		Message string `json:"message"`
	}{"successfully deleted the conversation"})
	return nil
}

// erase removes what is kept of a conversation, also if it cannot be read any more. It
// gives errConflict if a job was added to it, or has added to it, meanwhile.
func (e *Engine) erase(ctx context.Context, id string) error {
	jobs, listings, v, err := e.belongings(ctx, id)
	if err != nil {
		return err
	}
	// The conversation last: what a crash leaves behind can be deleted again.
	// A job that added its part may have been stopped before it cleared up.
	keys := []string{keyConversation + id}
	for _, job := range jobs {
		if err := e.dropInput(ctx, job); err != nil {
			return err
		}
		keys = append(keys, keyInput+job)
	}
	for _, key := range listings {
		if err := e.store.remove(ctx, key); err != nil && !errors.Is(err, errNotFound) {
			return err
		}
	}
	if err := e.store.removeAt(ctx, keyConversation+id, v); err != nil {
		return err
	}
	return e.store.dropOf(ctx, keys)
}

// conversationParts is a conversation of which the text need not be decoded.
type conversationParts struct {
	Created time.Time `json:"created"`
	Pending []string  `json:"pending"`
	Parts   []struct {
		Job string `json:"job"`
	} `json:"parts"`
}

// belongings gives the jobs of a conversation, the keys of its listings, and its
// version. Those of one that cannot be read are looked for among all.
func (e *Engine) belongings(ctx context.Context, id string) (jobs, listings []string, v version, err error) {
	c, v, err := load[conversationParts](ctx, e.store, keyConversation+id)
	if errors.Is(err, errUnreadable) {
		jobs, listings, err = e.strays(ctx, id)
		return jobs, listings, v, err
	} else if err != nil {
		return nil, nil, v, err
	}
	jobs = c.Pending
	for _, p := range c.Parts {
		jobs = append(jobs, p.Job)
	}
	return jobs, []string{listingKey(id, c.Created)}, v, nil
}

// strays looks for the jobs and the listings of a conversation.
func (e *Engine) strays(ctx context.Context, id string) (jobs, listings []string, err error) {
	err = scan(ctx, e.store, []string{keyJob + "*"}, func(key string, j job) {
		if j.ConversationID == id {
			jobs = append(jobs, lastToken(key))
		}
	})
	if err != nil {
		return nil, nil, err
	}
	err = e.store.scan(ctx, []string{keyListing + "*." + id}, func(key string, _ []byte) error {
		listings = append(listings, key)
		return nil
	})
	return jobs, listings, err
}
