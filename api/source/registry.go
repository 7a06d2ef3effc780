package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/config"
)

// setup is what a provider is built from. Secrets holds at least one secret,
// oldest first, except for a source that is insecure.
type setup struct {
	secrets     []secret
	credentials config.Credentials
}

// secret is one secret of a source and the configuration key it came from.
type secret struct{ key, value string }

// entry is a provider's line in the registry.
type entry struct {
	name  string
	build func(setup) (Provider, error)
}

func registry() []entry {
	return []entry{
		{genericName, newGeneric},
		{twilioName, newTwilio},
		{signalwireName, newSignalWire},
	}
}

// Providers gives the names of the known providers.
func Providers() []string {
	var names []string
	for _, e := range registry() {
		names = append(names, e.name)
	}
	return names
}

// New builds the provider of a source. Its errors start with the configuration
// key within the source, such as "secret: …", and never hold its value.
func New(s config.Source) (Provider, error) {
	known := registry()
	i := slices.IndexFunc(known, func(e entry) bool { return e.name == s.Provider })
	if i < 0 {
		return nil, fmt.Errorf("provider: %q is none of %s", s.Provider, strings.Join(Providers(), ", "))
	}
	secrets, err := secretsOf(s)
	if err != nil {
		return nil, err
	}
	p, err := known[i].build(setup{secrets: secrets, credentials: s.Credentials})
	if err != nil {
		return nil, err
	}
	if len(secrets) == 0 {
		return unsigned{p}, nil
	}
	return p, nil
}

// secretsOf names the key of every secret, for errors.
func secretsOf(s config.Source) ([]secret, error) {
	values := s.AllSecrets()
	if len(values) == 0 && !s.Insecure {
		return nil, errors.New("secret: is required, unless insecure is true")
	}
	all := make([]secret, len(values))
	for i, value := range values {
		all[i] = secret{key: "secret", value: value}
		if value != s.Secret {
			all[i].key = fmt.Sprintf("secrets[%d]", slices.Index(s.Secrets, value))
		}
	}
	return all, nil
}

// unsigned takes every webhook of a source that has no secret and says so by
// insecure: true.
type unsigned struct{ Provider }

// Verify accepts.
func (unsigned) Verify(Request) error { return nil }
