package tour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// historyTime bounds how long the history takes to be complete.
const historyTime = time.Minute

// historyRow is a row of the history.
type historyRow struct {
	customer uint64
	event    string
	at       time.Time
	fact
}

// history: who changed what from what to what, when, and by which request.
func (s *Story) history(ctx context.Context) error {
	if s.id == 0 || s.carol == 0 {
		return errors.New("there is nobody with a history, see steps 1 and 7")
	}
	ctx, cancel := context.WithTimeout(ctx, historyTime)
	defer cancel()
	if err := s.world.settled(ctx); err != nil {
		return err
	}
	rows, err := s.world.historyRows(ctx)
	if err != nil {
		return err
	}
	s.table(s.id, rows[s.id])
	s.table(s.carol, rows[s.carol])
	total := 0
	for _, list := range rows {
		total += len(list)
	}
	s.printf("   history  %d rows of %d customers were compared with what the tour did to them\n", total, len(rows))
	return s.compareHistory(rows)
}

// table prints a customer's history.
func (s *Story) table(id uint64, rows []historyRow) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "            %s\t%s\t%s → %s\t%s\t%s\n", // A Builder takes everything.
			r.at.Format("15:04:05.000"), r.what, r.old, r.new, r.actor, r.request)
	}
	_ = w.Flush()
	s.printf("   history  of customer %d: when, what, from what to what, by whom, by which request (+1 555 … are the markers)\n%s", id, b.String())
}

// compareHistory compares the history of everybody with the diary, and its
// times with the events'.
func (s *Story) compareHistory(rows map[uint64][]historyRow) error {
	sight, _ := s.world.seen.look()
	times := map[string]time.Time{}
	for _, e := range sight.events {
		times[e.ID] = e.Time
	}
	var errs []error
	for id, want := range s.diary.facts {
		var got []fact
		for _, r := range rows[id] {
			got = append(got, r.fact)
			if want := times[r.event]; !r.at.Equal(want) {
				errs = append(errs, fmt.Errorf("history of customer %d: %s was at %s, want %s", id, r.event, r.at, want))
			}
		}
		if !slices.Equal(got, want) {
			errs = append(errs, fmt.Errorf("history of customer %d: got %d rows %s, want %d rows %s", id, len(got), firstOther(got, want), len(want), firstOther(want, got)))
		}
	}
	for id := range rows {
		if s.diary.facts[id] == nil {
			errs = append(errs, fmt.Errorf("there is a history of customer %d, to whom the tour did nothing", id))
		}
	}
	return errors.Join(errs[:min(len(errs), maxProblems)]...)
}

// firstOther is the first of a list that is not in the same place of another.
func firstOther(list, other []fact) string {
	for i, f := range list {
		if i >= len(other) || f != other[i] {
			return fmt.Sprintf("from %+v on", f)
		}
	}
	return "with no more"
}

// historyRows reads the history of everybody.
func (w *World) historyRows(ctx context.Context) (map[uint64][]historyRow, error) {
	const query = `SELECT customer_id, event_id, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at), what,
COALESCE(old_value, '` + none + `'), COALESCE(new_value, '` + none + `'), actor, request
FROM history_changes ORDER BY customer_id, number`
	rows, err := w.consumers.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	defer rows.Close()
	all := map[uint64][]historyRow{}
	for rows.Next() {
		var r historyRow
		var customer string
		var micros int64
		if err := rows.Scan(&customer, &r.event, &micros, &r.what, &r.old, &r.new, &r.actor, &r.request); err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		if r.customer, err = strconv.ParseUint(customer, 10, 64); err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		r.at = time.UnixMicro(micros).UTC()
		all[r.customer] = append(all[r.customer], r)
	}
	return all, rows.Err()
}
