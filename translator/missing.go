package translator

import (
	"maps"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// partWhen is the part of a rule that is evaluated first: where it is false, no other
// is.
const partWhen = "when"

// answerMissing lets a rule fit shapes from before a column was added, and from after
// one was dropped: an expression that asks with has() for a column that the shape
// lacks gets the answer, and reads it as null wherever else it names it; what a
// condition asks for holds in the whole rule. It rewrites the tree as parsed, before
// types are checked, since such a column has none.
func (c *compiler) answerMissing(part string, parsed *ast.AST) {
	if c.table.only {
		return
	}
	missing := c.missing(parsed.Expr())
	if part == partWhen {
		c.asked = missing
	}
	factory, next := ast.NewExprFactory(), ast.MaxID(parsed)+1
	ast.PostOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if !readsRow(e) || !missing[e.AsSelect().FieldName()] {
			return
		}
		if e.AsSelect().IsTestOnly() {
			e.SetKindCase(factory.NewLiteral(e.ID(), types.False))
			return
		}
		// dyn() lets what surrounds it be checked as if the type were right.
		null := factory.NewLiteral(next, types.NullValue)
		next++
		e.SetKindCase(factory.NewCall(e.ID(), overloads.TypeConvertDyn, null))
	}))
}

// missing are the columns that an expression, or the rule's condition, asks for with
// has() and the shape lacks.
func (c *compiler) missing(root ast.Expr) map[string]bool {
	missing := maps.Clone(c.asked)
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if !readsRow(e) || !e.AsSelect().IsTestOnly() || c.table.slot(e.AsSelect().FieldName()) != nil {
			return
		}
		if missing == nil {
			missing = make(map[string]bool)
		}
		missing[e.AsSelect().FieldName()] = true
	}))
	return missing
}

// readsRow reports whether an expression is a column of a row variable, or asks for
// one.
func readsRow(e ast.Expr) bool {
	if e.Kind() != ast.SelectKind {
		return false
	}
	_, ok := rowVariable(e.AsSelect().Operand())
	return ok
}
