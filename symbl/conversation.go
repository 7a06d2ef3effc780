package symbl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize = 100
	maxPages = 100
)

// ErrTooLong says that a listing has more pages than are read. It is in the
// chain of a Permanent *Error.
var ErrTooLong = errors.New("the listing is too long")

// Conversation makes GET /v1/conversations/{id}.
func (c *Client) Conversation(ctx context.Context, id string) (Conversation, error) {
	return ask(ctx, c.do, conversationRequest("get conversation", id, ""), func(data []byte) (Conversation, error) {
		return readOne(data, Conversation.known, "conversation")
	})
}

// DeleteConversation makes DELETE /v1/conversations/{id}: for good, with all
// that was said. NotFound means that there is none.
func (c *Client) DeleteConversation(ctx context.Context, id string) error {
	r := &request{op: "delete conversation", method: http.MethodDelete, path: "/v1/conversations/" + url.PathEscape(id)}
	_, err := ask(ctx, c.alone, r, func([]byte) (struct{}, error) { return struct{}{}, nil })
	return err
}

// Messages makes GET /v1/conversations/{id}/messages.
func (c *Client) Messages(ctx context.Context, conversationID string) ([]Message, error) {
	return ask(ctx, c.do, conversationRequest("get messages", conversationID, "/messages"), func(data []byte) ([]Message, error) {
		return readList(data, Message.known, "messages")
	})
}

// TrackerResults makes GET /v1/conversations/{id}/trackers, or
// /trackers-detected where that is not served (the path went to and fro
// between the generations). NotFound means that the conversation does not
// exist. The results can hold trackers that the account never defined.
func (c *Client) TrackerResults(ctx context.Context, conversationID string) ([]TrackerResult, error) {
	const op = "get tracker results"
	read := func(data []byte) ([]TrackerResult, error) {
		return readList(data, TrackerResult.known, "trackers")
	}
	found, first := ask(ctx, c.do, conversationRequest(op, conversationID, "/trackers"), read)
	if !unserved(first) {
		return found, first
	}
	found, second := ask(ctx, c.do, conversationRequest(op, conversationID, "/trackers-detected"), read)
	if !unserved(second) {
		return found, second
	}
	for _, err := range []error{first, second} {
		if noConversation(err) {
			return nil, err
		}
	}
	e := invalid(op, "the server serves neither /trackers nor /trackers-detected of conversations")
	e.Status = statusOf(second)
	return nil, e
}

func conversationRequest(op, id, below string) *request {
	return &request{op: op, method: http.MethodGet, path: "/v1/conversations/" + url.PathEscape(id) + below}
}

func statusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// unserved tells that the path, or what it names, does not exist.
func unserved(err error) bool {
	status := statusOf(err)
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// noConversation tells a conversation that does not exist from a path that
// does not. Symbl: "The conversationId is either invalid or does not exist."
func noConversation(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound {
		return false
	}
	text := strings.ToLower(e.Message)
	return strings.Contains(text, "conversation") &&
		(strings.Contains(text, "exist") || strings.Contains(text, "not found") || strings.Contains(text, "invalid") || strings.Contains(text, "unknown"))
}

// FindConversation looks for the newest conversation with exactly that name
// among those that started at or after since (GET /v1/conversations), except
// those with the given ids. A zero since leaves the window to the server:
// Symbl's is the last 7 days. found is false only when the listing was read to
// its end; a listing of more than 100 pages is ErrTooLong, and NotFound means
// that the server has none.
func (c *Client) FindConversation(ctx context.Context, name string, since time.Time, except ...string) (conversation Conversation, found bool, err error) {
	const op = "find conversation"
	seen := make(map[string]bool)
	for range maxPages {
		page, err := c.conversations(ctx, op, since, len(seen))
		if err != nil {
			return Conversation{}, false, err
		}
		fresh := false
		for _, candidate := range page {
			if candidate.Name == name && !slices.Contains(except, candidate.ID) {
				return candidate, true, nil
			}
			fresh = fresh || !seen[candidate.ID]
			seen[candidate.ID] = true
		}
		// A page may be shorter than asked for and not the last one, and a
		// server that knows no offset repeats itself: only a page with nothing
		// new is the end.
		if !fresh {
			return Conversation{}, false, nil
		}
	}
	e := invalid(op, fmt.Sprintf("it is not on the newest %d pages, and there are more", maxPages))
	e.Err = ErrTooLong
	return Conversation{}, false, e
}

func (c *Client) conversations(ctx context.Context, op string, since time.Time, offset int) ([]Conversation, error) {
	query := url.Values{
		"limit":  {strconv.Itoa(pageSize)},
		"offset": {strconv.Itoa(offset)},
		"order":  {"desc"},
	}
	if !since.IsZero() {
		query.Set("startTime", since.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	r := &request{op: op, method: http.MethodGet, path: "/v1/conversations", query: query}
	return ask(ctx, c.do, r, func(data []byte) ([]Conversation, error) {
		return readList(data, Conversation.known, "conversations")
	})
}
