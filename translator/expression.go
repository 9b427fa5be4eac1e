package translator

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// operand is a compiled expression. One that is a bare column needs no CEL:
// its bytes are passed on as they are.
type operand struct {
	part    string // Which part of the rule it is, for errors.
	at      int
	columns []string // The columns it reads, sorted.
	image   string   // The variable, where it is a bare column.
	slot    *slot    // The column, where it is bare.
	// changed is a column whose two images have to differ for a condition to hold:
	// most changes leave most columns as they were, and that can be seen without
	// decoding.
	changed *slot
	program cel.Program
}

// eval computes the value for the rows that are loaded.
func (o *operand) eval(vars *rows) (ref.Val, error) {
	if o.slot != nil {
		return vars.named(o.image).value(o.slot)
	}
	if o.changed != nil && vars.sameBytes(o.changed) {
		return types.False, nil
	}
	val, _, err := o.program.Eval(vars)
	return val, err
}

// sameBytes reports whether both images hold a column with the same bytes, hence
// the same value. Other bytes may still mean the same.
func (r *rows) sameBytes(s *slot) bool {
	before, after := r.before.cells[s.index].raw, r.after.cells[s.index].raw
	return before != nil && bytes.Equal(before, after)
}

// named is the row of a variable that the compiler has seen to be there.
func (r *rows) named(variable string) *row {
	switch variable {
	case varBefore:
		return r.before
	case varAfter:
		return r.after
	}
	return r.current
}

// compiler compiles the expressions of one rule and collects what is wrong.
type compiler struct {
	table *table
	env   *cel.Env
	rule  *rule
	// asked are the columns that the shape lacks and the rule's condition asks for.
	asked    map[string]bool
	problems Problems
}

func (c *compiler) fail(line int, format string, args ...any) {
	c.problems = append(c.problems, c.rule.problem(line, format, args...))
}

// optional is expression for a part that the rule may leave out.
func (c *compiler) optional(part string, src source, accept func(*cel.Type) bool, want string) *operand {
	if src.text == "" {
		return nil
	}
	return c.expression(part, src, accept, want)
}

// expression compiles one part of the rule whose type accept takes. It returns
// nil after a problem.
func (c *compiler) expression(part string, src source, accept func(*cel.Type) bool, want string) *operand {
	parsed, issues := c.env.Parse(src.text)
	if issues.Err() != nil {
		c.issues(part, src, issues)
		return nil
	}
	c.answerMissing(part, parsed.NativeRep())
	o := &operand{part: part, at: src.at}
	if !c.readColumns(o, parsed.NativeRep().Expr()) {
		return nil
	}
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		c.issues(part, src, issues)
		return nil
	}
	if got := checked.OutputType(); !accept(got) {
		c.fail(src.at, "%s: %q is of type %s, want %s", part, src.text, typeWords(got.String()), want)
		return nil
	}
	program, err := c.env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		c.fail(src.at, "%s: %q: %v", part, src.text, err)
		return nil
	}
	o.program = program
	return o
}

// issues reports what CEL found, one Problem each.
func (c *compiler) issues(part string, src source, issues *cel.Issues) {
	for _, e := range issues.Errors() {
		hint := ""
		if strings.Contains(e.Message, "(uint, int)") || strings.Contains(e.Message, "(int, uint)") {
			hint = "; BIGINT UNSIGNED is a uint, whose literals end in u: 5u"
		}
		c.fail(src.at, "%s: %q: %s%s", part, src.text, typeWords(e.Message), hint)
	}
}

var wrapperType = regexp.MustCompile(`wrapper\((\w+)\)`)

// typeWords puts CEL's names for nullable types into words.
func typeWords(text string) string { return wrapperType.ReplaceAllString(text, "$1 or null") }

// readColumns notes the columns that an expression reads and reports those
// that cannot be read. It runs on the tree as parsed, before CEL checks types,
// because it can name the nearest column.
func (c *compiler) readColumns(o *operand, root ast.Expr) bool {
	before := len(c.problems)
	selected := make(map[int64]bool)
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			sel := e.AsSelect()
			if v, ok := rowVariable(sel.Operand()); ok {
				selected[sel.Operand().ID()] = true
				c.readColumn(o, v, sel.FieldName())
			}
		case ast.IdentKind:
			if v, ok := rowVariable(e); ok && !selected[e.ID()] {
				c.fail(o.at, "%s: %s stands alone; name one of its columns, for example %s.%s",
					o.part, v, v, c.table.columnNames()[0])
			}
		case ast.CallKind:
			if name := e.AsCall().FunctionName(); name == "json" {
				c.fail(o.at, "%s: json() (reading into a JSON column) is not built yet", o.part)
			}
		}
	}))
	slices.Sort(o.columns)
	o.columns = slices.Compact(o.columns)
	if len(c.problems) > before {
		return false
	}
	if v, ok := bareColumn(root); ok {
		o.image, o.slot = v, c.table.slot(root.AsSelect().FieldName())
	}
	if name, ok := changedColumn(root); ok {
		o.changed = c.table.slot(name)
	}
	return true
}

func (c *compiler) readColumn(o *operand, variable, name string) {
	if !slices.Contains(variables(c.rule.op), variable) {
		c.fail(o.at, "%s: %s has no %s image: %s.%s", o.part, opWord(c.rule.op), variable, variable, name)
		return
	}
	s := c.table.slot(name)
	switch {
	case s == nil:
		c.fail(o.at, "%s: %s", o.part, c.table.unknownColumn(name))
	case s.typ == nil:
		c.fail(o.at, "%s: column %s of %s is %s, which rules cannot read yet", o.part, name, c.table.name, s.mysql)
	default:
		c.table.use(s)
		o.columns = append(o.columns, name)
	}
}

// rowVariable reports whether an expression is one of the row variables.
func rowVariable(e ast.Expr) (string, bool) {
	if e.Kind() != ast.IdentKind {
		return "", false
	}
	switch name := e.AsIdent(); name {
	case varBefore, varAfter, varRow:
		return name, true
	}
	return "", false
}

// bareColumn reports whether an expression is nothing but a column.
func bareColumn(e ast.Expr) (variable string, ok bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return "", false
	}
	return rowVariable(e.AsSelect().Operand())
}

// changedColumn recognises `before.x != after.x`, either way round, and a conjunction
// that holds it and so is false without it.
func changedColumn(e ast.Expr) (name string, ok bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		for _, arg := range e.AsCall().Args() {
			if name, ok := changedColumn(arg); ok {
				return name, true
			}
		}
		return "", false
	}
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.NotEquals {
		return "", false
	}
	left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
	a, aok := bareColumn(left)
	b, bok := bareColumn(right)
	if !aok || !bok || left.AsSelect().FieldName() != right.AsSelect().FieldName() {
		return "", false
	}
	name = left.AsSelect().FieldName()
	return name, a == varBefore && b != varBefore || b == varBefore && a != varBefore
}

func isBool(t *cel.Type) bool { return t.Kind() == cel.BoolKind }

func isScalar(t *cel.Type) bool {
	switch t.Kind() {
	case cel.IntKind, cel.UintKind, cel.StringKind:
		return true
	}
	return false
}

func isTime(t *cel.Type) bool {
	switch t.TypeName() {
	case timestampType.TypeName(), datetimeType.TypeName(), dateType.TypeName():
		return true
	}
	return t.Kind() == cel.TimestampKind
}

// isData takes everything but what has no JSON: types, optionals, whole rows.
func isData(t *cel.Type) bool {
	switch t.Kind() {
	case types.TypeKind, types.OpaqueKind, types.ErrorKind, types.AnyKind:
		return false
	case types.StructKind:
		return t == decimalType || t == timeType || isTime(t)
	}
	return true
}

// scalarText is a key's or a sequence's text.
func scalarText(v ref.Val) (string, error) {
	switch x := v.(type) {
	case types.Int, types.Uint, types.String:
		return fmt.Sprint(x.Value()), nil
	}
	return "", fmt.Errorf("want a whole number or a text, got %s", v.Type())
}
