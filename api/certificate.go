package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
)

const (
	maxCertificates     = 16 // kept
	maxCertificateBytes = 64 << 10
)

// certificates keeps those that signatures named, by URL. Only a provider's own
// hosts are asked, so there are few.
type certificates struct {
	mu  sync.Mutex
	pem map[string][]byte
}

func (c *certificates) get(url string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pem[url]
}

func (c *certificates) put(url string, pem []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pem == nil || len(c.pem) >= maxCertificates {
		c.pem = map[string][]byte{}
	}
	c.pem[url] = pem
}

// certify adds the certificate that a request's signature names to it.
func (h *webhooks) certify(ctx context.Context, p source.Provider, r *source.Request) error {
	url := source.CertificateURL(p, *r)
	if url == "" {
		return nil
	}
	if r.Certificate = h.certs.get(url); r.Certificate != nil {
		return nil
	}
	pem, err := h.fetch(ctx, url)
	if err != nil {
		return err
	}
	h.certs.put(url, pem)
	r.Certificate = pem
	return nil
}

// fetch gets a small document of a provider's. The sender must try again where
// it cannot be had.
func (h *webhooks) fetch(ctx context.Context, url string) ([]byte, error) {
	if h.web == nil {
		return nil, fmt.Errorf("%w: there is no client to ask the provider with", events.ErrUnavailable)
	}
	resp, err := h.web.Get(ctx, url, nil, "")
	if err != nil {
		return nil, fmt.Errorf("%w: ask the provider: %w", events.ErrUnavailable, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: the provider answers %d", events.ErrUnavailable, resp.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxCertificateBytes))
	if err != nil {
		return nil, fmt.Errorf("%w: read the provider's answer: %w", events.ErrUnavailable, err)
	}
	return raw, nil
}
