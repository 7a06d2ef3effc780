package symbl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout   = 30 * time.Second
	defaultUserAgent = "go-symbl"
	maxReplyBytes    = 64 << 20
	mimeJSON         = "application/json"
)

// Config says which Symbl account is spoken to, and how.
type Config struct {
	BaseURL   string // root of the API: https://api.symbl.ai
	AppID     string
	AppSecret string
	// Generation of the tracker management paths: 1 is /manage/tracker and
	// PUT, 2 (the default) /manage/trackers and PATCH.
	Generation int
	// HTTPClient is copied, and its Timeout and CheckRedirect are not used:
	// calls have their own deadline and follow no redirect. Without one, the
	// client makes its own, which obeys HTTPS_PROXY.
	HTTPClient *http.Client
	// Timeout of each call but file uploads, which only the caller's context
	// bounds. Default 30 s.
	Timeout   time.Duration
	UserAgent string
}

// Client makes calls to one Symbl account. It is safe for concurrent use.
type Client struct {
	base       string // without a slash at the end
	cfg        Config
	http       *http.Client
	tokens     *tokens
	writing    chan struct{} // holds an element while a management write runs
	maxReply   int64
	now        func() time.Time
	secretText mask
}

// New checks the configuration and makes a client; it calls nobody.
func New(cfg Config) (*Client, error) {
	base, err := root(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.AppID == "" || cfg.AppSecret == "" {
		return nil, errors.New("symbl: AppID and AppSecret are needed")
	}
	switch cfg.Generation {
	case 0:
		cfg.Generation = 2
	case 1, 2:
	default:
		return nil, fmt.Errorf("symbl: Generation is %d, not 1 or 2", cfg.Generation)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = defaultUserAgent
	}
	c := &Client{
		base: base, cfg: cfg, http: httpClient(cfg.HTTPClient), writing: make(chan struct{}, 1),
		maxReply: maxReplyBytes, now: time.Now, secretText: mask{cfg.AppSecret},
	}
	c.tokens = &tokens{fetch: c.fetchToken, now: func() time.Time { return c.now() }}
	return c, nil
}

// root is the base URL without /v1. Its errors do not quote it: it may hold a
// password.
func root(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New("symbl: BaseURL is not an http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("symbl: BaseURL must have no user, query or fragment")
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/")
	return u.Scheme + "://" + u.Host + path, nil
}

func httpClient(given *http.Client) *http.Client {
	var own http.Client
	if given != nil {
		own = *given
	} else {
		dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
		own.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second,
		}
	}
	own.Timeout = 0
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// CloseIdleConnections closes the connections that no call uses at the moment.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// request is one call. Of body and file at most one is set.
type request struct {
	op             string
	method         string
	path           string // escaped
	query          url.Values
	body           []byte  // JSON
	file           *upload // sent as it is read, once
	submit         bool
	idempotencyKey string
	secretURLs     []string // in body or query
}

// do makes a call with a token, and once more with a new token when the first
// one is refused. It returns the body of a 2xx.
func (c *Client) do(ctx context.Context, r *request) ([]byte, error) {
	defer r.file.discard()
	if r.file == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.Timeout)
		defer cancel()
	}
	if misplaced(r.path) {
		return nil, invalid(r.op, "an id is empty or not an id")
	}
	for repeated := false; ; repeated = true {
		token, err := c.token(ctx, r.op)
		if err != nil {
			return nil, err
		}
		data, err := c.send(ctx, r, token)
		var e *Error
		if !errors.As(err, &e) || e.Status != http.StatusUnauthorized || repeated {
			return data, err
		}
		c.tokens.drop(token)
		if r.file != nil {
			// What was read of the file is gone: the caller must open it again.
			e.Class = Transient
			return nil, e
		}
	}
}

// misplaced tells that an id has made the path another one: deleting "" would
// address the list of all trackers.
func misplaced(path string) bool {
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// send makes one HTTP exchange; an empty token is not sent.
func (c *Client) send(ctx context.Context, r *request, token string) ([]byte, error) {
	m := append(c.secretText.with(r.secretURLs...), token)
	if err := ctx.Err(); err != nil {
		return nil, stopped(r.op, err)
	}
	var sent progress
	req, err := c.build(sent.watch(ctx), r, token)
	if err != nil {
		return nil, invalid(r.op, m.hide(bare(m, err).Error()))
	}
	res, err := c.http.Do(req)
	if err != nil {
		if failed := r.file.failure(r.op, m); failed != nil {
			return nil, failed
		}
		return nil, broken(ctx, r.op, m, err, sent.nothing())
	}
	defer res.Body.Close()
	if !accepted(r, res.StatusCode) {
		if failed := r.file.failure(r.op, m); failed != nil {
			return nil, failed // the server's complaint is about the half file it got
		}
		return nil, c.refused(r, m, res)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, c.maxReply+1))
	if err != nil {
		return nil, broken(ctx, r.op, m, err, false)
	}
	if int64(len(data)) > c.maxReply {
		return nil, unreadable(r.op, fmt.Errorf("larger than %d bytes", c.maxReply))
	}
	return data, nil
}

// accepted tells whether the status is the success that was asked for. A
// submission must give its ids, so a 204 will not do.
func accepted(r *request, status int) bool {
	if r.submit {
		return status >= 200 && status <= 202
	}
	return status >= 200 && status <= 204
}

func (c *Client) build(ctx context.Context, r *request, token string) (*http.Request, error) {
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.file != nil {
		body = r.file
	} else if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	if r.submit {
		// With a GetBody and an Idempotency-Key net/http takes the POST as
		// harmless and repeats it by itself when a reused connection breaks,
		// even after the server has read it: a second conversation on every
		// server that does not know the key.
		req.GetBody = nil
	}
	req.Header.Set("Accept", mimeJSON)
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if r.idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", r.idempotencyKey)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", mimeJSON)
	}
	if r.file != nil {
		r.file.describe(req)
	}
	return req, nil
}

// ask makes a call by do or write, and reads its reply. What could be read of
// an unreadable reply is returned with the error.
func ask[T any](ctx context.Context, call func(context.Context, *request) ([]byte, error), r *request, read func([]byte) (T, error)) (T, error) {
	var none T
	data, err := call(ctx, r)
	if err != nil {
		return none, err
	}
	value, err := read(data)
	if err != nil {
		return value, unreadable(r.op, err)
	}
	return value, nil
}

// progress follows a request on its way out. Transports that do not report it
// (one in the same process) leave it unknown.
type progress struct{ asked, connected atomic.Bool }

func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
	})
}

// nothing tells that no connection was had, so that nothing was sent.
func (p *progress) nothing() bool { return p.asked.Load() && !p.connected.Load() }
