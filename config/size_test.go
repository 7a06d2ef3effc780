package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestSizesAreReadInEveryUnit(t *testing.T) {
	for text, want := range map[string]config.Size{
		"1048576": 1 << 20, "2048B": 2048, "512KiB": 512 << 10, "1MiB": 1 << 20, "2GiB": 2 << 30, "1TiB": 1 << 40,
		"1KB": 1000, "3MB": 3e6, "2GB": 2e9, "1TB": 1e12, "1 mib": 1 << 20, "5gb": 5e9,
	} {
		cfg, _, err := load(t, "media: {maxBytes: "+text+"}")
		require.NoError(t, err, text)
		require.Equal(t, want, cfg.Media.MaxBytes, text)
	}
	for _, text := range []string{"-1", "+5MiB", "1.5GiB", "MiB", "1MiBs", "1Mi", "0x10000", "9223372036854775808", "8388608TiB", "''"} {
		require.Len(t, problems(t, "media: {maxBytes: "+text+"}"), 1, text)
	}
}

func TestASizeIsWrittenInItsLargestWholeUnit(t *testing.T) {
	for size, want := range map[config.Size]string{
		0: "0", 1: "1", 1500: "1500", 1024: "1KiB", 1536: "1536", 1 << 20: "1MiB", 3 << 29: "1536MiB", 8 << 30: "8GiB", 1 << 40: "1TiB",
	} {
		require.Equal(t, want, size.String())
	}
}
