package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"code.dny.dev/ssrf"
)

// Kind says what a failed request means for the caller.
type Kind int

// The kinds of failure.
const (
	Refused   Kind = iota // the guard forbids it; trying again cannot help
	TooLarge              // the body is longer than Cap allows
	Stalled               // no byte arrived for the stall time
	Transient             // dial, TLS, time-out or a broken connection: try again
)

// ErrTooLarge is wrapped by the *Error that a reader of Cap returns.
var ErrTooLarge = errors.New("body is larger than allowed")

const allowHint = "allow it in media.allowHosts"

// Error is a request that got no usable answer. Its text is made of the
// scheme, the host and a reason from a closed set; the cause that Unwrap gives
// may hold the whole URL and must not be printed.
type Error struct {
	Kind   Kind
	Target string // "https://host", empty where no host could be read
	Reason string
	Err    error // may be nil
}

// Error names the target and the reason.
func (e *Error) Error() string {
	if e.Target == "" {
		return e.Reason
	}
	return e.Target + ": " + e.Reason
}

// Unwrap gives the cause, for errors.Is and errors.As only.
func (e *Error) Unwrap() error { return e.Err }

func refused(target, reason string) *Error {
	return &Error{Kind: Refused, Target: target, Reason: reason}
}

// failed classifies an error of net/http. Its text is not kept: url.Error
// prints the whole URL, and protocol errors quote what the server sent.
func failed(target string, err error) *Error {
	kind := Transient
	switch {
	case errors.Is(err, errStalled):
		kind = Stalled
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort),
		errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		kind = Refused
	}
	return &Error{Kind: kind, Target: target, Reason: reason(err), Err: err}
}

func reason(err error) string {
	var (
		dns      *net.DNSError
		cert     *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
	)
	switch {
	case errors.Is(err, errStalled):
		return errStalled.Error()
	case errors.Is(err, ssrf.ErrProhibitedPort):
		return "the port is neither 80 nor 443; " + allowHint
	case errors.Is(err, ssrf.ErrProhibitedIP):
		return "the address is not public; " + allowHint
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return "timed out"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(err, &dns):
		return "the name could not be resolved"
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &hostname):
		return "the TLS certificate is not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection broke off"
	}
	return "the request failed"
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
