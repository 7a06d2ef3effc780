package safehttp

import (
	"context"
	"crypto/x509"
)

// Trust makes the client accept the certificates of a test server.
func (c *Client) Trust(pool *x509.CertPool) {
	c.transport.TLSClientConfig.RootCAs = pool
}

// Control is the check that runs between DNS and connect.
func (c *Client) Control(address string) error {
	g, err := newGuard(nil)
	if err != nil {
		return err
	}
	return g.control("tcp4", address, nil)
}

// IsPrivate tells what is noted of an address.
func IsPrivate(address string) bool {
	_, r := NoteReach(context.Background())
	r.note("tcp", address)
	return r.Private()
}
