package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

// scalars gives the path of every key of v that is no mapping and in no list of
// mappings, found without the help of the code under test.
func scalars(v reflect.Value, path []string) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, value := v.Type().Field(i).Tag.Get("yaml"), v.Field(i)
		at := append(append([]string{}, path...), name)
		switch {
		case name == "":
		case value.Kind() == reflect.Struct:
			for k, below := range scalars(value, at) {
				found[k] = below
			}
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
		default:
			found[strings.Join(at, ".")] = value
		}
	}
	return found
}

// sample is a text for a value of type t and what it should become.
func sample(t reflect.Type) (string, any) {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "11m", 11 * time.Minute
	case reflect.TypeFor[config.Size]():
		return "3MiB", config.Size(3 << 20)
	case reflect.TypeFor[[]string]():
		return "one", []string{"one"}
	case reflect.TypeFor[bool]():
		return "false", false
	case reflect.TypeFor[int]():
		return "4", 4
	case reflect.TypeFor[float64]():
		return "2.5", 2.5
	}
	return "sample", "sample"
}

func TestEveryScalarKeyCanBeSetFromTheEnvironment(t *testing.T) {
	defaults := config.Default()
	keys := scalars(reflect.ValueOf(&defaults).Elem(), nil)
	require.Greater(t, len(keys), 40)
	require.Contains(t, keys, "engine.openai.apiKeyFile")
	used := map[string]string{}
	for key, before := range keys {
		t.Run(key, func(t *testing.T) {
			name := "TRACKERBELL_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
			require.NotContains(t, used, name, "two keys share a variable")
			used[name] = key
			text, want := sample(before.Type())
			require.NotEqual(t, want, before.Interface(), "the sample must not be the default")

			// "sample" is no valid address, and so on; the value is read all the same.
			cfg, warnings, _ := config.Load("", []string{name + "=" + text})
			require.Empty(t, warnings)
			after := scalars(reflect.ValueOf(cfg).Elem(), nil)
			require.Equal(t, want, after[key].Interface())
			for other, value := range after {
				if other != key {
					require.Equal(t, keys[other].Interface(), value.Interface(), other)
				}
			}
		})
	}
}

func TestTheEnvironmentOverridesTheFile(t *testing.T) {
	cfg, _, err := load(t, "nats: {url: 'nats://a:1', sync: interval}\nslack: {defaultChannel: '#file'}",
		"TRACKERBELL_SLACK_DEFAULTCHANNEL=#env", "TRACKERBELL_NATS_URL=", "PATH=/bin", "odd")
	require.NoError(t, err)
	require.Equal(t, "#env", cfg.Slack.DefaultChannel)
	require.Empty(t, cfg.NATS.URL)
	require.Equal(t, "interval", cfg.NATS.Sync)
}

func TestListsInTheEnvironmentAreSplit(t *testing.T) {
	cfg, _, err := config.Load("", []string{
		"TRACKERBELL_MEDIA_ALLOWHOSTS=127.0.0.1, 10.0.0.0/8",
		"TRACKERBELL_ENGINE_COMMAND=ffmpeg -af pan=1,2  {input}",
	})
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1", "10.0.0.0/8"}, cfg.Media.AllowHosts)
	require.Equal(t, []string{"ffmpeg", "-af", "pan=1,2", "{input}"}, cfg.Engine.Command)

	cfg, _, err = load(t, "media: {allowHosts: [a]}", "TRACKERBELL_MEDIA_ALLOWHOSTS= ")
	require.NoError(t, err)
	require.Empty(t, cfg.Media.AllowHosts)
}

func TestUnknownVariablesOnlyWarn(t *testing.T) {
	_, warnings, err := config.Load("", []string{
		"TRACKERBELL_CONFIG=x.yaml",
		"TRACKERBELL_SERVICE_HOST=10.0.0.1",
		"TRACKERBELL_SERVER_PUBLIC_URL=https://hush.example.com",
		"TRACKERBELL_SOURCES_0_SECRET=hush",
		"TRACKERBELL_SLACK=hush",
		"TRACKERBELLS=1",
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"TRACKERBELL_SERVER_PUBLIC_URL: ignored, no key of the configuration has this variable; did you mean TRACKERBELL_SERVER_PUBLICURL?",
		"TRACKERBELL_SERVICE_HOST: ignored, no key of the configuration has this variable",
		"TRACKERBELL_SLACK: ignored, no key of the configuration has this variable",
		"TRACKERBELL_SOURCES_0_SECRET: ignored, no key of the configuration has this variable",
	}, warnings)
}

func TestProblemsFromTheEnvironmentNameTheVariable(t *testing.T) {
	require.Equal(t, []string{
		"TRACKERBELL_SERVER_ADDR: server.addr: must be host:port, such as 127.0.0.1:8080 or :8080",
		"TRACKERBELL_NATS_MAXAGE: nats.maxAge: must be a duration such as 30s",
	}, sorted(problems(t, "nats: {maxAge: 1h}\nserver: {addr: 127.0.0.1:1}",
		"TRACKERBELL_NATS_MAXAGE=7d", "TRACKERBELL_SERVER_ADDR=here")))
}
