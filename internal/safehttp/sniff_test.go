package safehttp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

func ftyp(brand string) string {
	return "\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x02\x00isomiso2"
}

func TestSniffTrustsTheBytesFirst(t *testing.T) {
	const (
		wav  = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
		webm = "\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
		page = "<!DOCTYPE html><html><body>Sign in</body></html>"
	)
	unknown := strings.Repeat("\x00\x9c\xff\x81", 64)
	tests := map[string]struct {
		head, contentType string
		kind              safehttp.MediaType
		mime              string
	}{
		"WAV":                              {wav, "", safehttp.Audio, "audio/wav"},
		"WAV that claims to be a page":     {wav, "text/html", safehttp.Audio, "audio/wav"},
		"MP3 with a tag":                   {"ID3\x04\x00\x00\x00\x00\x00\x40" + unknown, "", safehttp.Audio, "audio/mpeg"},
		"FLAC":                             {"fLaC\x00\x00\x00\x22", "", safehttp.Audio, "audio/flac"},
		"Ogg":                              {"OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead\x01", "", safehttp.Audio, "audio/ogg"},
		"M4A":                              {ftyp("M4A "), "video/mp4", safehttp.Audio, "audio/x-m4a"},
		"MP4":                              {ftyp("isom"), "", safehttp.Video, "video/mp4"},
		"MP4 declared to be sound":         {ftyp("isom"), "audio/mp4; codecs=mp4a", safehttp.Audio, "audio/mp4"},
		"WebM":                             {webm, "video/webm", safehttp.Video, "video/webm"},
		"WebM declared to be sound":        {webm, "audio/webm", safehttp.Audio, "audio/webm"},
		"a page that claims to be sound":   {page, "audio/wav", safehttp.NotMedia, "text/html"},
		"JSON that claims to be sound":     {`{"message":"expired"}`, "audio/mpeg", safehttp.NotMedia, "application/json"},
		"XML that claims to be sound":      {`<?xml version="1.0"?><TwilioResponse/>`, "audio/x-wav", safehttp.NotMedia, "text/xml"},
		"text that claims to be sound":     {"Not found", "audio/wav", safehttp.NotMedia, "text/plain"},
		"a picture":                        {"\x89PNG\x0d\x0a\x1a\x0a", "audio/wav", safehttp.NotMedia, "image/png"},
		"nothing":                          {"", "audio/wav", safehttp.NotMedia, "text/plain"},
		"unknown bytes declared sound":     {unknown, "Audio/Basic; rate=8000", safehttp.Audio, "audio/basic"},
		"unknown bytes declared video":     {unknown, "video/x-odd", safehttp.Video, "video/x-odd"},
		"unknown bytes declared nothing":   {unknown, "application/octet-stream", safehttp.NotMedia, "application/octet-stream"},
		"unknown bytes, malformed type":    {unknown, "audio/;;", safehttp.NotMedia, "application/octet-stream"},
		"sound beyond the bytes looked at": {unknown + strings.Repeat("\x00", 4000) + page, "audio/pcm", safehttp.Audio, "audio/pcm"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			kind, mime := safehttp.Sniff([]byte(tt.head), tt.contentType)
			require.Equal(t, tt.kind, kind, mime)
			require.Equal(t, tt.mime, mime)
		})
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("RIFF\x24\x00\x00\x00WAVEfmt "), "audio/wav")
	f.Add([]byte("<html>"), "text/html; charset=utf-8")
	f.Fuzz(func(t *testing.T, head []byte, contentType string) {
		kind, mime := safehttp.Sniff(head, contentType)
		if kind != safehttp.NotMedia {
			require.Regexp(t, `^(audio|video)/|^application/ogg$`, mime)
		}
	})
}
