package mysql

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"telltale/crudapp"
)

// commented returns a statement with a comment that says on whose behalf it
// runs, in the format of sqlcommenter:
//
//	UPDATE … /*actor='customer%3A7',request_id='…',traceparent='00-…'*/
//
// Keys are in order. Values are percent-encoded but for letters, digits and
// "-_.~", so that no value can end the quotes or the comment. Nothing is added
// where nothing is known.
func commented(ctx context.Context, statement string) string {
	o := crudapp.OriginFrom(ctx)
	pairs := []string{
		pair("actor", o.Actor),
		pair("request_id", o.RequestID),
		pair("traceparent", o.Traceparent),
	}
	pairs = slices.DeleteFunc(pairs, func(p string) bool { return p == "" })
	if len(pairs) == 0 {
		return statement
	}
	return statement + " /*" + strings.Join(pairs, ",") + "*/"
}

func pair(key, value string) string {
	if value == "" {
		return ""
	}
	// QueryEscape writes a space as "+", which decoders of percent-encoding
	// keep; a "+" of the value itself has become %2B.
	return key + "='" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20") + "'"
}
