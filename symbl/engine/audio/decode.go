package audio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/trackerbell/trackerbell/internal/proc"
)

const converter = "ffmpeg"

// Decode writes the sound of a recording of any format into dir, as Split
// does. WAV is read as it comes; any other format is first written into dir
// and converted by ffmpeg, and the copy removed. Without ffmpeg the *UnusableError
// says so. The reader must end with ctx.
func Decode(ctx context.Context, r io.Reader, dir string, separate bool) ([]Track, error) {
	buffered := bufio.NewReaderSize(r, readBuffer)
	head, err := buffered.Peek(readBuffer)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	format, err := Probe(head)
	if err != nil {
		return nil, err
	}
	if format.Name == WAV {
		if h, err := readHeader(bytes.NewReader(head)); err != nil || h.plain() {
			return Split(buffered, dir, separate)
		}
	}
	return convert(ctx, buffered, format, dir, separate)
}

// convert has ffmpeg turn a recording into WAV, and splits that as it comes.
func convert(ctx context.Context, r io.Reader, format Format, dir string, separate bool) (tracks []Track, err error) {
	if _, err := exec.LookPath(converter); err != nil {
		return nil, unusable("the recording is %s, and ffmpeg, which is needed to read it, is not installed: install ffmpeg, or submit WAV with PCM, A-law or µ-law", format.Name)
	}
	path := filepath.Join(dir, "recording")
	if err := write(path, r); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	err = proc.Program{Argv: arguments(path, format), Dir: dir}.Run(ctx, func(out io.Reader) (err error) {
		tracks, err = Split(out, dir, separate)
		return err
	})
	var failed *proc.ExitError
	if errors.As(err, &failed) && !failed.Killed {
		said := strings.ReplaceAll(failed.Stderr, "file:"+path, "it") // nobody else needs to know where it was
		return nil, unusable("ffmpeg cannot read the recording, which is %s: %s", format.Name, said)
	}
	return tracks, err
}

// arguments let ffmpeg read the one file, as the one format, and nothing else:
// a recording may be made to name other files or addresses.
func arguments(path string, format Format) []string {
	return []string{
		converter, "-nostdin", "-hide_banner", "-loglevel", "error",
		"-protocol_whitelist", "file", "-f", format.demuxer, "-i", "file:" + path,
		"-map", "0:a:0", "-ar", fmt.Sprint(Rate), "-c:a", "pcm_s16le",
		"-protocol_whitelist", "pipe", "-f", "wav", "pipe:1",
	}
}

func write(path string, r io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep the recording: %w", err)
	}
	_, err = io.Copy(file, r)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keep the recording: %w", err)
	}
	return nil
}
