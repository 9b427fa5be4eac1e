package main

import (
	"regexp"
	"strings"
)

// explanation is what docs/errors.md says of one name.
type explanation struct{ name, text string }

var (
	explained = regexp.MustCompile("^`?([a-z]+\\.[A-Za-z0-9]+)`?$")
	heading   = regexp.MustCompile(`\n#{2,} `)
	link      = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
)

// explanations are those of a page: the text below a heading that is a name, and
// the rows of tables that begin with one, each with the text of the heading that
// it stands under.
func explanations(page string) []explanation {
	var out []explanation
	for _, section := range heading.Split(link.ReplaceAllString(page, "$1"), -1) {
		title, body, _ := strings.Cut(section, "\n")
		general, rows := split(body)
		if m := explained.FindStringSubmatch(title); m != nil {
			out = append(out, explanation{m[1], general})
			general = "A " + m[1] + ". " + general
		}
		for _, row := range rows {
			row.text += "\n" + general
			out = append(out, row)
		}
	}
	return out
}

// split takes the tables out of a section. The first line of a table names its
// columns.
func split(body string) (text string, rows []explanation) {
	var header []string
	var lines []string
	for line := range strings.SplitSeq(body, "\n") {
		if !strings.HasPrefix(line, "|") {
			header, lines = nil, append(lines, line)
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if header == nil {
			header = cells
		} else if m := explained.FindStringSubmatch(cells[0]); m != nil {
			rows = append(rows, explanation{m[1], described(header, cells)})
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), rows
}

// described are the cells of a row behind its name, each with its column's.
func described(header, cells []string) string {
	var out strings.Builder
	for i := 1; i < min(len(header), len(cells)); i++ {
		if cells[i] != "" {
			out.WriteString(header[i] + ": " + cells[i] + "\n")
		}
	}
	return out.String()
}
