package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

const (
	importPath = "/trackers/import"

	// maxForm and maxImport are the largest forms that are read, in bytes, and
	// maxRest how much of a larger one is thrown away, as browsers show no answer
	// before they have sent what they want to.
	maxForm   = 1 << 20
	maxImport = 8 << 20
	maxRest   = 64 << 20
)

// readForm reads the form of a request. Its error is that there is too much; what
// cannot be read otherwise has no fields.
func readForm(c echo.Context) error {
	limit := int64(maxForm)
	if c.Path() == importPath {
		limit = maxImport
	}
	r := c.Request()
	whole := r.Body
	r.Body = http.MaxBytesReader(c.Response(), whole, limit)
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(limit) // all of it in memory
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); !tooLarge {
		return nil
	}
	_, _ = io.CopyN(io.Discard, whole, maxRest) // whoever sends more sees no answer
	return &failure{http.StatusRequestEntityTooLarge, fmt.Sprintf("This is more than the %d MiB that are read at once, and nothing was changed.", limit>>20)}
}

// cameFrom is the page of a form that was sent, as far as the browser tells. A
// form that was shown again has the address that it was sent to, which is no page.
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || strings.HasPrefix(from.Path, "/trackers/") && from.Path != "/trackers/edit" || strings.HasPrefix(from.Path, "/system/") {
		return sectionOf(r)
	}
	if strings.HasPrefix(from.Path, "/recordings/") && (path.Base(from.Path) == "replay" || path.Base(from.Path) == "forget") {
		return "/recordings"
	}
	return localPath(from.RequestURI())
}

// sectionOf is the first page of the part of the console that a request is about.
func sectionOf(r *http.Request) string {
	return localPath("/" + strings.SplitN(r.URL.Path, "/", 3)[1])
}
