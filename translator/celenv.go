package translator

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"telltale/schemas/change"
)

// The variables of an expression: the images of the row, and row for whichever
// image there is, the newer one in an update.
const (
	varBefore = "before"
	varAfter  = "after"
	varRow    = "row"
)

// variables are those that a change of an op has.
func variables(op change.Op) []string {
	switch {
	case !hasAfter(op):
		return []string{varBefore, varRow}
	case !hasBefore(op):
		return []string{varAfter, varRow}
	}
	return []string{varBefore, varAfter, varRow}
}

// newEnv is the language for rules on one op of one table. Nothing in it reads
// a clock or depends on map order (I8).
func newEnv(t *table, op change.Op) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("make the rule language: %w", err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(rowProvider{Registry: registry, table: t}),
		cel.CrossTypeNumericComparisons(true),
		ext.Strings(ext.StringsVersion(2)),
	}
	for _, name := range variables(op) {
		options = append(options, cel.Variable(name, t.typ))
	}
	env, err := cel.NewEnv(append(options, storedFunctions()...)...)
	if err != nil {
		return nil, fmt.Errorf("make the rule language: %w", err)
	}
	return env, nil
}

// storedFunctions teach CEL the types of stored values. Order operators need a
// declaration alone: CEL asks the left value to compare itself.
func storedFunctions() []cel.EnvOption {
	dates := []*cel.Type{dateType, datetimeType, timestampType}
	var options []cel.EnvOption
	order := func(left, right *cel.Type) {
		for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
			id := fmt.Sprintf("%s_%s_%s", op, left, right)
			options = append(options, cel.Function(op, cel.Overload(id, []*cel.Type{left, right}, cel.BoolType)))
		}
	}
	convert := func(function string, from, to *cel.Type) {
		options = append(options, cel.Function(function, cel.Overload(function+"_"+from.String(), []*cel.Type{from}, to,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(to) }))))
	}
	for _, t := range append([]*cel.Type{decimalType, timeType}, dates...) {
		order(t, t)
		convert(overloads.TypeConvertString, t, cel.StringType)
	}
	order(decimalType, cel.IntType)
	order(decimalType, cel.UintType)
	for _, t := range dates {
		order(t, cel.TimestampType)
		convert(overloads.TypeConvertTimestamp, t, cel.TimestampType)
	}
	convert(overloads.TypeConvertDouble, decimalType, cel.DoubleType)
	convert(overloads.TypeConvertDuration, timeType, cel.DurationType)
	return append(options, cel.Function("decimal",
		cel.Overload("decimal_string", []*cel.Type{cel.StringType}, decimalType, cel.UnaryBinding(newDecimal)),
		cel.Overload("decimal_int", []*cel.Type{cel.IntType}, decimalType, cel.UnaryBinding(newDecimal)),
		cel.Overload("decimal_uint", []*cel.Type{cel.UintType}, decimalType, cel.UnaryBinding(newDecimal))))
}

// newDecimal is the function decimal(): an exact number from its text or from a
// whole number.
func newDecimal(v ref.Val) ref.Val {
	text, ok := v.ConvertToType(types.StringType).(types.String)
	if !ok {
		return types.NewErr("decimal() of %s: not supported", v.Type())
	}
	if _, err := parseDecimal(string(text)); err != nil {
		return types.WrapErr(err)
	}
	return stored{typ: decimalType, text: string(text)}
}
