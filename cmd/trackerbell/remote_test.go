package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASymblIsRemoteUnlessItsAddressIsOfThisNetwork(t *testing.T) {
	for address, remote := range map[string]bool{
		"":                          false, // the embedded engine
		"http://127.0.0.1:8090":     false,
		"http://localhost:8090":     false,
		"http://[::1]:8090":         false,
		"http://10.2.3.4":           false,
		"https://api.symbl.ai":      true,
		"https://203.0.113.7:8443/": true,
		"http://symbl.internal":     true, // it may be either, and a file reaches both
	} {
		require.Equal(t, remote, isRemote(address), address)
	}
}
