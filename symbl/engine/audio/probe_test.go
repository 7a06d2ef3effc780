package audio_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

func TestFormatsAreToldByContent(t *testing.T) {
	for head, want := range map[string]string{
		"RIFF\x24\x08\x00\x00WAVEfmt ":                                   "WAV",
		"RF64\xff\xff\xff\xffWAVEds64":                                   "WAV",
		"ID3\x04\x00\x00\x00\x00\x00\x00":                                "MP3",
		"\xff\xfb\x90\x64\x00\x00":                                       "MP3",
		"\xff\xf3\x40\xc4\x00\x00":                                       "MP3", // 24 kHz
		"\xff\xe3\x18\xc4\x00\x00":                                       "MP3", // 8 kHz
		"fLaC\x00\x00\x00\x22":                                           "FLAC",
		"OggS\x00\x02" + strings.Repeat("\x00", 22) + "\x01\x13OpusHead": "Ogg",
		"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00":                       "M4A",
		"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2":               "MP4",
		"\x00\x00\x00\x14ftyp3gp4\x00\x00\x00\x003gp4":                   "MP4",
		"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ":                   "MP4",
		"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm": "WebM",
		"#!AMR\n\x3c":                                          "AMR",
		"\xff\xf1\x50\x80\x02\x1f":                             "AAC",
		"FORM\x00\x00\x10\x00AIFFCOMM":                         "AIFF",
		".snd\x00\x00\x00\x18\xff\xff\xff\xff\x00\x00\x00\x01": "AU",
	} {
		got, err := audio.Probe([]byte(head))
		require.NoError(t, err, "%q", head)
		require.Equal(t, want, got.Name, "%q", head)
	}
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	for _, head := range []string{
		"", "RIFF", "RIFF\x00\x00\x00\x00AVI LIST", "<html><body>Log in</body></html>", `{"error":"gone"}`,
		"%PDF-1.7", "PK\x03\x04", "\x7fELF", "hello", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "ffconcat version 1.0\nfile /etc/passwd\n",
	} {
		_, err := audio.Probe([]byte(head))
		var unusable *audio.UnusableError
		require.ErrorAs(t, err, &unusable, "%q", head)
	}
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte("RIFF\x24\x08\x00\x00WAVEfmt "))
	f.Fuzz(func(t *testing.T, head []byte) {
		format, err := audio.Probe(head)
		require.Equal(t, err == nil, format.Name != "")
	})
}
