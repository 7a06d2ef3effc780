package symbl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// Job makes GET /v1/job/{id} (docs.symbl.ai, Job API). Only Completed and
// Failed are final; any other status, a new one included, means wait.
func (c *Client) Job(ctx context.Context, id string) (JobStatus, error) {
	r := &request{op: "get job", method: http.MethodGet, path: "/v1/job/" + url.PathEscape(id)}
	status, err := ask(ctx, c.do, r, readJobStatus)
	if status.ID == "" && err == nil {
		status.ID = id
	}
	return status, err
}

func readJobStatus(data []byte) (JobStatus, error) {
	var status JobStatus
	if err := json.Unmarshal(data, &status); err != nil {
		return JobStatus{}, err
	}
	if status.Status == "" {
		return JobStatus{}, errors.New("status is missing")
	}
	return status, nil
}
