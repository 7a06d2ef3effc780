package safehttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

func TestItIsNotedThatAnAddressIsPrivate(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	client := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	for range 2 { // the second time on the same connection
		ctx, reach := safehttp.NoteReach(t.Context())
		require.False(t, reach.Private())
		resp, err := client.Get(ctx, server.URL, nil, "")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.True(t, reach.Private())
	}
}

func TestPublicAddressesAreNotPrivate(t *testing.T) {
	for address, private := range map[string]bool{
		"1.1.1.1:443": false, "8.8.8.8:9000": false, "[2606:4700::1111]:443": false,
		"10.1.2.3:443": true, "192.168.0.9:80": true, "100.64.0.1:443": true, "[::1]:443": true, "[fd00::1]:443": true,
	} {
		require.Equal(t, private, safehttp.IsPrivate(address), address)
	}
}
