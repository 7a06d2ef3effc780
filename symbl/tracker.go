package symbl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

const (
	singularPath = "/v1/manage/tracker"
	pluralPath   = "/v1/manage/trackers"
)

// CreateTracker creates a tracker and returns it with its id (docs.symbl.ai,
// Management API). A name that is taken is a Permanent error with Status 409.
func (c *Client) CreateTracker(ctx context.Context, t Tracker) (Tracker, error) {
	r := &request{op: "create tracker", method: http.MethodPost, path: c.trackerPath()}
	return write(ctx, c, r, c.draft(t), readTracker)
}

// CreateTrackers creates many trackers in one call. What a server does when
// only some can be created is not documented: read them again after an error.
func (c *Client) CreateTrackers(ctx context.Context, list []Tracker) ([]Tracker, error) {
	if len(list) == 0 {
		return nil, nil
	}
	drafts := make([]Tracker, 0, len(list))
	for _, t := range list {
		drafts = append(drafts, c.draft(t))
	}
	r := &request{op: "create trackers", method: http.MethodPost, path: pluralPath}
	if c.cfg.Generation == 2 {
		r.path += "/bulk"
	}
	return write(ctx, c, r, drafts, readTrackers)
}

// Trackers lists all trackers of the account.
func (c *Client) Trackers(ctx context.Context) ([]Tracker, error) {
	return ask(ctx, c.do, &request{op: "list trackers", method: http.MethodGet, path: pluralPath}, readTrackers)
}

// Tracker gives the tracker with that id.
func (c *Client) Tracker(ctx context.Context, id string) (Tracker, error) {
	r := &request{op: "get tracker", method: http.MethodGet, path: c.trackerPath() + "/" + url.PathEscape(id)}
	return ask(ctx, c.do, r, readTracker)
}

// TrackerByName gives the tracker with exactly that name; case matters, as it
// does to Symbl.
func (c *Client) TrackerByName(ctx context.Context, name string) (t Tracker, found bool, err error) {
	r := &request{op: "get tracker by name", method: http.MethodGet, path: pluralPath, query: url.Values{"name": {name}}}
	list, err := ask(ctx, c.do, r, readTrackers)
	var e *Error
	if errors.As(err, &e) && e.Class == NotFound {
		return Tracker{}, false, nil
	}
	for _, t := range list {
		if err == nil && t.Name == name {
			return t, true, nil
		}
	}
	return Tracker{}, false, err
}

// UpdateTracker makes the tracker with that id like t, whose ID and times are
// not used. Generation 1 of hosted Symbl has been seen to add the vocabulary
// to what is there instead of replacing it: compare what is returned.
func (c *Client) UpdateTracker(ctx context.Context, id string, t Tracker) (Tracker, error) {
	t = c.draft(t)
	t.ID = id
	read := func(data []byte) (Tracker, error) {
		if len(data) == 0 { // a 204
			return t, nil
		}
		return readTracker(data)
	}
	r := &request{op: "update tracker", method: http.MethodPut, path: c.trackerPath() + "/" + url.PathEscape(id)}
	if c.cfg.Generation == 1 {
		return write(ctx, c, r, t, read)
	}
	r.method = http.MethodPatch
	return write(ctx, c, r, replacements(t), read)
}

// DeleteTracker deletes a tracker and its vocabulary for good.
func (c *Client) DeleteTracker(ctx context.Context, id string) error {
	r := &request{op: "delete tracker", method: http.MethodDelete, path: c.trackerPath() + "/" + url.PathEscape(id)}
	_, err := ask(ctx, c.alone, r, func(data []byte) (struct{}, error) {
		var reply struct {
			Deleted *bool `json:"deleted"`
		}
		// Not every server answers with a body: only a plain no counts.
		if json.Unmarshal(data, &reply) == nil && reply.Deleted != nil && !*reply.Deleted {
			return struct{}{}, errors.New("it says that the tracker is not deleted")
		}
		return struct{}{}, nil
	})
	return err
}

// trackerPath is where single trackers live.
func (c *Client) trackerPath() string {
	if c.cfg.Generation == 1 {
		return singularPath
	}
	return pluralPath
}

// draft is a tracker as it is written: without what the server decides, and
// in generation 1 without what that does not know.
func (c *Client) draft(t Tracker) Tracker {
	d := Tracker{Name: t.Name, Vocabulary: full(t.Vocabulary)}
	if c.cfg.Generation == 2 {
		d.Description, d.Categories, d.Languages, d.Sensitivity = t.Description, t.Categories, t.Languages, t.Sensitivity
	}
	return d
}

// replacement is one operation of a PATCH.
type replacement struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"` // a string or a []string
}

// replacements replaces all that can be written, so that what t does not have
// goes away; but for the sensitivity, which hosted Symbl does not know.
func replacements(t Tracker) []replacement {
	list := []replacement{
		{"replace", "/name", t.Name},
		{"replace", "/description", t.Description},
		{"replace", "/categories", full(t.Categories)},
		{"replace", "/languages", full(t.Languages)},
		{"replace", "/vocabulary", full(t.Vocabulary)},
	}
	if t.Sensitivity != "" {
		list = append(list, replacement{"replace", "/sensitivity", t.Sensitivity})
	}
	return list
}

// full makes an empty list [] on the wire, where nil would be null.
func full(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// write makes a management write with a JSON body.
func write[B, T any](ctx context.Context, c *Client, r *request, body B, read func([]byte) (T, error)) (T, error) {
	data, err := json.Marshal(body)
	if err != nil {
		var none T
		return none, invalid(r.op, err.Error())
	}
	r.body = data
	return ask(ctx, c.alone, r, read)
}

// alone makes a call while no other management write runs: Symbl answers a
// second one with 429.
func (c *Client) alone(ctx context.Context, r *request) ([]byte, error) {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, stopped(r.op, ctx.Err())
	}
	defer func() { <-c.writing }()
	return c.do(ctx, r)
}

func readTracker(data []byte) (Tracker, error) {
	return readOne(data, Tracker.known, "tracker", "trackers")
}

func readTrackers(data []byte) ([]Tracker, error) {
	return readList(data, Tracker.known, "trackers", "tracker")
}
