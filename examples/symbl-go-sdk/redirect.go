package main

import (
	"context"
	"net/http"
	"net/url"

	asynctypes "github.com/symblai/symbl-go-sdk/pkg/api/async/v1/interfaces"
	"github.com/symblai/symbl-go-sdk/pkg/api/version"
	symbl "github.com/symblai/symbl-go-sdk/pkg/client"
	"github.com/symblai/symbl-go-sdk/pkg/client/interfaces"
)

// connect logs in at the engine and sends all that follows there. Of the SDK's
// addresses only that of the token can be set (also by SYMBL_ENDPOINT); those of
// the API are constants, so its transport has to be replaced.
func connect(ctx context.Context, engine string, creds interfaces.Credentials) (*symbl.RestClient, error) {
	base, err := url.Parse(engine)
	if err != nil {
		return nil, err
	}
	creds.AuthURI = base.JoinPath("/oauth2/token:generate").String()
	client, err := symbl.NewRestClientWithCreds(ctx, creds)
	if err != nil {
		return nil, err
	}
	client.Transport = elsewhere{base}
	return client, nil
}

// elsewhere sends every request to another server.
type elsewhere struct{ base *url.URL }

func (e elsewhere) RoundTrip(req *http.Request) (*http.Response, error) {
	there := req.Clone(req.Context())
	there.URL.Scheme, there.URL.Host, there.Host = e.base.Scheme, e.base.Host, e.base.Host
	return http.DefaultTransport.RoundTrip(there)
}

// detected is GetTracker of the SDK, which decodes an object where Symbl, and
// the engine, answer with an array (v0.3.7).
func detected(ctx context.Context, client *symbl.RestClient, conversation string) ([]asynctypes.TrackerResult, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, version.GetAsyncAPI(version.TrackersURI, conversation), http.NoBody)
	if err != nil {
		return nil, err
	}
	var found []asynctypes.TrackerResult
	err = client.Do(ctx, req, &found)
	return found, err
}
