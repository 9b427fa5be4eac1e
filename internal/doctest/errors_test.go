package doctest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stages are the folders whose named errors an operator may meet, those below
// them included.
var stages = []string{
	"binlog", "translator", "consumers", "schemas", "config", "cmd/telltale",
	"internal/kafkaclient", "internal/mysqltls", "internal/ops", "internal/preflight",
}

// refusals are the files in which the reader refuses what it reads.
var refusals = []string{"binlog/stream.go", "binlog/query.go", "binlog/rows.go", "binlog/gtid.go", "binlog/publish.go"}

var (
	headings  = regexp.MustCompile(`(?m)^### ([a-z]+\.[A-Za-z0-9]+)$`)
	rows      = regexp.MustCompile("(?m)^\\| `([a-z]+\\.[A-Za-z0-9]+)` \\|")
	sentences = regexp.MustCompile("(?m)^\\|[^|]*\\| (`[^|]*`) \\|")
	quoted    = regexp.MustCompile("`([^`]*)`")
	verbs     = regexp.MustCompile(`%[#+0-9]*[a-zA-Z]`)
)

// TestErrorNames: docs/errors.md names each error type and each sentinel of the
// stages once, and nothing else.
func TestErrorNames(t *testing.T) {
	t.Parallel()
	doc := read(t, "docs/errors.md")
	var got, want []string
	for _, m := range slices.Concat(headings.FindAllStringSubmatch(doc, -1), rows.FindAllStringSubmatch(doc, -1)) {
		got = append(got, m[1])
	}
	for _, file := range parsed(t) {
		for _, name := range errorNames(file) {
			want = append(want, file.Name.Name+"."+name)
		}
	}
	if len(want) == 0 {
		t.Fatal("no error was found in the code")
	}
	for i, name := range got {
		if slices.Contains(got[:i], name) {
			t.Errorf("docs/errors.md has %s twice", name)
		}
	}
	for _, name := range without(want, got) {
		t.Errorf("docs/errors.md lacks %s", name)
	}
	for _, name := range without(got, want) {
		t.Errorf("docs/errors.md has %s, which is not in the code", name)
	}
}

// TestErrorSentences: the code has the sentences that docs/errors.md quotes, and
// docs/errors.md has all with which the reader refuses what it reads.
func TestErrorSentences(t *testing.T) {
	t.Parallel()
	doc, files := read(t, "docs/errors.md"), parsed(t)
	var literals []string
	for _, file := range files {
		literals = append(literals, texts(file)...)
	}
	for _, cell := range sentences.FindAllStringSubmatch(doc, -1) {
		for _, m := range quoted.FindAllStringSubmatch(cell[1], -1) {
			if !slices.ContainsFunc(literals, func(l string) bool { return strings.Contains(l, m[1]) }) {
				t.Errorf("docs/errors.md quotes %q, which is not in the code", m[1])
			}
		}
	}
	for _, name := range refusals {
		file := files[name]
		if file == nil {
			t.Errorf("%s is not there", name)
			continue
		}
		for _, s := range refused(file) {
			if !strings.Contains(doc, "`"+s+"`") {
				t.Errorf("docs/errors.md lacks %q of %s", s, name)
			}
		}
	}
}

// TestErrorNamesOf holds the finding of names against each way to write one.
func TestErrorNamesOf(t *testing.T) {
	t.Parallel()
	const code = `package p
var errA, errB = errors.New("a"), fmt.Errorf("b %d", 1)
var notOne = strings.ToUpper("a")
type C struct{}
func (c *C) Error() string { return "" }
type D []string
func (D) Error() string { return errors.New("local").Error() }
func (D) String() string { return "" }`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := errorNames(file), []string{"errA", "errB", "C", "D"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := refused(file), []string{"a", "b …", "local"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// parsed are the files of the stages by their path, tests and their helpers
// left out.
func parsed(t *testing.T) map[string]*ast.File {
	t.Helper()
	out := make(map[string]*ast.File)
	for name, text := range sources(t) {
		folder := path.Dir(name)
		in := slices.ContainsFunc(stages, func(s string) bool { return folder == s || strings.HasPrefix(folder, s+"/") })
		if !in || strings.HasSuffix(folder, "test") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = file
	}
	return out
}

// errorNames are the sentinels and the error types that a file declares.
func errorNames(file *ast.File) []string {
	var out []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					out = append(out, sentinels(v)...)
				}
			}
		case *ast.FuncDecl:
			if d.Recv == nil || d.Name.Name != "Error" {
				continue
			}
			receiver := d.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if name, ok := receiver.(*ast.Ident); ok {
				out = append(out, name.Name)
			}
		}
	}
	return out
}

func sentinels(v *ast.ValueSpec) []string {
	var out []string
	for i, value := range v.Values {
		if call, ok := value.(*ast.CallExpr); ok && makesError(call) {
			out = append(out, v.Names[i].Name)
		}
	}
	return out
}

// makesError reports whether a call is one of errors.New or fmt.Errorf.
func makesError(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := f.X.(*ast.Ident)
	return ok && (from.Name == "errors" && f.Sel.Name == "New" || from.Name == "fmt" && f.Sel.Name == "Errorf")
}

// refused are the sentences of the errors that a file makes, and the values of a
// map of refusals.
func refused(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if makesError(n) && len(n.Args) > 0 {
				out = append(out, texts(n.Args[0])...)
			}
		case *ast.ValueSpec:
			if n.Names[0].Name == "refused" {
				out = append(out, texts(n)...)
			}
		}
		return true
	})
	return out
}

// texts are the string literals below a node, with … for each value that is
// filled in.
func texts(n ast.Node) []string {
	var out []string
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, verbs.ReplaceAllString(s, "…"))
			}
		}
		return true
	})
	return out
}
