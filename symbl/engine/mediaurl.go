package engine

import (
	"crypto/sha256"
	"net/http"
	"net/url"
)

const maxURLBody = 1 << 20

// processURL is POST /v1/process/audio/url and /v1/process/video/url. The
// recording is downloaded by the job.
func (e *Engine) processURL(w http.ResponseWriter, r *http.Request) error {
	return e.submitURL(w, r, "")
}

// appendURL is PUT /v1/process/audio/url/{conversationId} and the same of
// video.
func (e *Engine) appendURL(w http.ResponseWriter, r *http.Request) error {
	if _, err := e.findConversation(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return e.submitURL(w, r, r.PathValue("id"))
}

func (e *Engine) submitURL(w http.ResponseWriter, r *http.Request, appendTo string) error {
	body, err := readBody(w, r, maxURLBody)
	if err != nil {
		return err
	}
	_, err = e.submit(w, r, sha256.Sum256(body), appendTo, func() (submission, error) {
		return e.readURL(body, r.URL.Query())
	})
	return err
}

// readURL reads the body of the Async URL API; its parameters may also be in
// the query.
func (e *Engine) readURL(body []byte, query url.Values) (submission, error) {
	f, err := parseForm(body)
	if err != nil {
		return submission{}, err
	}
	f.merge(query)
	s := submission{parameters: readParameters(f, e.cfg.Callbacks != nil)}
	address := f.required("url")
	u, err := url.Parse(address)
	switch {
	case address == "": // told already
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		f.invalid("url", "must be an http or https address")
	case e.cfg.Downloads == nil:
		f.invalid("url", "is not allowed: downloads are off in this engine")
	}
	s.media = &media{URL: address}
	return s, f.done()
}
