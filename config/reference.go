package config

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The files that declare the configuration's types: the comments in them are
// the documentation of the keys.
//
//go:embed config.go route.go noise.go
var declarations embed.FS

// Key is one key of the configuration as its type declares it. The reference
// in docs/configuration.md and the JSON Schema are made of these.
type Key struct {
	Path     string       // nats.url, sources[].name; "" of the whole
	Name     string       // the last part of the path
	Text     string       // what it is; may be empty for a File twin
	Type     reflect.Type // of the value
	Default  string       // as the file would write it; empty: none
	Variable string       // of the environment; empty where there is none
	Choices  []string     // the only values, where they are a closed set
	Secret   bool         // has a twin that ends in File, or is a list of such
	Twin     bool         // names the file of the secret before it
	Keys     []Key        // of a mapping, or of each mapping in a list; empty inside itself
}

// Reference gives the tree of all keys. Its error is a mistake in the embedded
// declarations.
func Reference() (Key, error) {
	texts, err := readTexts()
	if err != nil {
		return Key{}, err
	}
	d := describer{texts: texts}
	value := Default()
	root := Key{Type: reflect.TypeFor[Config](), Text: texts["Config"]}
	root.Keys = d.keys(reflect.ValueOf(value), "")
	return root, nil
}

// describer makes keys of types.
type describer struct {
	texts map[string]string // of a type (Server), and of its fields (Server.Addr)
	open  []reflect.Type    // the types around: a route's conditions hold conditions
}

// keys describes the fields of the struct v, which stands at path.
func (d *describer) keys(v reflect.Value, path string) []Key {
	if slices.Contains(d.open, v.Type()) {
		return nil
	}
	d.open = append(d.open, v.Type())
	defer func() { d.open = d.open[:len(d.open)-1] }()
	list := fields(v, path)
	keys := make([]Key, 0, len(list))
	for _, f := range list {
		keys = append(keys, d.key(v.Type(), f, list))
	}
	return keys
}

func (d *describer) key(owner reflect.Type, f field, beside []field) Key {
	declared, _ := fieldByKey(owner, f.name)
	_, secret := find(beside, f.name+twinSuffix)
	_, twin := find(beside, strings.TrimSuffix(f.name, twinSuffix))
	_, listed := find(beside, strings.TrimSuffix(f.name, "s")+twinSuffix)
	k := Key{
		Path: f.key, Name: f.name, Type: f.value.Type(), Text: d.texts[owner.Name()+"."+declared.Name],
		Secret: secret || listed && f.value.Kind() == reflect.Slice, Twin: twin && strings.HasSuffix(f.name, twinSuffix),
	}
	if choices := declared.Tag.Get("enum"); choices != "" {
		k.Choices = strings.Split(choices, ",")
	}
	switch {
	case isStructList(f.value.Type()):
		k.Keys = d.keys(reflect.New(f.value.Type().Elem()).Elem(), f.key+"[]")
	case f.value.Kind() == reflect.Struct && f.value.Type() != reflect.TypeFor[Window]():
		k.Keys = d.keys(f.value, f.key)
	default:
		k.Default = written(f.value)
	}
	if k.Text == "" {
		k.Text = d.texts[elem(k.Type).Name()]
	}
	if settable(f) {
		k.Variable = variable(f.key)
	}
	return k
}

// written is a default as the file would write it; empty for an empty value,
// which needs no telling.
func written(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return fmt.Sprint(v.Bool())
	case v.Kind() == reflect.Int && v.Type() == reflect.TypeFor[int](), v.Kind() == reflect.Float64:
		return fmt.Sprint(v.Interface())
	case v.IsZero():
		return ""
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return shortDuration(d)
	}
	return fmt.Sprint(v.Interface())
}

func elem(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return t
}

// fieldByKey finds the field of a struct that a key sets.
func fieldByKey(t reflect.Type, key string) (reflect.StructField, bool) {
	return t.FieldByNameFunc(func(name string) bool {
		f, ok := t.FieldByName(name)
		return ok && f.Tag.Get("yaml") == key
	})
}

// readTexts reads the comments of the embedded declarations.
func readTexts() (map[string]string, error) {
	texts := map[string]string{}
	entries, err := declarations.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list the declarations: %w", err)
	}
	for _, e := range entries {
		source, err := declarations.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the declarations: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), source, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse the declarations: %w", err)
		}
		for _, declaration := range file.Decls {
			readType(declaration, texts)
		}
	}
	return texts, nil
}

// readType notes the comment of a struct type and those of its fields.
func readType(declaration ast.Decl, texts map[string]string) {
	group, ok := declaration.(*ast.GenDecl)
	if !ok || group.Tok != token.TYPE {
		return
	}
	for _, spec := range group.Specs {
		named, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		name := named.Name.Name
		texts[name] = capital(strings.TrimPrefix(flat(group.Doc.Text()), name+" is "))
		body, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range body.Fields.List {
			for _, n := range f.Names {
				texts[name+"."+n.Name] = flat(f.Doc.Text() + " " + f.Comment.Text())
			}
		}
	}
}

// flat puts text into one line.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
