package config

import "time"

// Config is the whole configuration of trackerbell. Load fills it from
// defaults, then the YAML file, then the environment, then secret files.
type Config struct {
	Server  Server   `yaml:"server"`
	Admin   Admin    `yaml:"admin"`
	NATS    NATS     `yaml:"nats"`
	Symbl   Symbl    `yaml:"symbl"`
	Engine  Engine   `yaml:"engine"`
	Slack   Slack    `yaml:"slack"`
	Media   Media    `yaml:"media"`
	Sources []Source `yaml:"sources"`
	Routes  []Route  `yaml:"routes"`

	Destinations []Destination `yaml:"destinations"` // places for alerts other than Slack channels of the bot

	Noise []Noise `yaml:"noise"` // how much some channels are told at a time

	Tracing Tracing `yaml:"tracing"`

	Trackers string `yaml:"trackers"` // file of trackers, applied to the embedded engine at start and when it changes; relative to the configuration file

	lines map[string]int    // line in the file of every key that the file sets
	vars  map[string]string // environment variable of every key that the environment sets
	file  string            // path of the file, empty without one
}

// Server is the public listener: webhooks, callbacks and Slack interactions.
type Server struct {
	Addr            string        `yaml:"addr"`            // host:port of the public listener; the only one to expose
	PublicURL       string        `yaml:"publicURL"`       // how providers and Symbl reach it, such as https://calls.example.com. Signatures are checked against it; without it, against the scheme and host of the request, and Symbl is polled instead of calling back
	MaxBody         Size          `yaml:"maxBody"`         // largest webhook
	ShutdownTimeout time.Duration `yaml:"shutdownTimeout"` // how long SIGTERM waits for what is under way
}

// Admin is the listener of the console, the API, health and metrics.
type Admin struct {
	Addr            string `yaml:"addr"`      // host:port of the admin listener; it shows what was said in calls
	PublicURL       string `yaml:"publicURL"` // how people's browsers reach it, for links in alerts; no trailing slash
	Token           string `yaml:"token"`     // required when the address is not loopback; sent as Authorization: Bearer …
	TokenFile       string `yaml:"tokenFile"`
	ViewerToken     string `yaml:"viewerToken"` // a second token, for reading only; numbers are masked
	ViewerTokenFile string `yaml:"viewerTokenFile"`
}

// NATS is the JetStream that holds all state: embedded when url is empty.
type NATS struct {
	URL       string        `yaml:"url"`                         // nats://… or tls://…, several joined by commas; empty: embedded
	CredsFile string        `yaml:"credsFile"`                   // credentials for the url
	DataDir   string        `yaml:"dataDir"`                     // directory of the embedded store; one process at a time
	Replicas  int           `yaml:"replicas"`                    // copies of each stream and bucket on a cluster, 1 to 5
	MaxAge    time.Duration `yaml:"maxAge"`                      // how long finished work is kept; less when space is short. What is not finished is never deleted
	MaxBytes  Size          `yaml:"maxBytes"`                    // size of the recordings stream; new recordings get 503 from 90 % of it
	Sync      string        `yaml:"sync" enum:"always,interval"` // embedded store: always survives a power cut with everything that was answered 2xx; interval may lose the last seconds then, and is faster
}

// Symbl is the account that recordings are submitted to: the embedded engine
// when baseURL is empty.
type Symbl struct {
	BaseURL       string        `yaml:"baseURL"`   // empty: the embedded engine
	AppID         string        `yaml:"appId"`     // required with baseURL
	AppSecret     string        `yaml:"appSecret"` // required with baseURL
	AppSecretFile string        `yaml:"appSecretFile"`
	Generation    int           `yaml:"generation"`   // of the tracker management paths: 1 (/v1/manage/tracker) or 2 (/v1/manage/trackers)
	AllTrackers   bool          `yaml:"allTrackers"`  // submit with enableAllTrackers
	MaxJobs       int           `yaml:"maxJobs"`      // jobs in flight, all replicas together
	JobTimeout    time.Duration `yaml:"jobTimeout"`   // a job that takes longer becomes a dead letter
	PollInterval  time.Duration `yaml:"pollInterval"` // pause before a job is first asked for; it grows up to pollMax
	PollMax       time.Duration `yaml:"pollMax"`      // longest pause between two polls of a job
	SettleTime    time.Duration `yaml:"settleTime"`   // how long after a submission that got no answer baseURL's list of conversations may still lack it
}

// Engine is the embedded Symbl-compatible server.
type Engine struct {
	AppID         string   `yaml:"appId"`     // empty: generated; the commands find it
	AppSecret     string   `yaml:"appSecret"` // empty: generated; the commands find it
	AppSecretFile string   `yaml:"appSecretFile"`
	MaxJobs       int      `yaml:"maxJobs"`                                // at a time, beyond which submissions get 429; 0: one for each core, and the others wait
	MaxTrackers   int      `yaml:"maxTrackers"`                            // beyond which creating one is refused
	Transcriber   string   `yaml:"transcriber" enum:"none,openai,command"` // what makes text of audio: none takes transcripts only
	OpenAI        OpenAI   `yaml:"openai"`                                 // used by transcriber openai
	Command       []string `yaml:"command" env:"words"`                    // used by transcriber command: argv; {input} becomes the path of a WAV file
}

// OpenAI is an OpenAI-compatible transcription server.
type OpenAI struct {
	BaseURL    string `yaml:"baseURL"` // up to and with /v1
	Model      string `yaml:"model"`   // name of the model, as the server knows it
	APIKey     string `yaml:"apiKey"`  // sent as Authorization: Bearer …
	APIKeyFile string `yaml:"apiKeyFile"`
}

// Slack is where alerts go; without a token they go to standard output.
type Slack struct {
	Token             string  `yaml:"token"` // bot token, xoxb-…; empty: alerts are printed
	TokenFile         string  `yaml:"tokenFile"`
	APIURL            string  `yaml:"apiURL"`        // ends in a slash
	SigningSecret     string  `yaml:"signingSecret"` // of the Slack app; makes the buttons of alerts work
	SigningSecretFile string  `yaml:"signingSecretFile"`
	DefaultChannel    string  `yaml:"defaultChannel"`   // gets what no route takes
	FallbackChannel   string  `yaml:"fallbackChannel"`  // gets what a channel refuses for good, beside its dead letter; empty: nothing does
	OperatorChannel   string  `yaml:"operatorChannel"`  // is told of dead letters, in at most one message a minute; empty: nobody is
	RatePerChannel    float64 `yaml:"ratePerChannel"`   // messages a second; 0: only what Slack itself limits
	RatePerWorkspace  float64 `yaml:"ratePerWorkspace"` // messages a second of one replica, all channels together; 0: as above
}

// Tracing sends OpenTelemetry traces: one for each recording, from its webhook to
// its alerts.
type Tracing struct {
	Endpoint    string  `yaml:"endpoint"`    // OTLP over HTTP, such as http://127.0.0.1:4318; empty: off. OTEL_EXPORTER_OTLP_HEADERS adds headers
	SampleRatio float64 `yaml:"sampleRatio"` // share of the recordings that are traced, 0 to 1
}

// Media is the limit of what trackerbell downloads.
type Media struct {
	AllowHosts []string `yaml:"allowHosts"` // hosts, addresses or CIDRs that may be private; any other private address is refused
	MaxBytes   Size     `yaml:"maxBytes"`   // largest recording
}

// Source is one telephony system that sends webhooks to /webhooks/{name}.
type Source struct {
	Name            string            `yaml:"name"`     // of [A-Za-z0-9_-]; it receives POST /webhooks/{name}
	Provider        string            `yaml:"provider"` // generic, twilio, signalwire, zoom, vonage, telnyx, aircall, dialpad, plivo, eventbridge or ringcentral
	Secret          string            `yaml:"secret"`   // what the provider signs with; the page of each provider says which. While rotating the file may hold the old and the new one, in two lines
	SecretFile      string            `yaml:"secretFile"`
	Secrets         []string          `yaml:"secrets"`                            // a list of old and new ones while rotating
	Insecure        bool              `yaml:"insecure"`                           // true allows a source without a secret
	Credentials     Credentials       `yaml:"credentials"`                        // for media downloads; sent to the provider's own hosts only
	Labels          map[string]string `yaml:"labels"`                             // fixed labels of its recordings
	LabelsFromQuery []string          `yaml:"labelsFromQuery"`                    // query parameters of the webhook's URL that become labels
	Take            string            `yaml:"take" enum:"audio,transcript,first"` // zoom only; unset: first, which is whichever comes first
	AgentChannel    int               `yaml:"agentChannel"`                       // 1 or 2, in recordings with one channel for each side; 0: unknown

	Redact       Redact        `yaml:"redact"`       // what is taken out of quotes before an alert leaves
	ShowNumbers  bool          `yaml:"showNumbers"`  // true shows phone numbers whole in alerts; by default they are masked; in an agent's name and in labels, those with a country code
	RecordingURL string        `yaml:"recordingURL"` // where people can hear a recording, such as https://pbx.example.com/calls/{id}: the button "Open recording". {id} is the provider's id, {key} the recording's key
	Retention    time.Duration `yaml:"retention"`    // how long a finished call's conversation and ledger entry are kept; 0: 90 days, but hosted Symbl keeps its conversations. A mark with its key stays for 90 days. Events and transcripts go with nats.maxAge, Slack messages stay
}

// Redact is what is taken out of quotes. Numbers that a transcript spells in
// words stay.
type Redact struct {
	Cards    bool     `yaml:"cards"`    // numbers with a valid check digit
	Emails   bool     `yaml:"emails"`   // e-mail addresses, also as "anna at example dot com"
	Phones   bool     `yaml:"phones"`   // phone numbers
	Patterns []string `yaml:"patterns"` // regular expressions (RE2)
}

// Credentials are for media downloads.
type Credentials struct {
	Username     string `yaml:"username"` // or the id of an API key
	Password     string `yaml:"password"` // or the secret of an API key
	PasswordFile string `yaml:"passwordFile"`
	Token        string `yaml:"token"` // a bearer token
	TokenFile    string `yaml:"tokenFile"`
}
