// Command harpervalley turns a call of the HarperValleyBank corpus (one JSON
// object with "messages", each with a speaker, a text and times in
// milliseconds) into a transcript that trackerbell takes. It reads the file that
// is its argument, or standard input: see README.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

type call struct {
	Messages []struct {
		Speaker    string  `json:"speaker"`
		Text       string  `json:"text"`
		OffsetMS   float64 `json:"offset_ms"`
		DurationMS float64 `json:"duration_ms"`
	} `json:"messages"`
}

type utterance struct {
	Speaker string  `json:"speaker"`
	Text    string  `json:"text"`
	Start   float64 `json:"start"` // seconds
	End     float64 `json:"end"`
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "harpervalley:", err)
		os.Exit(1)
	}
}

// run converts the call in the file that args names, or else the one from in.
func run(args []string, in io.Reader, out io.Writer) error {
	switch len(args) {
	case 0:
		return convert(in, out)
	case 1:
		file, err := os.Open(args[0]) //nolint:gosec // who runs it names its own file
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // only read from
		return convert(file, out)
	}
	return errors.New("usage: harpervalley [CALL.json]")
}

func convert(in io.Reader, out io.Writer) error {
	var c call
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return fmt.Errorf("read the call: %w", err)
	}
	said := make([]utterance, 0, len(c.Messages))
	for _, m := range c.Messages {
		said = append(said, utterance{
			Speaker: m.Speaker, Text: m.Text, Start: m.OffsetMS / 1000, End: (m.OffsetMS + m.DurationMS) / 1000,
		})
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", " ")
	return enc.Encode(said)
}
