package binlog

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// cover tells which changes a position is behind. It reads the position once, and
// each transaction's GTID once, however many records there are.
type cover struct {
	position Position
	dialect  dialect
	// published is nil where the position is one of files.
	published mysql.GTIDSet
	// undecided are the XA branches whose rows are not published, by what records
	// call the transaction of their PREPARE. The position may be behind that.
	undecided map[string]bool
	// gtid was asked for last, and is covered or not.
	gtid    string
	covered bool
}

func newCover(p Position, d dialect) (*cover, error) {
	c := &cover{position: p, dialect: d, undecided: map[string]bool{}}
	for _, b := range p.Undecided {
		name := b.GTID
		if p.ByFile {
			file, offset, err := parsePlace(b.GTID)
			if err != nil {
				return nil, fmt.Errorf("XA branch %s: %w", b.XID, err)
			}
			name = fmt.Sprintf("file=%s,pos=%d", file, offset)
		}
		c.undecided[name] = true
	}
	if p.ByFile {
		return c, nil
	}
	var err error
	c.published, err = d.parse(p.GTIDSet)
	return c, err
}

// has reports whether the position is behind a change.
func (c *cover) has(o recordOrigin) (bool, error) {
	if c.undecided[o.Transaction.ID] {
		return false, nil
	}
	if c.position.ByFile {
		return cmp.Or(compareFiles(o.Source.File, c.position.File), cmp.Compare(o.Source.Pos, uint64(c.position.Pos))) < 0, nil
	}
	if o.Source.GTID == nil {
		return true, nil
	}
	if *o.Source.GTID == c.gtid {
		return c.covered, nil
	}
	one, err := c.dialect.parse(*o.Source.GTID)
	if err != nil {
		return false, fmt.Errorf("change %s: %w", o.ID, err)
	}
	c.gtid, c.covered = *o.Source.GTID, c.published.Contain(one)
	return c.covered, nil
}

// compareFiles orders binlog files by their numbers, which grow in length.
func compareFiles(one, other string) int {
	return cmp.Or(cmp.Compare(len(one), len(other)), strings.Compare(one, other))
}
