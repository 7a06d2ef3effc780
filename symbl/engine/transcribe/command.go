package transcribe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/trackerbell/trackerbell/internal/proc"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// Input stands for the path of the WAV file in the arguments of a command.
const Input = "{input}"

// maxOutput is what a transcriber may give for one file; the text of a day
// is a tenth of it.
const maxOutput = 32 << 20

// Command is a local program that prints WebVTT, SRT, JSON segments, or the
// lines of whisper.cpp. It is told more by its environment:
// TRANSCRIBE_LANGUAGE (en-US), TRANSCRIBE_VOCABULARY (a line for each entry),
// TRANSCRIBE_DIARIZE (true or false) and TRANSCRIBE_SPEAKERS (0: not known).
// What it writes beside its input is removed afterwards.
type Command struct{ argv []string }

var _ engine.Transcriber = (*Command)(nil)

// NewCommand takes the program and its arguments, of which one must contain
// {input}. The program must be there.
func NewCommand(argv []string) (*Command, error) {
	if len(argv) == 0 {
		return nil, errors.New("the command is empty")
	}
	if !strings.Contains(strings.Join(argv[1:], "\x00"), Input) {
		return nil, fmt.Errorf("no argument of the command contains %s", Input)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	return &Command{argv: append([]string{path}, argv[1:]...)}, nil
}

// Transcribe runs the program once.
func (c *Command) Transcribe(ctx context.Context, s engine.Speech) ([]engine.Segment, error) {
	argv := []string{c.argv[0]}
	for _, a := range c.argv[1:] {
		argv = append(argv, strings.ReplaceAll(a, Input, s.Path))
	}
	program := proc.Program{Argv: argv, Env: []string{
		"TRANSCRIBE_LANGUAGE=" + s.Language,
		"TRANSCRIBE_VOCABULARY=" + environment(strings.Join(s.Vocabulary, "\n")),
		"TRANSCRIBE_DIARIZE=" + strconv.FormatBool(s.Diarize),
		"TRANSCRIBE_SPEAKERS=" + strconv.Itoa(s.Speakers),
	}}
	var output []byte
	err := program.Run(ctx, func(r io.Reader) (err error) {
		output, err = readOutput(r)
		return err
	})
	var start *proc.StartError
	switch {
	case errors.As(err, &start): // it was there before: an update, perhaps
		return nil, &engine.TranscriberError{Failure: engine.Away, Err: fmt.Errorf("transcribe by command: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("transcribe by command: %w", err)
	}
	segments, err := parse(output)
	if err != nil {
		return nil, &engine.TranscriberError{Failure: engine.Refused, Err: fmt.Errorf("read what %s printed: %w", filepath.Base(argv[0]), err)}
	}
	return tidy(segments, s.Duration), nil
}

// readOutput reads all, or refuses what is too much.
func readOutput(r io.Reader) ([]byte, error) {
	output, err := io.ReadAll(io.LimitReader(r, maxOutput+1))
	if err == nil && len(output) > maxOutput {
		err = &engine.TranscriberError{Failure: engine.Refused, Err: fmt.Errorf("the transcriber gave more than %d bytes", maxOutput)}
	}
	return output, err
}

// environment is a value without what none can hold.
func environment(value string) string { return strings.ReplaceAll(value, "\x00", "") }
