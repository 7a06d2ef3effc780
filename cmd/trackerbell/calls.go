package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/datadir"
)

// defaultSource adds the generic source config.DefaultSource where no source is configured.
// Its random secret is made at the first start, if create is set, and kept in
// the data directory; made tells that it was.
func defaultSource(cfg *config.Config, create bool) (made bool, err error) {
	if len(cfg.Sources) > 0 {
		return false, nil
	}
	path := filepath.Join(cfg.NATS.DataDir, "calls.secret")
	raw, err := os.ReadFile(path)
	secret := strings.TrimSpace(string(raw))
	switch {
	case errors.Is(err, os.ErrNotExist) && create:
		if secret, made, err = makeSecret(path); err != nil {
			return false, datadir.Explain(err)
		}
	case errors.Is(err, os.ErrNotExist):
		return false, fmt.Errorf("no source is configured, and no service was started with %s yet: run trackerbell serve first", cfg.NATS.DataDir)
	case err != nil:
		return false, fmt.Errorf("read the secret of source %s: %w", config.DefaultSource, datadir.Explain(err))
	}
	cfg.Sources = []config.Source{{Name: config.DefaultSource, Provider: "generic", Secret: secret}}
	return made, nil
}

// newSecret makes a Standard Webhooks secret.
func newSecret() (string, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(key), nil
}

// makeSecret makes a secret and keeps it in a file. Of several processes that do
// so at once, one makes it and the others read it: a file that is linked to its
// name is there as a whole or not at all.
func makeSecret(path string) (secret string, made bool, err error) {
	if secret, err = newSecret(); err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, fmt.Errorf("nats.dataDir: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), "calls.secret.*") // mode 0600
	if err != nil {
		return "", false, fmt.Errorf("keep the secret: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	_, err = part.WriteString(secret + "\n")
	if err = errors.Join(err, part.Close()); err != nil {
		return "", false, fmt.Errorf("keep the secret: %w", err)
	}
	switch err := os.Link(part.Name(), path); {
	case errors.Is(err, os.ErrExist):
		raw, err := os.ReadFile(path)
		return strings.TrimSpace(string(raw)), false, err
	case err != nil:
		return "", false, fmt.Errorf("keep the secret: %w", err)
	}
	return secret, true, nil
}
