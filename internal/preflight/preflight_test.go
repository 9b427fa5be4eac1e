package preflight_test

import (
	"errors"
	"fmt"
	"testing"

	"telltale/internal/preflight"
)

func TestFindingString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		finding preflight.Finding
		want    string
	}{
		{
			name:    "only what",
			finding: preflight.Finding{What: "the server writes no binlog"},
			want:    "the server writes no binlog",
		},
		{
			name: "all parts",
			finding: preflight.Finding{
				What:  "binlog_row_metadata is MINIMAL, FULL is needed",
				Where: "MySQL at 127.0.0.1:3306",
				Mend:  "SET PERSIST binlog_row_metadata = 'FULL';",
			},
			want: "binlog_row_metadata is MINIMAL, FULL is needed\n" +
				"  where: MySQL at 127.0.0.1:3306\n" +
				"  mend: SET PERSIST binlog_row_metadata = 'FULL';",
		},
		{
			name: "a mend of two lines stays aligned",
			finding: preflight.Finding{
				What: "the user may not read the binlog",
				Mend: "GRANT REPLICATION SLAVE ON *.* TO 'telltale'@'%';\nFLUSH PRIVILEGES;\n",
			},
			want: "the user may not read the binlog\n" +
				"  mend: GRANT REPLICATION SLAVE ON *.* TO 'telltale'@'%';\n" +
				"        FLUSH PRIVILEGES;",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.finding.String(); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestFindingsErr(t *testing.T) {
	t.Parallel()
	var fs preflight.Findings
	if err := fs.Err(); err != nil {
		t.Fatalf("no findings: got error %v, want nil", err)
	}
	fs.Add("one", "here", "")
	fs.Add("two", "", "do this")
	want := "one\n  where: here\ntwo\n  mend: do this"
	if got := fs.Err().Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	one := preflight.Findings{{What: "one"}}
	two := preflight.Findings{{What: "two"}}
	if err := preflight.Merge(nil, nil); err != nil {
		t.Errorf("nothing found: got %v, want nil", err)
	}
	got := preflight.Merge(one, nil, fmt.Errorf("check the topics: %w", two))
	var all preflight.Findings
	if !errors.As(got, &all) || len(all) != 2 || all[1].What != "two" {
		t.Errorf("got %v, want both findings", got)
	}
	broken := errors.New("connection refused")
	if got := preflight.Merge(one, broken); !errors.Is(got, broken) {
		t.Errorf("got %v, want the error that broke the check off", got)
	}
}
