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
var refusals = []string{"binlog/stream.go", "binlog/query.go", "binlog/rows.go", "binlog/xa.go", "binlog/gtid.go", "binlog/publish.go", "binlog/reason.go"}

var (
	headings  = regexp.MustCompile(`(?m)^### ([a-z]+\.[A-Za-z0-9]+)$`)
	rows      = regexp.MustCompile("(?m)^\\| `([a-z]+\\.[A-Za-z0-9]+)` \\|")
	sentences = regexp.MustCompile("(?m)^\\|[^|]*\\| (`[^|]*`) \\|")
	quoted    = regexp.MustCompile("`([^`]*)`")
	nameless  = regexp.MustCompile(`(?m)^\| \| .*$`)
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

// TestReaderErrorNames: all with which the reader refuses to go on has a name of
// its own, a status and, beside the cause, what mends it.
func TestReaderErrorNames(t *testing.T) {
	t.Parallel()
	_, reader, _ := strings.Cut(read(t, "docs/errors.md"), "\n## The reader\n")
	reader, _, ok := strings.Cut(reader, "\n## ")
	if !ok {
		t.Fatal("docs/errors.md has no section on the reader, or nothing behind it")
	}
	for section := range strings.SplitSeq(reader, "\n### ") {
		title, text, _ := strings.Cut(section, "\n")
		if title != "" && !strings.Contains(text, "status ") {
			t.Errorf("docs/errors.md, %s: no status", title)
		}
		if title == "binlog.Damaged" {
			continue // One name for all the ways in which bytes can be wrong.
		}
		for _, row := range nameless.FindAllString(text, -1) {
			t.Errorf("docs/errors.md, %s: a row without a name (see binlog/reason.go and binlog/refusal.go): %s", title, row)
		}
		if strings.Contains(text, "As above") {
			t.Errorf("docs/errors.md, %s: telltale explain shows nothing above", title)
		}
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
			values := strings.Trim(s, "…: ") == ""
			if !values && !strings.Contains(doc, "`"+s+"`") {
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
func (D) String() string { return "" }
var errE = because("p.E", "e")
const kindG = "p.G"
func (D) Name() string { return "p.F" }`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := errorNames(file), []string{"errA", "errB", "C", "D", "E", "G", "F"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := refused(file), []string{"a", "b …", "local", "e"}; !slices.Equal(got, want) {
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

// errorNames are the sentinels and the error types that a file declares, and the
// names that errors are given for people.
func errorNames(file *ast.File) []string {
	var out []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					out = append(out, sentinels(file, v)...)
				}
			}
		case *ast.FuncDecl:
			if d.Recv == nil || d.Name.Name != "Error" {
				if d.Recv != nil && d.Name.Name == "Name" {
					out = append(out, given(file, d)...)
				}
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

func sentinels(file *ast.File, v *ast.ValueSpec) []string {
	var out []string
	for i, value := range v.Values {
		call, ok := value.(*ast.CallExpr)
		switch {
		case ok && makesError(call):
			out = append(out, v.Names[i].Name)
		case ok && makesReason(call):
			out = append(out, given(file, call.Args[0])...)
		case !ok:
			out = append(out, given(file, value)...)
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

// makesReason reports whether a call is because("<package>.<Name>", "<text>").
func makesReason(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.Ident)
	return ok && f.Name == "because" && len(call.Args) == 2
}

// given are the names below a node, without the package of the file.
func given(file *ast.File, n ast.Node) []string {
	var out []string
	for _, text := range texts(n) {
		if name, ok := strings.CutPrefix(text, file.Name.Name+"."); ok && token.IsIdentifier(name) {
			out = append(out, name)
		}
	}
	return out
}

// refused are the sentences of the errors and reasons that a file makes.
func refused(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch {
			case makesReason(n):
				out = append(out, texts(n.Args[1])...)
			case makesError(n) && len(n.Args) > 0:
				out = append(out, texts(n.Args[0])...)
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
