package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const module = "github.com/trackerbell/trackerbell"

// rooms lists, for every package of ours, what it may import of ours. A new
// package that imports any of ours needs a line here.
func rooms() map[string][]string {
	return map[string][]string{
		"config":                  {},
		"internal/bench":          {"symbl"},
		"internal/crash":          {},
		"internal/datadir":        {},
		"internal/failures":       {},
		"internal/kvwatch":        {},
		"internal/objects":        {},
		"internal/proc":           {},
		"internal/safehttp":       {},
		"internal/subtitle":       {},
		"internal/trackerplan":    {"symbl"},
		"symbl":                   {},
		"symbl/engine/match":      {},
		"symbl/engine/audio":      {"internal/proc"},
		"symbl/engine":            {"symbl", "symbl/engine/match", "symbl/engine/audio", "internal/kvwatch", "internal/objects", "internal/safehttp"},
		"symbl/engine/transcribe": {"symbl/engine", "symbl/engine/audio", "internal/proc", "internal/subtitle"},
		"notify":                  {"config"},
		"events":                  {"symbl", "notify", "config", "internal/crash", "internal/datadir", "internal/kvwatch", "internal/objects", "internal/safehttp"},
		"api/source":              {"events", "config", "internal/safehttp", "internal/subtitle"},
		"api/access":              {"internal/failures"},
		"api/console":             {"events", "notify", "symbl", "api/access"},
		"api":                     {"events", "notify", "symbl", "config", "api/source", "api/access", "api/console", "internal/failures"},
	}
}

// top are the folders of programs: they join everything, and nothing imports
// them.
func top() []string { return []string{"cmd/", "examples/"} }

// check gives a line for every import in fsys that the rooms do not allow.
func check(fsys fs.FS) ([]string, error) {
	var broken []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		imports, err := importsOf(fsys, name)
		if err != nil {
			return err
		}
		for _, imported := range imports {
			if why := judge(path.Dir(name), imported, strings.HasSuffix(name, "_test.go")); why != "" {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", name, imported, why))
			}
		}
		return nil
	})
	return broken, err
}

func skipped(dir string) bool {
	return dir == "testdata" || dir == "vendor" || strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

// importsOf gives the imports of ours in a file, without the module's path.
func importsOf(fsys fs.FS, name string) ([]string, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var ours []string
	for _, spec := range file.Imports {
		full, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if local, ok := strings.CutPrefix(full, module+"/"); ok {
			ours = append(ours, local)
		}
	}
	return ours, nil
}

// judge says why a package may not import another one; empty when it may.
func judge(from, to string, test bool) string {
	switch {
	case isTop(to):
		return "nothing imports a program"
	case isTop(from):
		return ""
	case test && (to == from || isHelper(to)):
		return ""
	case isHelper(from) && isHelper(to):
		return ""
	case isHelper(from):
		return "a test helper imports nothing of ours but other helpers"
	}
	allowed, known := rooms()[from]
	if !known {
		return "the package has no line in the table of rooms"
	}
	if test {
		allowed = below(from)
	}
	if !slices.Contains(allowed, to) {
		return "it is not on a lower floor"
	}
	return ""
}

func isTop(pkg string) bool {
	return slices.ContainsFunc(top(), func(dir string) bool { return strings.HasPrefix(pkg+"/", dir) })
}

// isHelper tells whether a package serves only tests.
func isHelper(pkg string) bool {
	_, room := rooms()[pkg]
	return strings.HasPrefix(pkg, "internal/") && !room
}

// below is everything that a package reaches, by whatever way.
func below(pkg string) []string {
	var all []string
	for _, direct := range rooms()[pkg] {
		all = append(all, direct)
		all = append(all, below(direct)...)
	}
	return all
}

func TestImportsPointDownwards(t *testing.T) {
	root := os.DirFS("../..")
	_, err := fs.Stat(root, "go.mod")
	require.NoError(t, err, "the test must look at the whole module")

	broken, err := check(root)
	require.NoError(t, err)
	require.Empty(t, broken, "see the table of rooms in internal/archtest/imports_test.go")
}

func TestEveryRoomIsLookedAt(t *testing.T) {
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != "." && skipped(d.Name()) {
			return fs.SkipDir
		}
		seen[path.Dir(name)] = seen[path.Dir(name)] || path.Ext(name) == ".go"
		return err
	})
	require.NoError(t, err)
	for room := range rooms() {
		require.True(t, seen[room], "the table names %s, which holds no Go file", room)
	}
}

func TestTheCheckCatchesAViolation(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		src := "package p\n"
		for _, i := range imports {
			src += "import " + strconv.Quote(i) + "\n"
		}
		return &fstest.MapFile{Data: []byte(src)}
	}
	ours := func(pkg string) string { return module + "/" + pkg }
	cases := []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"what the table allows passes", fstest.MapFS{
			"api/a.go":                      file("fmt", ours("events"), ours("api/source")),
			"cmd/trackerbell/main.go":       file(ours("api"), ours("symbl/engine")),
			"examples/convert/main.go":      file(ours("config")),
			"symbl/engine/match/m.go":       file("strings", "golang.org/x/text/unicode/norm"),
			"events/e_test.go":              file(ours("events"), ours("internal/natstest")),
			"api/a_test.go":                 file(ours("api"), ours("internal/safehttp")),
			"internal/natstest/natstest.go": file("testing", ours("internal/waittest")),
		}, nil},
		{"upwards", fstest.MapFS{"events/e.go": file(ours("api"))},
			[]string{"events/e.go imports api: it is not on a lower floor"}},
		{"sideways", fstest.MapFS{"notify/n.go": file(ours("symbl"))},
			[]string{"notify/n.go imports symbl: it is not on a lower floor"}},
		{"the client knows nothing of us", fstest.MapFS{"symbl/s.go": file(ours("config"))},
			[]string{"symbl/s.go imports config: it is not on a lower floor"}},
		{"upwards in a test", fstest.MapFS{"events/e_test.go": file(ours("api"))},
			[]string{"events/e_test.go imports api: it is not on a lower floor"}},
		{"a helper outside of tests", fstest.MapFS{"events/e.go": file(ours("internal/natstest"))},
			[]string{"events/e.go imports internal/natstest: it is not on a lower floor"}},
		{"a helper that knows the house", fstest.MapFS{"internal/natstest/n.go": file(ours("events"))},
			[]string{"internal/natstest/n.go imports events: a test helper imports nothing of ours but other helpers"}},
		{"a program is imported", fstest.MapFS{"api/a_test.go": file(ours("cmd/trackerbell"))},
			[]string{"api/a_test.go imports cmd/trackerbell: nothing imports a program"}},
		{"a package without a room", fstest.MapFS{"events/extra/x.go": file(ours("config"))},
			[]string{"events/extra/x.go imports config: the package has no line in the table of rooms"}},
		{"generated and hidden folders are left out", fstest.MapFS{
			"config/testdata/x.go": file(ours("api")), ".tool/x.go": file(ours("api")),
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			broken, err := check(c.files)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, broken))
		})
	}
}

func TestAFileThatDoesNotParseIsAnError(t *testing.T) {
	_, err := check(fstest.MapFS{"api/a.go": {Data: []byte("pakage api")}})
	require.Error(t, err)
}
