package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's scheme
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
)

const (
	plainKey  = "s3cret" // of the references
	twilioKey = "0123456789abcdef0123456789abcdef"
	idHole    = "ZZ0123456789abcdefZZ0123456789ab" // where an id's hex goes
)

// template is a recording in the form of Twilio's RecordingStatusCallback
// (twilio.com/docs/voice/api/recording) with holes for its id, made once: what
// the load costs is taken from those that are measured.
type template struct {
	host   string
	head   []byte   // the request up to the value of X-Signature
	signed [][]byte // what Twilio signs: the URL and the sorted fields, cut at the holes
	body   [][]byte // cut at the holes
}

// templates gives one for each line.
func (l load) templates() ([]template, error) {
	target, err := url.Parse(l.url)
	if err != nil {
		return nil, fmt.Errorf("the webhook: %w", err)
	}
	all := make([]template, max(1, l.lines))
	for i := range all {
		if l.lines > 0 {
			target.RawQuery = fmt.Sprint("line=", i)
		}
		all[i] = newTemplate(target, l.media)
	}
	return all, nil
}

// newTemplate has the fields in the order in which they are signed.
func newTemplate(target *url.URL, media string) template {
	fields := [][2]string{
		{"AccountSid", "AC00000000000000000000000000000001"}, {"ApiVersion", "2010-04-01"},
		{"CallSid", "CA" + idHole}, {"CallStatus", "completed"}, {"Direction", "inbound"},
		{"From", "+15005550006"}, {"RecordingChannels", "1"}, {"RecordingDuration", "187"},
		{"RecordingSid", "RE" + idHole}, {"RecordingSource", "RecordVerb"},
		{"RecordingStartTime", "Mon, 23 Nov 2026 20:00:00 +0000"}, {"RecordingStatus", "completed"},
		{"RecordingTrack", "both"}, {"RecordingUrl", media + "RE" + idHole + ".wav"},
		{"StatusText", strings.Repeat("x", 80)}, {"To", "+15005550001"},
	}
	signed := target.String()
	pairs := make([]string, len(fields))
	for i, f := range fields {
		signed += f[0] + f[1]
		pairs[i] = f[0] + "=" + url.QueryEscape(f[1])
	}
	body := strings.Join(pairs, "&")
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nX-Signature: ",
		target.RequestURI(), target.Host, len(body))
	return template{target.Host, []byte(head), cut(signed), cut(body)}
}

func cut(text string) [][]byte { return bytes.Split([]byte(text), []byte(idHole)) }

// fill puts an id into the holes.
func fill(to []byte, pieces [][]byte, id []byte) []byte {
	to = append(to, pieces[0]...)
	for _, piece := range pieces[1:] {
		to = append(append(to, id...), piece...)
	}
	return to
}

// writer writes one connection's requests into the same memory.
type writer struct {
	plain, twilio     hash.Hash
	id, out, body, in []byte // in: what is signed
	sum               []byte
}

func newWriter() *writer {
	return &writer{plain: hmac.New(sha256.New, []byte(plainKey)), twilio: hmac.New(sha1.New, []byte(twilioKey))}
}

// request gives the bytes of a request with a new id, signed in both Twilio's
// way and the references'. They hold until the next one.
func (w *writer) request(t *template) []byte {
	w.id = fmt.Appendf(w.id[:0], "%016x%016x", rand.Uint64(), rand.Uint64()) //nolint:gosec // it needs only to be new
	w.body, w.in = fill(w.body[:0], t.body, w.id), fill(w.in[:0], t.signed, w.id)
	w.out = hex.AppendEncode(append(w.out[:0], t.head...), w.sign(w.plain, w.body))
	w.out = base64.StdEncoding.AppendEncode(append(w.out, "\r\nX-Twilio-Signature: "...), w.sign(w.twilio, w.in))
	return append(append(w.out, "\r\n\r\n"...), w.body...)
}

func (w *writer) sign(mac hash.Hash, text []byte) []byte {
	mac.Reset()
	mac.Write(text)
	w.sum = mac.Sum(w.sum[:0])
	return w.sum
}

// plainSignature is the references' for one body.
func plainSignature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(plainKey))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// readAnswer reads an HTTP/1.1 answer, and fails if it is not 2xx. It keeps
// nothing of the header, for which http.ReadResponse makes a map.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	_, status, found := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
	if !found || len(status) < 3 {
		return fmt.Errorf("no answer of HTTP: %q", line)
	}
	refusal := ""
	if status[0] != '2' {
		refusal = string(status)
	}
	length, chunked, err := readHeader(r)
	if err != nil {
		return err
	}
	if !chunked && refusal == "" {
		_, err = r.Discard(length)
		return err
	}
	body := io.LimitReader(r, int64(length))
	if chunked {
		body = httputil.NewChunkedReader(r)
	}
	text, err := io.ReadAll(body)
	switch {
	case refusal != "":
		return fmt.Errorf("the webhook answered %s: %s", refusal, text)
	case err != nil:
		return err
	}
	_, err = r.ReadSlice('\n') // the empty line behind the last chunk
	return err
}

// readHeader says how the body comes.
func readHeader(r *bufio.Reader) (length int, chunked bool, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, false, fmt.Errorf("Content-Length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}
