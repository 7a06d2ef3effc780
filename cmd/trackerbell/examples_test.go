package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestTheConfigurationInTheComposeFileIsValid(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/docker-compose.yaml")
	require.NoError(t, err)
	var compose struct {
		Configs map[string]struct{ Content, File string }
	}
	require.NoError(t, yaml.Unmarshal(data, &compose))
	dir := t.TempDir()
	path := filepath.Join(dir, "trackerbell.yaml")
	require.NoError(t, os.WriteFile(path, []byte(compose.Configs["trackerbell.yaml"].Content), 0o600))
	r := command(t, dir, nil, "config", "print", "--config", path, "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	got := printed[struct {
		NATS   struct{ URL string }
		Engine struct{ Transcriber string }
	}](t, r.stdout)
	require.Equal(t, "nats://nats:4222", got.NATS.URL)
	require.Equal(t, "openai", got.Engine.Transcriber)
	require.FileExists(t, filepath.Join("..", "..", "examples", compose.Configs["trackers.yaml"].File))
}
