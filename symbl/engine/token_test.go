package engine_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

func TestTokenGenerate(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	tests := map[string]struct {
		body string
		want int
	}{
		"right":                   {`{"type":"application","appId":"test-app","appSecret":"test-secret"}`, 200},
		"without a type":          {`{"appId":"test-app","appSecret":"test-secret"}`, 200},
		"further fields":          {`{"AuthURI":"x","extra":{},"type":"application","appId":"test-app","appSecret":"test-secret"}`, 200},
		"wrong secret is 401":     {`{"appId":"test-app","appSecret":"test-secre"}`, 401},
		"wrong id is 401":         {`{"appId":"test-apq","appSecret":"test-secret"}`, 401},
		"nothing is 401":          {`{}`, 401},
		"another type is 400":     {`{"type":"user","appId":"test-app","appSecret":"test-secret"}`, 400},
		"an ill-typed id is 400":  {`{"appId":7,"appSecret":"test-secret"}`, 400},
		"no JSON is 400":          {`appId=test-app`, 400},
		"an array is 400":         {`[]`, 400},
		"a body too large is 413": {fmt.Sprintf(`{"appId":%q}`, make([]byte, 70_000)), 413},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, answer := a.do(http.MethodPost, "/oauth2/token:generate", tt.body)
			require.Equal(t, tt.want, status, answer)
			if tt.want != http.StatusOK {
				require.NotEmpty(t, field[string](t, answer, "message"))
			}
		})
	}
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/oauth2/token:generate", `{"appSecret":1}`), `"appSecret"`)
	a.refused(http.StatusMethodNotAllowed, http.MethodGet, "/oauth2/token:generate", "")
}

func TestTheSameTokenComesWithTheTimeItStillLives(t *testing.T) {
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{})
	now := time.Now()
	e.SetNow(func() time.Time { return now })
	a := &api{t: t, http: &http.Client{Transport: engine.Transport(e.Handler())}}
	generate := func() (string, int) {
		answer := a.ok(http.MethodPost, "/oauth2/token:generate", `{"type":"application","appId":"test-app","appSecret":"test-secret"}`)
		return field[string](t, answer, "accessToken"), field[int](t, answer, "expiresIn")
	}
	first, lives := generate()
	require.Equal(t, 86400, lives)

	now = now.Add(time.Hour)
	again, lives := generate()
	require.Equal(t, first, again)
	require.Equal(t, 82800, lives)

	now = now.Add(22*time.Hour + 55*time.Minute)
	renewed, lives := generate()
	require.NotEqual(t, first, renewed, "five minutes are too few to work with")
	require.Equal(t, 86400, lives)
	a.token = first
	a.ok(http.MethodGet, "/v1/manage/trackers", "")

	now = now.Add(6 * time.Minute)
	require.Equal(t, "Token validation failed for provided token.", a.refused(http.StatusUnauthorized, http.MethodGet, "/v1/manage/trackers", ""))
	a.token = renewed
	a.ok(http.MethodGet, "/v1/manage/trackers", "")
}

func TestEveryPathNeedsAToken(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	token := a.token
	a.token = ""
	for _, path := range []string{"/v1/manage/trackers", "/v1/job/x", "/v1/conversations/1/trackers", "/v1/nothing", "/v1/process/audio"} {
		a.refused(http.StatusUnauthorized, http.MethodGet, path, "")
	}
	list := "/v1/manage/trackers"
	for _, wrong := range []string{"Bearer", "Bearer x", "Basic " + token, "Bearer " + token + "x", token,
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0LWFwcCIsImV4cCI6OTk5OTk5OTk5OX0."} {
		a.refused(http.StatusUnauthorized, http.MethodGet, list, "", "Authorization", wrong)
	}
	a.ok(http.MethodGet, list, "", "Authorization", "bearer "+token)
	a.ok(http.MethodGet, list, "", "X-Api-Key", token)
}

func TestEnginesThatStartTogetherAgreeOnCredentials(t *testing.T) {
	s := startNATS(t)
	const engines = 5
	ids, secrets := make([]string, engines), make([]string, engines)
	var all sync.WaitGroup
	for i := range engines {
		js := connect(t, s)
		all.Go(func() {
			e, err := engine.New(t.Context(), engine.Config{}, js)
			if err == nil {
				ids[i], secrets[i] = e.Credentials()
			}
		})
	}
	all.Wait()
	require.NotEmpty(t, ids[0])
	require.NotEmpty(t, secrets[0])
	for i := range engines {
		require.Equal(t, ids[0], ids[i])
		require.Equal(t, secrets[0], secrets[i])
	}
}

func TestATokenOfOneEngineHoldsAtAnother(t *testing.T) {
	s := startNATS(t)
	one, other := call(t, newEngine(t, connect(t, s), engine.Config{})), call(t, newEngine(t, connect(t, s), engine.Config{}))
	other.token = one.token
	other.ok(http.MethodGet, "/v1/manage/trackers", "")

	changed, err := engine.New(t.Context(), engine.Config{AppID: appID, AppSecret: "rotated"}, connect(t, s))
	require.NoError(t, err)
	rotated := call(t, changed)
	rotated.token = one.token
	rotated.refused(http.StatusUnauthorized, http.MethodGet, "/v1/manage/trackers", "")
}

func TestConfiguredCredentialsWin(t *testing.T) {
	js := connect(t, startNATS(t))
	e, err := engine.New(t.Context(), engine.Config{}, js)
	require.NoError(t, err)
	_, generated := e.Credentials()
	e, err = engine.New(t.Context(), engine.Config{AppID: "mine"}, js)
	require.NoError(t, err)
	id, secret := e.Credentials()
	require.Equal(t, "mine", id)
	require.Equal(t, generated, secret)
}

func TestAnImpossibleConfigurationIsRefused(t *testing.T) {
	js := connect(t, startNATS(t))
	for _, cfg := range []engine.Config{{MaxJobs: -1}, {MaxTrackers: -1}, {Replicas: 6}, {Replicas: -1}} {
		_, err := engine.New(t.Context(), cfg, js)
		require.Error(t, err)
	}
}
