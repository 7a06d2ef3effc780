package safehttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The limits of every request. The whole of a download is bounded by the
// caller's context.
const (
	maxRedirects     = 5
	tlsTimeout       = 10 * time.Second
	headerTimeout    = 15 * time.Second
	postTimeout      = 15 * time.Second
	idleTimeout      = 30 * time.Second
	defaultStall     = 30 * time.Second
	maxHeaderBytes   = 256 << 10
	maxDiscardBytes  = 64 << 10
	idlePerHost      = 16
	defaultUserAgent = "trackerbell"
)

// Options are what a client may do beyond public addresses.
type Options struct {
	// AllowHosts are host names, addresses or CIDRs that may be private; they
	// may also use any port. An allowed name holds for connections to that
	// name only, an allowed address for every name that resolves to it.
	AllowHosts []string
	// UserAgent of every request; empty: "trackerbell".
	UserAgent string
	// Stall is how long a body may give no byte; 0: 30 s.
	Stall time.Duration
}

// Authorise gives the Authorization header to send to u, "" for none. It is
// asked for every hop until a redirect leaves the first origin (scheme, host
// and port); from there on nothing is sent. What it gives is sent over https
// only.
type Authorise func(u *url.URL) string

// Client fetches foreign URLs. It is safe for concurrent use. It stands on the
// bare transport, since http.Client would follow redirects by its own rules:
// it keeps Authorization for the same host name on another port.
type Client struct {
	transport *http.Transport
	userAgent string
	stall     time.Duration
}

// New builds a client. Its error names the entry of AllowHosts that is no
// host name, address or CIDR.
func New(o Options) (*Client, error) {
	g, err := newGuard(o.AllowHosts)
	if err != nil {
		return nil, fmt.Errorf("media.allowHosts: %w", err)
	}
	c := &Client{userAgent: o.UserAgent, stall: o.Stall}
	if c.userAgent == "" {
		c.userAgent = defaultUserAgent
	}
	if c.stall <= 0 {
		c.stall = defaultStall
	}
	c.transport = &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, past the guard
		DialContext:            g.dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true, // no gzip bombs
	}
	return c, nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Get fetches rawURL, following at most 5 redirects. rng is the Range header,
// empty for none; auth may be nil. The answer is returned whatever its status;
// the caller closes its body, whose reads fail with an *Error of Kind Stalled
// or Transient. Every error is an *Error.
func (c *Client) Get(ctx context.Context, rawURL string, auth Authorise, rng string) (*http.Response, error) {
	u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	for range maxRedirects + 1 {
		resp, err := c.hop(ctx, u, auth, rng)
		if err != nil {
			cancel(err)
			return nil, err
		}
		next := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || next == "" {
			resp.Body = watch(ctx, cancel, resp.Body, target(u), c.stall)
			return resp, nil
		}
		_ = resp.Body.Close() // its bytes are of no use
		from := u
		if u, err = follow(u, next); err != nil {
			cancel(err)
			return nil, err
		}
		if !sameOrigin(from, u) {
			auth = nil
		}
	}
	err = refused(target(u), fmt.Sprintf("more than %d redirects", maxRedirects))
	cancel(err)
	return nil, err
}

func (c *Client) hop(ctx context.Context, u *url.URL, auth Authorise, rng string) (*http.Response, error) {
	req, err := c.request(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	if auth != nil && u.Scheme == "https" {
		if value := auth(u); value != "" {
			req.Header.Set("Authorization", value)
		}
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, failed(target(u), err)
	}
	return resp, nil
}

// Post sends body once, without following redirects and without credentials,
// and gives the status of the answer, whose body is thrown away. It takes at
// most 15 s. Every error is an *Error.
func (c *Client) Post(ctx context.Context, rawURL, contentType string, body []byte) (int, error) {
	u, err := parse(rawURL)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := c.request(ctx, http.MethodPost, u, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.GetBody = nil // or net/http may send it twice on a reused connection
	req.Header.Set("Content-Type", contentType)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return 0, failed(target(u), err)
	}
	defer resp.Body.Close()
	// Reading the rest only lets the connection be used again: its failure
	// says nothing about the delivery.
	_, _ = io.CopyN(io.Discard, resp.Body, maxDiscardBytes)
	return resp.StatusCode, nil
}

// PostForm posts a form over https, with an Authorization header where
// authorisation is not empty, and gives the answer whatever its status; the
// caller closes its body. No redirect is followed: this is how tokens are asked
// for. Every error is an *Error.
func (c *Client) PostForm(ctx context.Context, rawURL, authorisation string, form url.Values) (*http.Response, error) {
	u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" {
		return nil, refused(target(u), "credentials are sent over https only")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := c.request(ctx, http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		cancel(err)
		return nil, err
	}
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorisation != "" {
		req.Header.Set("Authorization", authorisation)
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		err = failed(target(u), err)
		cancel(err)
		return nil, err
	}
	resp.Body = watch(ctx, cancel, resp.Body, target(u), c.stall)
	return resp, nil
}

func (c *Client) request(ctx context.Context, method string, u *url.URL, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, &Error{Kind: Refused, Target: target(u), Reason: "not a usable URL", Err: err}
	}
	req.Header.Set("User-Agent", c.userAgent)
	return req, nil
}
