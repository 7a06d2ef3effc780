package source

import (
	"cmp"
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
	take        string // config.Source.Take, takeFirst where it is empty
}

// What of a call that has a recording and a transcript becomes the recording.
const (
	takeFirst      = "first"
	takeAudio      = "audio"
	takeTranscript = "transcript"
)

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
		{zoomName, newZoom},
		{vonageName, newVonage},
		{telnyxName, newTelnyx},
		{aircallName, newAircall},
		{dialpadName, newDialpad},
		{plivoName, newPlivo},
		{eventbridgeName, newEventBridge},
		{ringcentralName, newRingCentral},
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
	take := cmp.Or(s.Take, takeFirst)
	switch {
	case s.Take != "" && s.Provider != zoomName:
		return nil, errors.New("take: only zoom sends a recording and a transcript of one call")
	case !slices.Contains([]string{takeFirst, takeAudio, takeTranscript}, take):
		return nil, errors.New("take: must be first, audio or transcript")
	}
	p, err := known[i].build(setup{secrets: secrets, credentials: s.Credentials, take: take})
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
		if at := slices.Index(s.Secrets, value); at >= 0 && value != s.Secret {
			all[i].key = fmt.Sprintf("secrets[%d]", at)
		}
	}
	return all, nil
}

// unsigned takes every webhook of a source that has no secret and says so by
// insecure: true.
type unsigned struct{ Provider }

// Verify accepts.
func (unsigned) Verify(Request) error { return nil }
