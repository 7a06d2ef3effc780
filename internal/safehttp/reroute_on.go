//go:build crash

package safehttp

import (
	"os"
	"strings"
)

// reroute is where a test has an address dialled instead, so that a server on
// loopback can stand in for a provider: SAFEHTTP_REROUTE is a list of
// "host:443=127.0.0.1:1234", separated by commas.
func reroute(address string) string {
	for _, pair := range strings.Split(os.Getenv("SAFEHTTP_REROUTE"), ",") {
		if from, to, ok := strings.Cut(pair, "="); ok && from == address {
			return to
		}
	}
	return ""
}
