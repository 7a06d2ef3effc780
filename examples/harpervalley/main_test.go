package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMillisecondsBecomeSecondsFromTheStartOfTheCall(t *testing.T) {
	var out strings.Builder
	in := `{"source":"x","messages":[{"index":1,"speaker":"caller","offset_ms":17420,"duration_ms":960,"text":"i lost my debit card"}]}`

	require.NoError(t, convert(strings.NewReader(in), &out))
	require.JSONEq(t, `[{"speaker":"caller","text":"i lost my debit card","start":17.42,"end":18.38}]`, out.String())
}

func TestACallIsReadFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"messages":[{"speaker":"agent","text":"hello"}]}`), 0o600))
	var out strings.Builder
	require.NoError(t, run([]string{path}, strings.NewReader("not this"), &out))
	require.Contains(t, out.String(), "hello")
	require.ErrorContains(t, run([]string{path + "x"}, nil, &out), "call.jsonx")
	require.ErrorContains(t, run([]string{path, path}, nil, &out), "usage")
}

func TestABrokenCallIsAnError(t *testing.T) {
	require.ErrorContains(t, convert(strings.NewReader("{"), &strings.Builder{}), "read the call")
}
