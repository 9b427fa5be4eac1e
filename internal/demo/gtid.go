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

// countMariaDB counts the transactions between two GTID positions as MariaDB
// writes them, one a domain: "0-1-42,7-2-9". Numbers grow by one within a domain.
func countMariaDB(executed, published string) int64 {
	var n int64
	for _, one := range []struct {
		position string
		sign     int64
	}{{executed, 1}, {published, -1}} {
		for gtid := range strings.SplitSeq(one.position, ",") {
			number, err := strconv.ParseInt(gtid[strings.LastIndexByte(gtid, '-')+1:], 10, 64)
			if err == nil {
				n += one.sign * number
			}
		}
	}
	return max(0, n)
}
