package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

//go:embed static/*.css static/*.js static/*.svg
var static embed.FS

// file is one that the pages need.
type file struct {
	plain   []byte
	packed  func() ([]byte, error) // compressed when it is first wanted, for that takes a megabyte
	kind    string
	version string // of its content
}

// files by their names.
type files map[string]file

func newFiles() (files, error) {
	list, err := static.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("read the console's files: %w", err)
	}
	all := files{}
	for _, entry := range list {
		plain, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the console's files: %w", err)
		}
		sum := sha256.Sum256(plain)
		all[entry.Name()] = file{plain, sync.OnceValues(func() ([]byte, error) { return pack(plain) }), kindOf(entry.Name()), hex.EncodeToString(sum[:6])}
	}
	return all, nil
}

func pack(plain []byte) ([]byte, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress a file of the console: %w", err)
	}
	if _, err := zip.Write(plain); err != nil {
		return nil, fmt.Errorf("compress a file of the console: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress a file of the console: %w", err)
	}
	return packed.Bytes(), nil
}

// kindOf is the media type of a file. The system's own list takes a megabyte.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return "image/svg+xml"
}

// path is the address of a file, which changes with its content.
func (f files) path(name string) (string, error) {
	found, ok := f[name]
	if !ok {
		return "", fmt.Errorf("there is no file %s", name)
	}
	return "/static/" + name + "?v=" + found.version, nil
}

// serve needs no login: the files are the same for everybody.
func (f files) serve(c echo.Context) error {
	found, ok := f[c.Param("name")]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
	h.Set(echo.HeaderCacheControl, "no-cache")
	if c.QueryParam("v") == found.version {
		h.Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if !strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		return c.Blob(http.StatusOK, found.kind, found.plain)
	}
	packed, err := found.packed()
	if err != nil {
		return err
	}
	h.Set(echo.HeaderContentEncoding, "gzip")
	return c.Blob(http.StatusOK, found.kind, packed)
}
