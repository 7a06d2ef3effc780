package api

import (
	"net/http"
	"net/url"

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
