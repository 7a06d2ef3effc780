package api

import (
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/api/access"
)

// CalledURL is calledURL with base as text.
func CalledURL(base string, r *http.Request) (*url.URL, error) {
	u, err := parsePublicURL(base)
	if err != nil {
		return nil, err
	}
	return calledURL(u, r), nil
}

// LoopbackHost is access.LoopbackHost.
func LoopbackHost(host string) bool { return access.LoopbackHost(host) }

// HurryUploads has uploads judged by their rate after so long.
func (p *Public) HurryUploads(grace time.Duration) {
	p.pace.grace = grace
	p.Renew(p.deps.Sources, p.cfg.SigningSecret)
}
