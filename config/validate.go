package config

import (
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// validate checks every value and brings URLs into their one form. The ranges
// only catch slips such as 8 for 8MiB.
func (l *loader) validate() {
	l.validateServer()
	l.validateAdmin()
	l.validateNATS()
	l.validateSymbl()
	l.validateEngine()
	l.validateSlack()
	l.validateTracing()
	l.validateMedia()
	l.validateSources()
	l.validateRoutes()
	l.validateDestinations()
	l.validateNoise()
}

func (l *loader) validateServer() {
	c := &l.cfg.Server
	l.address("server.addr", c.Addr)
	l.webURL("server.publicURL", &c.PublicURL)
	l.size("server.maxBody", c.MaxBody, 512, 1<<30)
	l.duration("server.shutdownTimeout", c.ShutdownTimeout, 100*time.Millisecond, time.Hour)
}

func (l *loader) validateAdmin() {
	c := &l.cfg.Admin
	l.address("admin.addr", c.Addr)
	l.webURL("admin.publicURL", &c.PublicURL)
	l.check(c.Addr != l.cfg.Server.Addr || strings.HasSuffix(c.Addr, ":0"), "admin.addr",
		"must differ from server.addr: only one of the two listeners is public")
	l.check(c.Token != "" || c.Loopback() || l.isTold("admin.addr"), "admin.token",
		"required, because admin.addr is not a loopback address: set admin.token or admin.tokenFile, or bind admin.addr to 127.0.0.1")
	l.check(c.ViewerToken == "" || c.ViewerToken != c.Token, "admin.viewerToken",
		"must differ from admin.token, or viewers could change things")
}

func (l *loader) validateNATS() {
	c := &l.cfg.NATS
	l.natsURL("nats.url", c.URL)
	l.check(c.URL != "" || !isBlank(c.DataDir), "nats.dataDir", "must name a directory when nats.url is empty")
	l.check(c.Replicas >= 1 && c.Replicas <= 5, "nats.replicas", "must be from 1 to 5")
	l.check(c.URL != "" || c.Replicas <= 1, "nats.replicas", "must be 1 for the embedded NATS; set nats.url to a cluster for more")
	l.duration("nats.maxAge", c.MaxAge, time.Second, 3650*day)
	l.size("nats.maxBytes", c.MaxBytes, 64<<10, 256<<40)
	l.oneOf("nats.sync", c.Sync, "always", "interval")
}

func (l *loader) validateSymbl() {
	c := &l.cfg.Symbl
	l.webURL("symbl.baseURL", &c.BaseURL)
	hosted := c.BaseURL != ""
	l.check(!hosted || c.AppID != "", "symbl.appId", "required with symbl.baseURL")
	l.check(!hosted || c.AppSecret != "", "symbl.appSecret", "required with symbl.baseURL: set symbl.appSecret or symbl.appSecretFile")
	l.check(c.Generation == 1 || c.Generation == 2, "symbl.generation", "must be 1 or 2")
	l.check(c.MaxJobs >= 1, "symbl.maxJobs", "must be at least 1")
	l.duration("symbl.jobTimeout", c.JobTimeout, time.Second, 3650*day)
	l.duration("symbl.pollInterval", c.PollInterval, 10*time.Millisecond, day)
	l.duration("symbl.pollMax", c.PollMax, 10*time.Millisecond, day)
	l.check(c.PollMax >= c.PollInterval || l.isTold("symbl.pollInterval"), "symbl.pollMax", "must not be less than symbl.pollInterval")
	l.duration("symbl.settleTime", c.SettleTime, 0, time.Hour)
}

func (l *loader) validateEngine() {
	c := &l.cfg.Engine
	l.check(c.MaxJobs >= 0, "engine.maxJobs", "must be 0 (as many as there are cores) or more")
	l.check(c.MaxTrackers >= 1, "engine.maxTrackers", "must be at least 1")
	l.oneOf("engine.transcriber", c.Transcriber, "none", "openai", "command")
	l.webURL("engine.openai.baseURL", &c.OpenAI.BaseURL)
	if c.Transcriber == "openai" {
		l.check(c.OpenAI.BaseURL != "", "engine.openai.baseURL", "required with engine.transcriber openai")
		l.check(!isBlank(c.OpenAI.Model), "engine.openai.model", "required with engine.transcriber openai")
	}
	if c.Transcriber == "command" {
		takesInput := func(arg string) bool { return strings.Contains(arg, "{input}") }
		l.check(len(c.Command) > 0, "engine.command", "required with engine.transcriber command: the program and its arguments, {input} among them")
		l.check(len(c.Command) > 0 && !isBlank(c.Command[0]), "engine.command[0]", "must name a program")
		l.check(slices.ContainsFunc(c.Command, takesInput), "engine.command", "needs an argument with {input}, the path of the audio file")
	}
}

func (l *loader) validateSlack() {
	c := &l.cfg.Slack
	l.check(webURLFault(c.APIURL) == "" && strings.HasSuffix(c.APIURL, "/"), "slack.apiURL",
		"must be an absolute http or https URL that ends in a slash, such as https://slack.com/api/")
	l.check(!isBlank(c.DefaultChannel), "slack.defaultChannel", `must name a channel, such as "#call-alerts" (in quotes, as # begins a comment)`)
	l.check(c.RatePerChannel >= 0, "slack.ratePerChannel", "must be 0 (only what Slack itself limits) or more")
	l.check(c.RatePerWorkspace >= 0, "slack.ratePerWorkspace", "must be 0 (only what Slack itself limits) or more")
}

func (l *loader) validateTracing() {
	c := &l.cfg.Tracing
	l.check(c.Endpoint == "" || webURLFault(c.Endpoint) == "", "tracing.endpoint",
		"must be an absolute http or https URL of an OTLP collector, such as http://127.0.0.1:4318")
	l.check(c.SampleRatio >= 0 && c.SampleRatio <= 1, "tracing.sampleRatio", "must be from 0 to 1")
}

func (l *loader) validateMedia() {
	c := &l.cfg.Media
	for i, host := range c.AllowHosts {
		l.check(isHostRule(host), index("media.allowHosts", i),
			"must be a host name, an address or a CIDR, without scheme or port: media.internal, 10.0.0.7, 10.0.0.0/8")
	}
	l.size("media.maxBytes", c.MaxBytes, 512, 256<<40)
}

func (l *loader) duration(key string, d, low, high time.Duration) {
	l.check(d >= low && d <= high, key, "must be from %s to %s", shortDuration(low), shortDuration(high))
}

func (l *loader) size(key string, s, low, high Size) {
	l.check(s >= low && s <= high, key, "must be from %v to %v", low, high)
}

func (l *loader) oneOf(key, text string, choices ...string) {
	l.check(slices.Contains(choices, text), key, "must be one of: %s", strings.Join(choices, ", "))
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }
