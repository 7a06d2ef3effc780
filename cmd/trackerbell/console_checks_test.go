package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

func TestASymblThatHangsKeepsSlackFromNoAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	asked := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select { // until Slack was asked
		case <-asked:
		case <-r.Context().Done():
		}
	}))
	defer hangs.Close()
	slack := slacktest.New(t)
	var once sync.Once
	slack.Fail(func(string, string) *slacktest.Fault {
		once.Do(func() { close(asked) })
		return nil
	})
	list := dependencies(ctx, &config.Config{
		Symbl: config.Symbl{BaseURL: hangs.URL, AppID: "id", AppSecret: "secret", Generation: 2},
		Slack: config.Slack{APIURL: slack.URL, Token: slacktest.DefaultToken},
	})
	require.Equal(t, []string{"Symbl", "Slack"}, []string{list[0].Name, list[1].Name})
	require.False(t, list[0].OK)
	require.True(t, list[1].OK, list[1].Text)
}
