package source

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vector was made by the npm package plivo 4.79.0 with a token that is too
// short for a source.
func TestPlivoVectorOfTheNodeLibrary(t *testing.T) {
	u, err := url.Parse("https://bridge.example.com/hooks/plivo?tenant=acme&b=2")
	require.NoError(t, err)
	form := url.Values{"CallUUID": {"c1"}, "RecordUrl": {"https://media.plivo.com/x.mp3"}, "RecordingID": {"r1"}}
	require.Equal(t, "Vd5bsGhcn7c1rlcycSnb9rULBqvJKaTl07C07SUWjI0=", signPlivo("tok", u, form, "12345"))
}
