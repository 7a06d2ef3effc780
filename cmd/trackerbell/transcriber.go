package main

import (
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

// newTranscriber makes the transcriber that is configured; nil for none.
func newTranscriber(cfg *config.Config) (engine.Transcriber, error) {
	switch cfg.Engine.Transcriber {
	case "openai":
		o := cfg.Engine.OpenAI
		t, err := transcribe.NewOpenAI(transcribe.OpenAIConfig{BaseURL: o.BaseURL, Model: o.Model, APIKey: o.APIKey})
		if err != nil {
			return nil, config.Problems{cfg.Problem("engine.openai.baseURL", "%v", err)}
		}
		return t, nil
	case "command":
		t, err := transcribe.NewCommand(cfg.Engine.Command)
		if err != nil {
			return nil, config.Problems{cfg.Problem("engine.command", "%v", err)}
		}
		return t, nil
	}
	return nil, nil //nolint:nilnil // none is a valid choice
}

// textOnly says why a recording of sound cannot be processed; empty when it
// can.
func textOnly(cfg *config.Config) string {
	if cfg.Symbl.BaseURL != "" || cfg.Engine.Transcriber != "none" {
		return ""
	}
	return "audio and video need a transcriber: set engine.transcriber to openai or command, or symbl.baseURL to a Symbl that transcribes, and replay this"
}
