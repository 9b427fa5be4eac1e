package translator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"telltale/schemas/change"
)

// testCommit is when every transaction of a file test committed.
var testCommit = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// halves end the ids of what an update of the key becomes.
var halves = map[change.Op]string{opLeave: "-", opArrive: "+"}

// givenChanges makes raw changes, one transaction, of a test's rows.
func (t *translator) givenChanges(f *ruleFile, test ruleTest) ([]rawChange, error) {
	newest := make(map[string]*table)
	for _, compiled := range t.tables {
		newest[compiled.name] = compiled
	}
	var changes []rawChange
	perTable := make(map[string]int)
	for i, g := range test.given {
		compiled := newest[g.table]
		if compiled == nil {
			return nil, f.problem(g.at, "test %q: no rule names the table %s", test.name, g.table)
		}
		images := imageBuilder{file: f, table: compiled, given: g}
		c, err := images.change()
		if err != nil {
			return nil, err
		}
		c.id = fmt.Sprintf("test:1:%s:%d%s", g.table, perTable[g.table], halves[g.op])
		perTable[g.table]++
		c.last = i == len(test.given)-1
		changes = append(changes, c)
	}
	return changes, nil
}

// imageBuilder makes the JSON images of one given change. A column that only
// one of the images names is the same in the other; one that neither names is
// null, or the zero of its type where it cannot be null.
type imageBuilder struct {
	file  *ruleFile
	table *table
	given givenChange
}

func (b imageBuilder) change() (rawChange, error) {
	g := b.given
	before, err := b.columns(g.before)
	if err != nil {
		return rawChange{}, err
	}
	after, err := b.columns(g.after)
	if err != nil {
		return rawChange{}, err
	}
	c := rawChange{
		table: g.table, op: g.op, shape: b.table.shape.ID, gtid: "test:1", at: testCommit,
		actor: g.context[change.ContextActor], request: g.context[change.ContextRequestID],
		traceparent: g.context[change.ContextTraceparent], place: place{topic: "test"},
	}
	if g.before != nil {
		c.before, c.key = b.image(before, after)
	}
	if g.after != nil {
		oldKey := c.key
		c.after, c.key = b.image(after, before)
		if oldKey != nil && !bytes.Equal(oldKey, c.key) {
			return rawChange{}, b.file.problem(g.at,
				"given: an update of %q, by which the changes are ordered, arrives as two changes; write leave: %s and arrive: %s",
				b.table.shape.OrderedBy(), g.table, g.table)
		}
	}
	return c, nil
}

// image lays out every column of the shape, and the record's key.
func (b imageBuilder) image(own, other map[string][]byte) (object, key []byte) {
	values := make(map[string][]byte)
	for _, name := range b.table.columnNames() {
		switch {
		case own[name] != nil:
			values[name] = own[name]
		case other[name] != nil:
			values[name] = other[name]
		default:
			values[name] = zero(b.table.slot(name))
		}
	}
	return appendObject(nil, b.table.columnNames(), values), appendObject(nil, b.table.shape.OrderedBy(), values)
}

func appendObject(dst []byte, names []string, values map[string][]byte) []byte {
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ':')
		dst = append(dst, values[name]...)
	}
	return append(dst, '}')
}

// columns reads an image's YAML mapping into JSON values.
func (b imageBuilder) columns(n *yaml.Node) (map[string][]byte, error) {
	values := make(map[string][]byte)
	if n == nil {
		return values, nil
	}
	p := parser{file: b.file}
	err := p.pairs(n, "image", func(k, v *yaml.Node) error {
		s := b.table.slot(k.Value)
		if s == nil {
			return p.problem(k, "given: %s", b.table.unknownColumn(k.Value))
		}
		value, err := jsonOf(s, v)
		if err != nil {
			return p.problem(v, "given: column %s (%s): %v", k.Value, s.mysql, err)
		}
		values[k.Value] = value
		return nil
	})
	return values, err
}

// jsonOf writes a YAML value as the reader writes a value of the column.
func jsonOf(s *slot, n *yaml.Node) ([]byte, error) {
	if n.Tag == "!!null" {
		if !s.nullable {
			return nil, fmt.Errorf("it cannot be null")
		}
		return []byte("null"), nil
	}
	if strings.HasPrefix(s.mysql, "set(") {
		return jsonOfSet(n)
	}
	if n.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("want a single value")
	}
	switch {
	case s.typ == nil:
		return nil, fmt.Errorf("rules cannot read it, so a test has no use for it")
	case s.typ.Kind() == cel.StructKind:
		text, err := storedText(s, n.Value)
		return appendString(nil, text), err
	case s.typ.Kind() == cel.StringKind:
		return appendString(nil, n.Value), nil
	case s.typ.Kind() == cel.BytesKind:
		_, err := base64.StdEncoding.DecodeString(n.Value)
		return appendString(nil, n.Value), err
	}
	value := []byte(n.Value)
	if !json.Valid(value) {
		return nil, fmt.Errorf("%q is no value of it", n.Value)
	}
	if _, err := s.decode(value); err != nil {
		return nil, fmt.Errorf("%q is no value of it", n.Value)
	}
	return value, nil
}

func jsonOfSet(n *yaml.Node) ([]byte, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("want a list of members")
	}
	out := []byte{'['}
	for i, item := range n.Content {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, item.Value)
	}
	return append(out, ']'), nil
}

// storedText checks a decimal, date or time and gives it the form and the
// precision in which the reader writes it.
func storedText(s *slot, text string) (string, error) {
	v := stored{typ: s.typ, text: text}
	switch s.typ.TypeName() {
	case decimalType.TypeName():
		_, err := parseDecimal(text)
		return text, err
	case timeType.TypeName():
		_, err := parseTime(text)
		return withPrecision(text, s.mysql), err
	case dateType.TypeName():
		_, err := v.instant()
		return text, err
	}
	if _, err := v.instant(); err != nil {
		return "", err
	}
	text = strings.Replace(strings.TrimSuffix(text, "Z"), " ", "T", 1)
	text = withPrecision(text, s.mysql)
	if s.typ.TypeName() == timestampType.TypeName() {
		text += "Z"
	}
	return text, nil
}

var typePrecision = regexp.MustCompile(`\((\d)\)$`)

// withPrecision gives a time of day the number of fractional digits that the
// column has.
func withPrecision(text, mysql string) string {
	digits := 0
	if m := typePrecision.FindStringSubmatch(mysql); m != nil {
		digits, _ = strconv.Atoi(m[1]) // One digit, as matched.
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if digits == 0 {
		return whole
	}
	fraction += strings.Repeat("0", 6)
	return whole + "." + fraction[:digits]
}

// zero is the value of a column that a test leaves out.
func zero(s *slot) []byte {
	if s.nullable || s.typ == nil {
		return []byte("null")
	}
	switch s.typ.TypeName() {
	case decimalType.TypeName():
		return []byte(`"0"`)
	case dateType.TypeName():
		return []byte(`"1970-01-01"`)
	case datetimeType.TypeName():
		return appendString(nil, withPrecision("1970-01-01T00:00:00", s.mysql))
	case timestampType.TypeName():
		return appendString(nil, withPrecision("1970-01-01T00:00:00", s.mysql)+"Z")
	case timeType.TypeName():
		return appendString(nil, withPrecision("00:00:00", s.mysql))
	}
	switch s.typ.Kind() {
	case cel.StringKind, cel.BytesKind:
		return []byte(`""`)
	case cel.ListKind:
		return []byte("[]")
	case cel.BoolKind:
		return []byte("false")
	}
	return []byte("0")
}
