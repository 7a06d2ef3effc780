package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValuesOutOfRangeAreProblems(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, want string }{
		"address without port":   {"server: {addr: localhost}", "server.addr: must be host:port"},
		"address with a word":    {"server: {addr: 'localhost:http'}", "server.addr: must be host:port"},
		"port too high":          {"server: {addr: ':65536'}", "server.addr: must be host:port"},
		"address with scheme":    {"admin: {addr: 'http://127.0.0.1:80'}", "admin.addr: must be host:port"},
		"one address for both":   {"admin: {addr: '127.0.0.1:8080'}", "admin.addr: must differ from server.addr"},
		"public URL is a path":   {"server: {publicURL: /x}", "server.publicURL: must be an absolute"},
		"public URL with query":  {"server: {publicURL: 'https://h/?a=b'}", "server.publicURL: must not have a query"},
		"public URL fragment":    {"server: {publicURL: 'https://h/#a'}", "server.publicURL: must not have a query"},
		"public URL of ftp":      {"server: {publicURL: 'ftp://h'}", "server.publicURL: must be an absolute"},
		"public URL no host":     {"server: {publicURL: 'https://:80'}", "server.publicURL: must be an absolute"},
		"public URL with user":   {"server: {publicURL: 'https://u@h'}", "server.publicURL: must not hold a user"},
		"body too small":         {"server: {maxBody: 1}", "server.maxBody: must be from 512 to 1GiB"},
		"shutdown negative":      {"server: {shutdownTimeout: -1s}", "server.shutdownTimeout: must be from 100ms to 1h"},
		"viewer is admin":        {"admin: {token: a, viewerToken: a}", "admin.viewerToken: must differ"},
		"nats scheme":            {"nats: {url: 'http://h'}", "nats.url: must be URLs with the scheme nats"},
		"nats second server":     {"nats: {url: 'nats://h,'}", "nats.url: must be URLs with the scheme nats"},
		"nats without directory": {"nats: {dataDir: ''}", "nats.dataDir: must name a directory"},
		"nats no replicas":       {"nats: {replicas: 0}", "nats.replicas: must be from 1 to 5"},
		"nats six replicas":      {"nats: {url: 'nats://h', replicas: 6}", "nats.replicas: must be from 1 to 5"},
		"nats embedded cluster":  {"nats: {replicas: 3}", "nats.replicas: must be 1 for the embedded NATS"},
		"nats age zero":          {"nats: {maxAge: 0s}", "nats.maxAge: must be from 1s to 87600h"},
		"nats bytes":             {"nats: {maxBytes: 8}", "nats.maxBytes: must be from 64KiB to 256TiB"},
		"nats sync":              {"nats: {sync: Always}", "nats.sync: must be one of: always, interval"},
		"symbl URL":              {"symbl: {baseURL: api.example.com, appId: a, appSecret: s}", "symbl.baseURL: must be an absolute"},
		"symbl without id":       {"symbl: {baseURL: 'http://h', appSecret: s}", "symbl.appId: required with symbl.baseURL"},
		"symbl without secret":   {"symbl: {baseURL: 'http://h', appId: a}", "symbl.appSecret: required with symbl.baseURL"},
		"symbl generation":       {"symbl: {generation: 3}", "symbl.generation: must be 1 or 2"},
		"symbl no jobs":          {"symbl: {maxJobs: 0}", "symbl.maxJobs: must be at least 1"},
		"symbl settle time":      {"symbl: {settleTime: 2h}", "symbl.settleTime: must be from 0s to 1h"},
		"symbl job timeout":      {"symbl: {jobTimeout: 100000h}", "symbl.jobTimeout: must be from 1s to 87600h"},
		"symbl poll zero":        {"symbl: {pollInterval: 0}", "symbl.pollInterval: must be from 10ms to 24h"},
		"symbl poll order":       {"symbl: {pollInterval: 61s}", "symbl.pollMax: must not be less than symbl.pollInterval"},
		"engine jobs":            {"engine: {maxJobs: -1}", "engine.maxJobs: must be 0"},
		"engine trackers":        {"engine: {maxTrackers: 0}", "engine.maxTrackers: must be at least 1"},
		"engine transcriber":     {"engine: {transcriber: whisper}", "engine.transcriber: must be one of: none, openai, command"},
		"openai without URL":     {"engine: {transcriber: openai, openai: {baseURL: ''}}", "engine.openai.baseURL: required"},
		"openai without model":   {"engine: {transcriber: openai, openai: {model: ''}}", "engine.openai.model: required"},
		"no command":             {"engine: {transcriber: command}", "engine.command: required"},
		"command without input":  {"engine: {transcriber: command, command: [whisper]}", "engine.command: needs an argument with {input}"},
		"command of nothing":     {"engine: {transcriber: command, command: ['', '{input}']}", "engine.command[0]: must name a program"},
		"slack without slash":    {"slack: {apiURL: 'https://slack.com/api'}", "slack.apiURL: must be an absolute"},
		"slack without URL":      {"slack: {apiURL: ''}", "slack.apiURL: must be an absolute"},
		"slack channel":          {"slack: {defaultChannel: ' '}", "slack.defaultChannel: must name a channel"},
		"slack rate":             {"slack: {ratePerChannel: -1}", "slack.ratePerChannel: must be 0"},
		"media URL":              {"media: {allowHosts: [a, 'http://a']}", "media.allowHosts[1]: must be a host name"},
		"media port":             {"media: {allowHosts: ['a:80']}", "media.allowHosts[0]: must be a host name"},
		"media wildcard":         {"media: {allowHosts: ['*.a']}", "media.allowHosts[0]: must be a host name"},
		"media mistyped":         {"media: {allowHosts: [10.0.0.256]}", "media.allowHosts[0]: must be a host name"},
		"media CIDR":             {"media: {allowHosts: [10.0.0.0/33]}", "media.allowHosts[0]: must be a host name"},
		"media blank":            {"media: {allowHosts: ['']}", "media.allowHosts[0]: must be a host name"},
		"media bytes":            {"media: {maxBytes: 0}", "media.maxBytes: must be from 512 to 256TiB"},
		"size overflow":          {"media: {maxBytes: 9999999TiB}", "media.maxBytes: must be a size"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, tc.yaml)
			require.Len(t, got, 1, got)
			require.True(t, strings.HasPrefix(got[0], "trackerbell.yaml:1: "+tc.want), got[0])
		})
	}
}

func TestValuesAtTheEdgeAreAccepted(t *testing.T) {
	for name, yaml := range map[string]string{
		"any port":            "server: {addr: '127.0.0.1:0'}\nadmin: {addr: '127.0.0.1:0'}",
		"all addresses":       "server: {addr: ':8080'}",
		"host names":          "server: {addr: 'my-host.internal:80'}",
		"IPv6":                "server: {addr: '[::1]:80'}",
		"public URL path":     "server: {publicURL: 'http://[::1]:8080/a/b'}",
		"NATS servers":        "nats: {url: 'nats://u:p@h:4222, wss://n.example.com', replicas: 5, dataDir: ''}",
		"equal polls":         "symbl: {pollInterval: 1s, pollMax: 1s}",
		"unused command":      "engine: {command: [whisper]}",
		"unused openai":       "engine: {openai: {baseURL: '', model: ''}}",
		"no limit":            "slack: {ratePerChannel: 0}",
		"two tokens":          "admin: {addr: ':1', token: a, viewerToken: b}",
		"names with trailing": "media: {allowHosts: [a.example., A_b.c, 'fe80::/10']}",
		"first generation":    "symbl: {generation: 1}",
		"quoted scalars":      "symbl: {generation: '1', allTrackers: 'false', pollMax: '1h'}",
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, problems(t, yaml))
		})
	}
}

func TestAnAdminListenerForOthersNeedsAToken(t *testing.T) {
	for _, addr := range []string{":8081", "0.0.0.0:8081", "10.0.0.1:8081", "[::]:8081", "host.example:8081"} {
		got := problems(t, "admin:\n  addr: '"+addr+"'\n  viewerToken: v\n")
		require.Equal(t, []string{"trackerbell.yaml:1: admin.token: required, because admin.addr is not a loopback address: " +
			"set admin.token or admin.tokenFile, or bind admin.addr to 127.0.0.1"}, got, addr)
	}
	for _, addr := range []string{"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1", "[::ffff:127.0.0.1]:1"} {
		require.Empty(t, problems(t, "admin: {addr: '"+addr+"'}"), addr)
	}
	require.Empty(t, problems(t, "admin: {addr: ':1'}", "TRACKERBELL_ADMIN_TOKEN=t"))
	require.Empty(t, problems(t, "admin: {addr: ':1'}", "TRACKERBELL_ADMIN_TOKENFILE="+write(t, "token", "t")))
}

func TestAProblemBehindABrokenValueIsNotTold(t *testing.T) {
	require.Equal(t, []string{"trackerbell.yaml:1: admin.addr: must be host:port, such as 127.0.0.1:8080 or :8080"},
		problems(t, "admin: {addr: x}"))
	require.Equal(t, []string{"trackerbell.yaml:1: symbl.pollInterval: must be from 10ms to 24h"},
		problems(t, "symbl: {pollInterval: 999h}"))
	require.Equal(t, []string{"trackerbell.yaml:1: symbl.appSecrt: unknown key; did you mean appSecret?"},
		problems(t, "symbl: {baseURL: 'http://h', appId: a, appSecrt: s}"))
}
