package demo

import (
	"strconv"
	"strings"
)

// countGTIDs counts the transactions of a GTID set as MySQL writes it:
// "uuid:1-5:7, uuid:tag:9". What is no number is the name of a server or a tag.
func countGTIDs(set string) int64 {
	var n int64
	for _, part := range strings.FieldsFunc(set, func(r rune) bool { return r == ':' || r == ',' }) {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.ParseInt(from, 10, 64)
		if err != nil {
			continue
		}
		last := first
		if ranged {
			if last, err = strconv.ParseInt(to, 10, 64); err != nil {
				continue
			}
		}
		n += last - first + 1
	}
	return n
}
