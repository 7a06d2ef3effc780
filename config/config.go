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

	Destinations []Destination `yaml:"destinations"` // other than Slack channels

	Trackers string `yaml:"trackers"` // file of trackers, applied at start when the engine is embedded

	lines map[string]int    // line in the file of every key that the file sets
	vars  map[string]string // environment variable of every key that the environment sets
	file  string            // path of the file, empty without one
}

// Server is the public listener: webhooks, callbacks and Slack interactions.
type Server struct {
	Addr            string        `yaml:"addr"`            // host:port to listen on
	PublicURL       string        `yaml:"publicURL"`       // how providers and Symbl reach it; no trailing slash
	MaxBody         Size          `yaml:"maxBody"`         // largest webhook body
	ShutdownTimeout time.Duration `yaml:"shutdownTimeout"` // how long SIGTERM waits for handlers
}

// Admin is the listener of the console, the API, health and metrics.
type Admin struct {
	Addr            string `yaml:"addr"`
	PublicURL       string `yaml:"publicURL"` // how people's browsers reach it, for links in alerts; no trailing slash
	Token           string `yaml:"token"`     // required when Addr is not loopback
	TokenFile       string `yaml:"tokenFile"`
	ViewerToken     string `yaml:"viewerToken"` // for reading only
	ViewerTokenFile string `yaml:"viewerTokenFile"`
}

// NATS is the JetStream that holds all state: embedded when URL is empty.
type NATS struct {
	URL       string        `yaml:"url"`
	CredsFile string        `yaml:"credsFile"`
	DataDir   string        `yaml:"dataDir"`  // embedded store
	Replicas  int           `yaml:"replicas"` // of every stream and bucket, 1 to 5
	MaxAge    time.Duration `yaml:"maxAge"`   // finished work only
	MaxBytes  Size          `yaml:"maxBytes"` // ingest answers 503 from 90 %
	Sync      string        `yaml:"sync"`     // embedded store: always | interval
}

// Symbl is the account that recordings are submitted to: the embedded engine
// when BaseURL is empty.
type Symbl struct {
	BaseURL       string        `yaml:"baseURL"`
	AppID         string        `yaml:"appId"`
	AppSecret     string        `yaml:"appSecret"`
	AppSecretFile string        `yaml:"appSecretFile"`
	Generation    int           `yaml:"generation"` // of the tracker management paths: 1 (/manage/tracker) or 2 (/manage/trackers)
	AllTrackers   bool          `yaml:"allTrackers"`
	MaxJobs       int           `yaml:"maxJobs"`    // jobs in flight across all replicas
	JobTimeout    time.Duration `yaml:"jobTimeout"` // a job that takes longer becomes a dead letter
	PollInterval  time.Duration `yaml:"pollInterval"`
	PollMax       time.Duration `yaml:"pollMax"`
}

// Engine is the embedded Symbl-compatible server.
type Engine struct {
	AppID         string   `yaml:"appId"` // unset: generated
	AppSecret     string   `yaml:"appSecret"`
	AppSecretFile string   `yaml:"appSecretFile"`
	MaxJobs       int      `yaml:"maxJobs"` // at once, beyond which submissions get 429; 0: as many as there are cores, the others wait
	MaxTrackers   int      `yaml:"maxTrackers"`
	Transcriber   string   `yaml:"transcriber"` // none | openai | command
	OpenAI        OpenAI   `yaml:"openai"`
	Command       []string `yaml:"command" env:"words"` // argv; {input} becomes the path of a WAV file
}

// OpenAI is an OpenAI-compatible transcription server.
type OpenAI struct {
	BaseURL    string `yaml:"baseURL"`
	Model      string `yaml:"model"`
	APIKey     string `yaml:"apiKey"`
	APIKeyFile string `yaml:"apiKeyFile"`
}

// Slack is where alerts go; without a token they go to standard output.
type Slack struct {
	Token             string  `yaml:"token"`
	TokenFile         string  `yaml:"tokenFile"`
	APIURL            string  `yaml:"apiURL"` // ends in a slash
	SigningSecret     string  `yaml:"signingSecret"`
	SigningSecretFile string  `yaml:"signingSecretFile"`
	DefaultChannel    string  `yaml:"defaultChannel"`
	FallbackChannel   string  `yaml:"fallbackChannel"`  // gets what a channel refuses for good; empty: nothing does
	RatePerChannel    float64 `yaml:"ratePerChannel"`   // messages a second; 0: only what Slack itself limits
	RatePerWorkspace  float64 `yaml:"ratePerWorkspace"` // messages a second of one replica, all channels together; 0: as above
}

// Media limits what trackerbell downloads.
type Media struct {
	AllowHosts []string `yaml:"allowHosts"` // hosts, addresses or CIDRs that may be private
	MaxBytes   Size     `yaml:"maxBytes"`
}

// Source is one telephony system that sends webhooks to /webhooks/{Name}.
type Source struct {
	Name            string            `yaml:"name"`
	Provider        string            `yaml:"provider"`
	Secret          string            `yaml:"secret"` // what the provider signs with
	SecretFile      string            `yaml:"secretFile"`
	Secrets         []string          `yaml:"secrets"` // old and new while rotating
	Insecure        bool              `yaml:"insecure"`
	Credentials     Credentials       `yaml:"credentials"`
	Labels          map[string]string `yaml:"labels"`
	LabelsFromQuery []string          `yaml:"labelsFromQuery"`
	Take            string            `yaml:"take"`         // zoom: audio, transcript, or what comes first
	AgentChannel    int               `yaml:"agentChannel"` // 1 or 2, in recordings with one channel for each side; 0: unknown
}

// Credentials are for media downloads.
type Credentials struct {
	Username     string `yaml:"username"`
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"passwordFile"`
	Token        string `yaml:"token"`
	TokenFile    string `yaml:"tokenFile"`
}
