// Package rules holds the rule files that come with Telltale, so that the binary
// can show itself without a checkout. A pipeline of one's own reads the rules
// from the directory that translator.rules names.
package rules

import "embed"

// Files are the rule files.
//
//go:embed *.yaml
var Files embed.FS
