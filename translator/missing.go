package translator

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// answerMissing lets a rule fit shapes from before a column was added, and from after
// one was dropped: an expression that asks with has() for a column that the shape
// lacks gets the answer, and reads it as null wherever else it names it. It rewrites
// the tree as parsed, before types are checked, since such a column has none.
func (t *table) answerMissing(parsed *ast.AST) {
	missing := t.missing(parsed.Expr())
	if len(missing) == 0 {
		return
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

// missing are the columns that an expression asks for with has() and the shape lacks.
func (t *table) missing(root ast.Expr) map[string]bool {
	missing := make(map[string]bool)
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if readsRow(e) && e.AsSelect().IsTestOnly() && t.slot(e.AsSelect().FieldName()) == nil {
			missing[e.AsSelect().FieldName()] = true
		}
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
