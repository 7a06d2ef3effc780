package safehttp

import (
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// SniffBytes is how many bytes of a file Sniff looks at.
const SniffBytes = 3072

// MediaType is what a file holds.
type MediaType int

// The media types.
const (
	NotMedia MediaType = iota // a login page, an error document, anything else
	Audio
	Video
)

const inconclusive = "application/octet-stream"

// Sniff tells what a file is from its first bytes and gives its MIME type
// without parameters. The declared content type counts only where the bytes
// are inconclusive: when they fit no known format, and when a container that
// may hold pictures is declared to hold sound only.
func Sniff(head []byte, contentType string) (MediaType, string) {
	if len(head) > SniffBytes {
		head = head[:SniffBytes]
	}
	found := bare(mimetype.Detect(head).String())
	declared := bare(contentType)
	kind := mediaType(found)
	switch {
	case found == inconclusive && mediaType(declared) != NotMedia:
		return mediaType(declared), declared
	case kind == Video && mediaType(declared) == Audio:
		return Audio, declared
	}
	return kind, found
}

func mediaType(mimeType string) MediaType {
	switch {
	case strings.HasPrefix(mimeType, "audio/"), mimeType == "application/ogg":
		return Audio
	case strings.HasPrefix(mimeType, "video/"):
		return Video
	}
	return NotMedia
}

func bare(contentType string) string {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return mediaType
}
