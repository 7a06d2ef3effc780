package engine_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

// contract is the OpenAPI document, ready to check requests and answers.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

// theContract is read once for all tests.
var theContract = sync.OnceValues(func() (*contract, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	doc.Servers = nil // the router joins "/" and a path wrongly
	router, err := legacy.NewRouter(doc)
	return &contract{doc, router}, err
})

// obey requires that an answer is one that the document has for its request,
// and that a request that was not refused is one that it allows. What the
// document does not know must have been refused.
func obey(tb testing.TB, req *http.Request, body string, resp *http.Response, answer string) {
	tb.Helper()
	c, err := theContract()
	require.NoError(tb, err)
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		require.Contains(tb, []int{401, 404, 405, 413, 501}, resp.StatusCode, "%s %s is not in the document: %v", req.Method, req.URL.Path, err)
		return
	}
	again := req.Clone(context.Background())
	again.Body = io.NopCloser(strings.NewReader(body))
	again.Header.Set("Content-Type", "application/json") // the engine does not ask for it
	// The parameters of a submission may all be in the query, as strings.
	input := &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:        openapi3filter.NoopAuthenticationFunc,
			ExcludeRequestQueryParams: strings.HasPrefix(req.URL.Path, "/v1/process/"),
			SkipSettingDefaults:       true,
		},
	}
	if resp.StatusCode < http.StatusBadRequest {
		require.NoError(tb, openapi3filter.ValidateRequest(context.Background(), input), "%s %s %s", req.Method, req.URL, body)
	}
	require.NoError(tb, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(bytes.NewReader([]byte(answer))),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	}), "%s %s was answered %d %s", req.Method, req.URL, resp.StatusCode, answer)
}

func TestTheDocumentIsServedToAnyone(t *testing.T) {
	c, err := theContract()
	require.NoError(t, err)
	require.Equal(t, "3.1.0", c.doc.OpenAPI)
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{})
	resp, err := (&http.Client{Transport: engine.Transport(e.Handler())}).Get("http://engine/openapi.yaml")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "application/yaml", resp.Header.Get("Content-Type"))
	served, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	want, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(want), string(served))
}

// Each path of the document is served, in each of its methods.
func TestTheDocumentPromisesNothingThatIsNotServed(t *testing.T) {
	c, err := theContract()
	require.NoError(t, err)
	a := oneEngine(t, engine.Config{})
	for path, item := range c.doc.Paths.Map() {
		for method := range item.Operations() {
			status, answer := a.do(method, strings.NewReplacer("{", "", "}", "").Replace(path), "")
			require.NotEqual(t, http.StatusMethodNotAllowed, status, "%s %s", method, path)
			require.NotContains(t, answer, "nothing at this path", "%s %s", method, path)
		}
	}
}
