package notify_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loadAlert reads testdata/alerts/<name>.json.
func loadAlert(t *testing.T, name string) notify.Alert {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "alerts", name+".json"))
	require.NoError(t, err)
	var a notify.Alert
	require.NoError(t, json.Unmarshal(raw, &a))
	return a
}

// golden compares with testdata/<file>, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), string(got))
}

// readable is JSON as people read it, without \u003c for <.
func readable(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(v))
	return b.Bytes()
}

// load reads a configuration.
func load(t *testing.T, yaml string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trackerbell.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	cfg, _, err := config.Load(path, nil)
	require.NoError(t, err)
	return cfg
}
