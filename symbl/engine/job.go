package engine

import (
	"errors"
	"net/http"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// job is the state of a job.
type job struct {
	ID             string       `json:"id"`
	ConversationID string       `json:"conversationId"`
	Name           string       `json:"name"`
	Status         symbl.Status `json:"status"`
	Error          string       `json:"error,omitempty"`
	WebhookURL     string       `json:"webhookUrl,omitempty"`
	Media          bool         `json:"media,omitempty"` // it is audio or video
	Revision       uint64       `json:"revision"`        // of the tracker set at submission
	At             time.Time    `json:"at"`              // of submission
	Ended          time.Time    `json:"ended,omitzero"`
	Message        uint64       `json:"message,omitempty"` // of the queue, by its sequence, that it is worked on for; 0: not begun
	Starts         int          `json:"starts"`            // how often a worker began it
	Failures       int          `json:"failures"`          // how often it went wrong
	Broken         int          `json:"broken,omitempty"`  // how often of these by a transcriber that is there
	Others         int          `json:"others,omitempty"`  // how often by neither a transcriber nor a download
	Failing        time.Time    `json:"failing,omitzero"`  // since when it does without getting on
	Away           absentee     `json:"away,omitempty"`    // what was away at its last failure
	Steps          int          `json:"steps,omitempty"`   // how often it got on after failures
}

// input is what a job works on. It goes when the job has ended.
type input struct {
	parameters // with the language and the start that apply

	Messages kept   `json:"messages,omitempty"` // of a submission of text
	Media    *media `json:"media,omitempty"`    // of one of audio or video
	Heard    bool   `json:"heard,omitempty"`    // the messages are what the media says
}

// inputMedia is an input of which the messages need not be decoded.
type inputMedia struct {
	Media *media `json:"media"`
}

// ended tells whether nothing more will happen to the job.
func (j job) ended() bool { return j.Status == symbl.Completed || j.Status == symbl.Failed }

func (j job) finished() Finished {
	return Finished{JobID: j.ID, ConversationID: j.ConversationID, Name: j.Name, Status: j.Status, Error: j.Error}
}

// getJob is GET /v1/job/{id}.
func (e *Engine) getJob(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !plausibleID(id) {
		return noJob()
	}
	j, _, err := load[job](r.Context(), e.store, keyJob+id)
	if errors.Is(err, errNotFound) {
		return noJob()
	} else if err != nil {
		return err
	}
	respond(w, http.StatusOK, symbl.JobStatus{ID: j.ID, Status: j.Status, Error: j.Error})
	return nil
}

func noJob() error { return refuse(http.StatusNotFound, "there is no job with this id") }
