package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func FuzzLoadReadsAnyFile(f *testing.F) {
	for _, seed := range []string{
		"", "---\n", "server: {addr: ':1', maxBody: 1MiB}", "sources:\n- &a {name: a, provider: p, secret: s}\n- <<: [*a, *a]\n  name: b",
		"a: &a\n  <<: *a", "nats: {url: 'nats://h'}\nnats: ~", "? {a: b}\n: c", "slack: {token: *x}", "--- a\n--- b", "? &a\n: *a",
		"routes: [{match: {labels: {a: b}}, channel: x}]", "media: {allowHosts: [127.0.0.1, ::/0]}", "!!binary a", "<<: {trackers: x}",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "f.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		cfg, warnings, err := config.Load(path, nil)
		again, warningsAgain, errAgain := config.Load(path, nil)
		require.Equal(t, cfg, again)
		require.Equal(t, warnings, warningsAgain)
		require.Equal(t, err, errAgain)
		if err == nil {
			require.NotNil(t, cfg)
			return
		}
		var ps config.Problems
		require.ErrorAs(t, err, &ps)
		require.Len(t, strings.Split(err.Error(), "\n"), len(ps))
		for _, p := range ps {
			require.NotEmpty(t, p.Message)
			require.Equal(t, path, p.Origin)
			require.Positive(t, p.Line)
		}
	})
}

func FuzzSizesThatAreReadAreWrittenAndReadAgain(f *testing.F) {
	for _, seed := range []string{"1MiB", "512", "7KB", "9007199254740993", "0", "1tib"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, _, err := config.Load("", []string{"TRACKERBELL_MEDIA_MAXBYTES=" + text})
		if err != nil {
			return
		}
		second, _, err := config.Load("", []string{"TRACKERBELL_MEDIA_MAXBYTES=" + first.Media.MaxBytes.String()})
		require.NoError(t, err)
		require.Equal(t, first.Media.MaxBytes, second.Media.MaxBytes)
	})
}
