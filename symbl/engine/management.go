package engine

import (
	"net/http"
	"slices"

	"github.com/trackerbell/trackerbell/symbl"
)

// trackerBody is the answer with one tracker, trackersBody with several.
type trackerBody struct {
	Tracker symbl.Tracker `json:"tracker"`
}

type trackersBody struct {
	Trackers []symbl.Tracker `json:"trackers"`
}

func (e *Engine) stamp() string { return e.now().UTC().Format(milliseconds) }

// createTrackers is POST /v1/manage/tracker and /trackers: an object creates
// one tracker, an array several.
func (e *Engine) createTrackers(w http.ResponseWriter, r *http.Request) error {
	trackers, several, err := e.create(w, r)
	if err != nil {
		return err
	}
	if several {
		respond(w, http.StatusOK, trackersBody{trackers})
	} else {
		respond(w, http.StatusOK, trackerBody{trackers[0]})
	}
	return nil
}

// createTrackersInBulk is POST /v1/manage/trackers/bulk.
func (e *Engine) createTrackersInBulk(w http.ResponseWriter, r *http.Request) error {
	trackers, _, err := e.create(w, r)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, trackersBody{trackers})
	return nil
}

// create adds the trackers of the body to the set: all of them or none.
func (e *Engine) create(w http.ResponseWriter, r *http.Request) (trackers []symbl.Tracker, several bool, err error) {
	body, err := readBody(w, r, maxTrackerBody)
	if err != nil {
		return nil, false, err
	}
	if trackers, several, err = readTrackers(body); err != nil {
		return nil, false, err
	}
	now := e.stamp()
	for i := range trackers {
		trackers[i].CreatedOn, trackers[i].UpdatedOn = now, now
		if trackers[i].ID, err = newID(); err != nil {
			return nil, false, err
		}
	}
	err = e.trackers.change(r.Context(), func(set *trackerSet) error {
		return set.add(e.trackers.limit, trackers...)
	})
	return trackers, several, err
}

// listTrackers is GET /v1/manage/trackers[?name=X]; a name that no tracker has
// gives an empty list.
func (e *Engine) listTrackers(w http.ResponseWriter, r *http.Request) error {
	set, err := e.trackers.load(r.Context())
	if err != nil {
		return err
	}
	trackers := append([]symbl.Tracker{}, set.Trackers...) // never nil, and ours to cut
	if name := r.URL.Query().Get("name"); name != "" {
		trackers = slices.DeleteFunc(trackers, func(t symbl.Tracker) bool { return t.Name != name })
	}
	respond(w, http.StatusOK, trackersBody{trackers})
	return nil
}

func noTracker() error { return refuse(http.StatusNotFound, "there is no tracker with this id") }

// getTracker is GET /v1/manage/tracker[s]/{id}.
func (e *Engine) getTracker(w http.ResponseWriter, r *http.Request) error {
	set, err := e.trackers.load(r.Context())
	if err != nil {
		return err
	}
	at := set.byID(r.PathValue("id"))
	if at < 0 {
		return noTracker()
	}
	respond(w, http.StatusOK, trackerBody{set.Trackers[at]})
	return nil
}

// putTracker is PUT /v1/manage/tracker[s]/{id}: the fields that are given
// replace those of the tracker.
func (e *Engine) putTracker(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxTrackerBody)
	if err != nil {
		return err
	}
	return e.changeTracker(w, r, func(t *symbl.Tracker) error {
		f, err := parseForm(body)
		if err != nil {
			return err
		}
		if id := f.text("id"); id != "" && id != t.ID {
			f.invalid("id", "must be the id in the path")
		}
		readTracker(f, t)
		if err := f.done(); err != nil {
			return err
		}
		return checkTracker("", *t)
	})
}

// patchTracker is PATCH /v1/manage/tracker[s]/{id}.
func (e *Engine) patchTracker(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxTrackerBody)
	if err != nil {
		return err
	}
	operations, err := readPatch(body)
	if err != nil {
		return err
	}
	return e.changeTracker(w, r, func(t *symbl.Tracker) error {
		return patchTrackerFields(t, operations)
	})
}

// changeTracker applies fn to the tracker in the path and answers with it.
func (e *Engine) changeTracker(w http.ResponseWriter, r *http.Request, fn func(*symbl.Tracker) error) error {
	var changed symbl.Tracker
	err := e.trackers.change(r.Context(), func(set *trackerSet) error {
		at := set.byID(r.PathValue("id"))
		if at < 0 {
			return noTracker()
		}
		changed = set.Trackers[at]
		if err := fn(&changed); err != nil {
			return err
		}
		changed.UpdatedOn = e.stamp()
		return set.replace(at, changed)
	})
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, trackerBody{changed})
	return nil
}

// deleteTracker is DELETE /v1/manage/tracker[s]/{id}.
func (e *Engine) deleteTracker(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	err := e.trackers.change(r.Context(), func(set *trackerSet) error {
		at := set.byID(id)
		if at < 0 {
			return noTracker()
		}
		set.Trackers = slices.Delete(set.Trackers, at, at+1)
		return nil
	})
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Deleted bool   `json:"deleted"`
	}{id, "tracker", true})
	return nil
}
