package tour

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"telltale/internal/demo/feed"
)

var verbs = map[string]string{"c": "insert", "u": "update", "d": "delete"}

// tell prints what came of a step, each with the milliseconds since commit.
func (s *Story) tell(came Seen) {
	commits := map[string]time.Time{}
	for _, c := range came.Changes {
		commits[c.ID] = c.Committed
		s.line("row", fmt.Sprintf("%s %s.%s %s %s", verbs[c.Op], c.DB, c.Table, c.Key, difference(c)), c.Seen.Sub(c.Committed))
	}
	for _, e := range came.Events {
		s.line("event", fmt.Sprintf("%s %s", e.Type, e.Data), e.Seen.Sub(commits[e.Change]))
	}
	for _, m := range came.Mails {
		s.line("mail", fmt.Sprintf("to %s: %s", m.To, m.Subject), m.At.Sub(commits[feed.ChangeOf(m.Event)]))
	}
	if len(came.Events) == 0 {
		s.printf("   event    none\n")
	}
	if len(came.Mails) == 0 {
		s.printf("   mail     none\n")
	}
}

func (s *Story) line(what, text string, after time.Duration) {
	s.printf("   %-8s %s  [%.1f ms]\n", what, text, float64(after.Microseconds())/1000)
}

// difference shows the columns that changed, or all of a new row.
func difference(c feed.Change) string {
	before, after := columns(c.Before), columns(c.After)
	var parts []string
	for name, value := range after {
		old, had := before[name]
		switch {
		case !had:
			parts = append(parts, fmt.Sprintf("%s %s", name, value))
		case !bytes.Equal(old, value):
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, old, value))
		}
	}
	slices.Sort(parts)
	return "(" + strings.Join(parts, ", ") + ")"
}

// columns reads an image; one that is absent has no columns.
func columns(image json.RawMessage) map[string]json.RawMessage {
	var values map[string]json.RawMessage
	if json.Unmarshal(image, &values) != nil {
		return nil
	}
	return values
}
