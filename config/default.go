package config

import "time"

// Default is the configuration without a file and without an environment. It
// has no sources: `serve` adds one called DefaultSource.
func Default() Config {
	return Config{
		Server: Server{
			Addr:            "127.0.0.1:8080",
			MaxBody:         1 << 20,
			ShutdownTimeout: 25 * time.Second,
		},
		Admin: Admin{Addr: "127.0.0.1:8081"},
		NATS: NATS{
			DataDir:  "./data",
			Replicas: 1,
			MaxAge:   7 * 24 * time.Hour,
			MaxBytes: 8 << 30,
			Sync:     "always",
		},
		Symbl: Symbl{
			Generation:   2,
			AllTrackers:  true,
			MaxJobs:      50,
			JobTimeout:   4 * time.Hour,
			PollInterval: 5 * time.Second,
			PollMax:      time.Minute,
			SettleTime:   10 * time.Second,
		},
		Engine: Engine{
			MaxTrackers: 500,
			Transcriber: "none",
			OpenAI:      OpenAI{BaseURL: "http://127.0.0.1:8000/v1", Model: "whisper-1"},
		},
		Slack: Slack{
			APIURL:         "https://slack.com/api/",
			DefaultChannel: "#call-alerts",
			RatePerChannel: 1,
		},
		Tracing: Tracing{SampleRatio: 1},
		Media:   Media{MaxBytes: 2 << 30},
	}
}
