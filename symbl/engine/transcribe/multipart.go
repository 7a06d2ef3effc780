package transcribe

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
)

// form is a multipart/form-data body with one file, which is streamed. Its
// length is known before: not all servers take chunks.
type form struct {
	body        io.ReadCloser
	length      int64
	contentType string
}

// newForm takes over the file. The file comes last, so that a server knows
// what to do with it.
func newForm(file io.ReadCloser, size int64, fields [][2]string) form {
	var b bytes.Buffer // whose writes cannot fail
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		_ = w.WriteField(f[0], f[1])
	}
	_, _ = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="audio.wav"`},
		"Content-Type":        {"audio/wav"},
	})
	head := bytes.Clone(b.Bytes())
	b.Reset()
	_ = w.Close()
	return form{
		body:        streamed{io.MultiReader(bytes.NewReader(head), file, bytes.NewReader(b.Bytes())), file},
		length:      int64(len(head)) + size + int64(b.Len()),
		contentType: w.FormDataContentType(),
	}
}

type streamed struct {
	io.Reader
	io.Closer
}
