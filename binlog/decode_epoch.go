package binlog

import (
	"fmt"
	"strconv"
	"time"
)

// Units of a time as a number: how many nanoseconds each has.
const (
	nanos  = 1
	micros = 1e3
	millis = 1e6
)

const daySeconds = 86400

// zero reports whether the date is not one of the calendar although the server
// stores it.
func (t clock) zero() bool { return t.year == 0 || t.month == 0 || t.day == 0 }

// unix is the time in UTC in seconds since 1970. A year of two digits is
// completed where adjust says so.
func (t clock) unix(adjust bool) (int64, error) {
	year := t.year
	if adjust {
		year = adjustedYear(year)
	}
	at := time.Date(year, time.Month(t.month), t.day, t.hour, t.minute, t.second, 0, time.UTC)
	if at.Day() != t.day {
		return 0, fmt.Errorf("%04d-%02d-%02d is not in the calendar: %w", t.year, t.month, t.day, errForm)
	}
	return at.Unix(), nil
}

// adjustedYear completes a year as MySQL does where it is written with two
// digits.
func adjustedYear(year int) int {
	switch {
	case 0 <= year && year < 70:
		return year + 2000
	case 70 <= year && year < 100:
		return year + 1900
	}
	return year
}

// appendNone appends what Debezium has for a date that is not in the calendar:
// null, or the first of 1970 where the column cannot be null.
func appendNone(dst []byte, c *column, otherwise string) []byte {
	if c.def.Nullable {
		return append(dst, "null"...)
	}
	return append(dst, otherwise...)
}

// appendDays appends a DATE as its distance from 1970-01-01 in days.
func appendDays(dst, data []byte, c *column) ([]byte, int, error) {
	t, err := readDate(data)
	if err != nil {
		return dst, 0, err
	}
	if t.zero() {
		return appendNone(dst, c, "0"), 3, nil
	}
	seconds, err := t.unix(c.adjust)
	if err != nil {
		return dst, 0, err
	}
	return strconv.AppendInt(dst, seconds/daySeconds, 10), 3, nil
}

// datetimeIn appends a DATETIME as its distance from 1970 in that unit, taken
// for UTC.
func datetimeIn(unit int64) appendFunc {
	return func(dst, data []byte, c *column) ([]byte, int, error) {
		t, n, err := readDatetime(data, c)
		if err != nil {
			return dst, 0, err
		}
		if t.zero() {
			return appendNone(dst, c, "0"), n, nil
		}
		seconds, err := t.unix(c.adjust)
		if err != nil {
			return dst, 0, err
		}
		if unit == nanos && (seconds > 9223372035 || seconds < -9223372036) {
			return dst, 0, fmt.Errorf("the year %d does not fit into nanoseconds: %w", t.year, errForm)
		}
		return strconv.AppendInt(dst, seconds*(1e9/unit)+int64(t.micros)*1e3/unit, 10), n, nil
	}
}

// timeIn appends a TIME in that unit.
func timeIn(unit int64) appendFunc {
	return func(dst, data []byte, c *column) ([]byte, int, error) {
		v, n, err := readTime(data, c)
		if err != nil {
			return dst, 0, err
		}
		return strconv.AppendInt(dst, v*1e3/unit, 10), n, nil
	}
}

// timeOfDay appends a TIME as the milliseconds since midnight, which a TIME
// need not be.
func timeOfDay(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := readTime(data, c)
	if err != nil {
		return dst, 0, err
	}
	if v < 0 || v >= daySeconds*1e6 {
		return dst, 0, fmt.Errorf("%d microseconds are no time of a day: %w", v, errForm)
	}
	return strconv.AppendInt(dst, v/1e3, 10), n, nil
}

// appendTimestampEpoch appends a TIMESTAMP in UTC, and the zero one as the
// beginning of 1970.
func appendTimestampEpoch(dst, data []byte, c *column) ([]byte, int, error) {
	start := len(dst)
	dst, n, err := appendTimestamp(dst, data, c)
	if err != nil || dst[len(dst)-2] == 'Z' {
		return dst, n, err
	}
	dst = append(dst[:start], `"1970-01-01T00:00:00`...)
	dst = appendFraction(dst, 0, c.meta)
	return append(dst, 'Z', '"'), n, nil
}

// appendYearAdjusted appends a YEAR as the number 1900 and what is stored, so
// that the year 0 becomes 1900.
func appendYearAdjusted(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 1 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, 1900+int64(data[0]), 10), 1, nil
}

// The forms as text end in Z as if they were in UTC, and have as many places as
// the value needs.

func appendDateISO(dst, data []byte, c *column) ([]byte, int, error) {
	t, err := readDate(data)
	if err != nil {
		return dst, 0, err
	}
	if t.zero() {
		return appendNone(dst, c, `"1970-01-01Z"`), 3, nil
	}
	if dst, err = appendCalendar(append(dst, '"'), t, c); err != nil {
		return dst, 0, err
	}
	return append(dst, 'Z', '"'), 3, nil
}

func appendDatetimeISO(dst, data []byte, c *column) ([]byte, int, error) {
	t, n, err := readDatetime(data, c)
	if err != nil {
		return dst, 0, err
	}
	if t.zero() {
		return appendNone(dst, c, `"1970-01-01T00:00:00Z"`), n, nil
	}
	if dst, err = appendCalendar(append(dst, '"'), t, c); err != nil {
		return dst, 0, err
	}
	dst = appendHMS(append(dst, 'T'), t.hour, t.minute, t.second)
	dst = appendPlaces(dst, t.micros)
	return append(dst, 'Z', '"'), n, nil
}

func appendTimeISO(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := readTime(data, c)
	if err != nil {
		return dst, 0, err
	}
	if v < 0 || v >= daySeconds*1e6 {
		return dst, 0, fmt.Errorf("%d microseconds are no time of a day: %w", v, errForm)
	}
	seconds := int(v / 1e6)
	dst = appendHMS(append(dst, '"'), seconds/3600, seconds/60%60, seconds%60)
	dst = appendPlaces(dst, int(v%1e6))
	return append(dst, 'Z', '"'), n, nil
}

// appendCalendar appends a date that is in the calendar.
func appendCalendar(dst []byte, t clock, c *column) ([]byte, error) {
	if _, err := t.unix(false); err != nil {
		return dst, err
	}
	if c.adjust {
		t.year = adjustedYear(t.year)
	}
	return appendYMD(dst, t.year, t.month, t.day), nil
}

func appendPlaces(dst []byte, micros int) []byte {
	if micros == 0 {
		return dst
	}
	return trimPlaces(appendFraction(dst, micros, 6))
}
