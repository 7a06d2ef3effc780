package audio

import (
	"bytes"

	"github.com/gabriel-vasile/mimetype"
)

// ProbeBytes is how much of a file Probe wants to see; less may do.
const ProbeBytes = 3072

// Format is what a file is, by its content.
type Format struct {
	Name    string // as a person calls it: WAV, MP3
	demuxer string // ffmpeg's name for it; no other is tried
}

// WAV is the one format that needs no ffmpeg.
const WAV = "WAV"

// Probe tells what a file is from its first bytes; a name or a content type
// does not count. Of what holds neither audio nor video it gives an *UnusableError.
func Probe(head []byte) (Format, error) {
	if len(head) >= riffBytes && (bytes.HasPrefix(head, []byte("RIFF")) || bytes.HasPrefix(head, []byte("RF64"))) && string(head[8:12]) == "WAVE" {
		return Format{Name: WAV, demuxer: "wav"}, nil
	}
	found := mimetype.Detect(head[:min(len(head), ProbeBytes)])
	for m := found; m != nil; m = m.Parent() {
		if f := byType(m.String()); f.Name != "" {
			return f, nil
		}
	}
	switch {
	case adts(head):
		return Format{"AAC", "aac"}, nil
	case bytes.HasPrefix(head, []byte("ID3")): // whatever its tag holds
		return byType("audio/mpeg"), nil
	}
	return Format{}, unusable("the recording is of the type %s, which is neither audio nor video that can be read", found.String())
}

func byType(mimeType string) Format {
	switch mimeType {
	case "audio/mpeg":
		return Format{"MP3", "mp3"}
	case "audio/flac":
		return Format{"FLAC", "flac"}
	case "application/ogg", "audio/ogg", "video/ogg":
		return Format{"Ogg", "ogg"}
	case "audio/x-m4a":
		return Format{"M4A", "mov"}
	case "audio/mp4", "video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "audio/3gpp":
		return Format{"MP4", "mov"}
	case "video/webm", "audio/webm", "video/x-matroska":
		return Format{"WebM", "matroska"}
	case "audio/amr":
		return Format{"AMR", "amr"}
	case "audio/aac":
		return Format{"AAC", "aac"}
	case "audio/aiff":
		return Format{"AIFF", "aiff"}
	case "audio/basic":
		return Format{"AU", "au"}
	case "video/x-ms-asf", "audio/x-ms-wma", "video/x-ms-wmv":
		return Format{"WMA", "asf"}
	}
	return Format{}
}

// adts tells whether bytes begin like AAC without a container: twelve bits of
// one, and layer 0.
func adts(head []byte) bool {
	return len(head) >= 2 && head[0] == 0xFF && head[1]&0xF6 == 0xF0
}
