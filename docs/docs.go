// Package docs holds the pages that the binary itself shows.
package docs

import _ "embed"

// Errors is errors.md: every named error and what mends it.
//
//go:embed errors.md
var Errors string
