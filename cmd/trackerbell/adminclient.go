package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/symbl"
)

const adminTimeout = 30 * time.Second

// adminFlags say where the admin listener of the running service is.
type adminFlags struct {
	Admin string `help:"URL of the service's admin listener; default: from the configuration." placeholder:"URL"`
}

// adminClient talks to the admin listener of a running service.
type adminClient struct {
	base  string
	token string
	http  *http.Client
}

// statusError is an answer of the admin listener that is no success.
type statusError struct {
	status int
	title  string
	after  time.Duration // of Retry-After; 0: it does not say
}

func (e *statusError) Error() string { return e.title }

func (f adminFlags) client(cfg *config.Config) *adminClient {
	base := strings.TrimSuffix(f.Admin, "/")
	if base == "" {
		base = "http://" + reachable(cfg.Admin.Addr)
	}
	return &adminClient{base: base, token: cfg.Admin.Token, http: &http.Client{Timeout: adminTimeout}}
}

// reachable is an address to dial for one to listen on: 0.0.0.0 and [::] are
// reached over loopback.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// do calls the admin API and decodes its answer into out, unless out is nil.
func (c *adminClient) do(ctx context.Context, method, path string, out any) error {
	if u, err := url.Parse(c.base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usagef("--admin: must be an http or https URL, such as http://127.0.0.1:8081")
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return usagef("--admin: %v", bare(err))
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("no service answers at %s: %w", c.base, bare(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.base, err)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return &statusError{status: resp.StatusCode, title: "the service at " + c.base + " wants another token: check admin.token, or admin.tokenFile, in the configuration"}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &statusError{status: resp.StatusCode, title: problemTitle(resp.StatusCode, body), after: symbl.RetryAfter(resp.Header.Get("Retry-After"), time.Now())}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("decode the answer of %s: %w", c.base, err)
	}
	return nil
}

// problemTitle reads a problem document.
func problemTitle(status int, body []byte) string {
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Field  string `json:"field"`
	}
	if json.Unmarshal(body, &p) != nil || p.Title == "" {
		return fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	text := p.Title
	if p.Field != "" {
		text += ": " + p.Field
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// bare takes the URL off an error of net/http.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// notFound makes a clear message of a 404.
func notFound(err error, what, id string) error {
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound {
		return fmt.Errorf("there is no %s %s", what, id)
	}
	return err
}
