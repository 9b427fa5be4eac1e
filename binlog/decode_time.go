package binlog

import (
	"fmt"
	"strconv"
	"time"
)

// The packed forms are those of MySQL 5.6 and later (mysys/my_time.cc). A zero
// date, or one with a zero month or day, is put out as MySQL prints it: it has
// no ISO form, and it is not null (I6).

// clock is a date and a wall clock as a row holds them.
type clock struct{ year, month, day, hour, minute, second, micros int }

// readDate reads a DATE: day in 5 bits, month in 4, the rest the year.
func readDate(data []byte) (clock, error) {
	if len(data) < 3 {
		return clock{}, errShort
	}
	v := int(uint24(data))
	return clock{year: v >> 9, month: v >> 5 & 15, day: v & 31}, nil
}

// readDatetime reads a DATETIME of the column's precision.
func readDatetime(data []byte, c *column) (t clock, n int, err error) {
	n = 5 + (c.meta+1)/2
	if len(data) < n {
		return t, 0, errShort
	}
	v := bigEndian(data[:5]) - 0x8000000000
	if v < 0 {
		return t, 0, fmt.Errorf("packed datetime %x is negative", data[:n])
	}
	ymd, hms := v>>17, v&(1<<17-1)
	t = clock{year: ymd >> 5 / 13, month: ymd >> 5 % 13, day: ymd & 31, hour: hms >> 12, minute: hms >> 6 & 63, second: hms & 63}
	t.micros, _ = fraction(data[5:n], c.meta)
	return t, n, nil
}

// readTime reads a TIME of the column's precision, in microseconds. Integer part
// and fraction are one big-endian number, offset so that it sorts; below the
// offset it is the negated time.
func readTime(data []byte, c *column) (v int64, n int, err error) {
	fractionBytes := (c.meta + 1) / 2
	n = 3 + fractionBytes
	if len(data) < n {
		return 0, 0, errShort
	}
	packed := bigEndian(data[:n]) - 0x800000<<(8*fractionBytes)
	sign := int64(1)
	if packed < 0 {
		packed, sign = -packed, -1
	}
	hms, part := packed>>(8*fractionBytes), packed&(1<<(8*fractionBytes)-1)
	for range 3 - fractionBytes {
		part *= 100
	}
	seconds := hms>>12&0x3ff*3600 + hms>>6&63*60 + hms&63
	return sign * (int64(seconds)*1e6 + int64(part)), n, nil
}

// appendDate appends a DATE.
func appendDate(dst, data []byte, _ *column) ([]byte, int, error) {
	t, err := readDate(data)
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '"')
	dst = appendYMD(dst, t.year, t.month, t.day)
	return append(dst, '"'), 3, nil
}

func appendYMD(dst []byte, year, month, day int) []byte {
	dst = append(appendPadded(dst, year, 4), '-')
	dst = append(appendPadded(dst, month, 2), '-')
	return appendPadded(dst, day, 2)
}

func appendHMS(dst []byte, hour, minute, second int) []byte {
	dst = append(appendPadded(dst, hour, 2), ':')
	dst = append(appendPadded(dst, minute, 2), ':')
	return appendPadded(dst, second, 2)
}

// fraction reads the fraction that follows a packed time of the column's
// precision, in microseconds.
func fraction(data []byte, precision int) (micros, n int) {
	n = (precision + 1) / 2
	micros = bigEndian(data[:n])
	for range 3 - n {
		micros *= 100
	}
	return micros, n
}

func appendFraction(dst []byte, micros, precision int) []byte {
	if precision == 0 {
		return dst
	}
	for range 6 - precision {
		micros /= 10
	}
	return appendPadded(append(dst, '.'), micros, precision)
}

// appendDatetime appends a DATETIME(meta) as the wall clock it is.
func appendDatetime(dst, data []byte, c *column) ([]byte, int, error) {
	t, n, err := readDatetime(data, c)
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '"')
	dst = appendYMD(dst, t.year, t.month, t.day)
	if t.month == 0 || t.day == 0 {
		dst = append(dst, ' ')
	} else {
		dst = append(dst, 'T')
	}
	dst = appendHMS(dst, t.hour, t.minute, t.second)
	dst = appendFraction(dst, t.micros, c.meta)
	return append(dst, '"'), n, nil
}

// appendTimestamp appends a TIMESTAMP(meta) in UTC.
func appendTimestamp(dst, data []byte, c *column) ([]byte, int, error) {
	size := 4 + (c.meta+1)/2
	if len(data) < size {
		return dst, 0, errShort
	}
	seconds := bigEndian(data[:4])
	micros, _ := fraction(data[4:size], c.meta)
	if seconds == 0 && micros == 0 { // MySQL's zero timestamp; 1970-01-01 00:00:00 UTC cannot be stored.
		dst = append(dst, `"0000-00-00 00:00:00`...)
		dst = appendFraction(dst, 0, c.meta)
		return append(dst, '"'), size, nil
	}
	t := time.Unix(int64(seconds), 0).UTC()
	dst = append(dst, '"')
	dst = appendYMD(dst, t.Year(), int(t.Month()), t.Day())
	dst = append(dst, 'T')
	dst = appendHMS(dst, t.Hour(), t.Minute(), t.Second())
	dst = appendFraction(dst, micros, c.meta)
	return append(dst, 'Z', '"'), size, nil
}

// appendTime appends a TIME(meta), which may be negative and longer than a day.
func appendTime(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := readTime(data, c)
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '"')
	if v < 0 {
		v = -v
		dst = append(dst, '-')
	}
	seconds := int(v / 1e6)
	dst = appendHMS(dst, seconds/3600, seconds/60%60, seconds%60)
	dst = appendFraction(dst, int(v%1e6), c.meta)
	return append(dst, '"'), n, nil
}

// appendUnix appends the three times of an envelope, as Debezium names them. From
// the first millisecond on the longest begins as the others are.
func appendUnix(dst []byte, nanos int64) []byte {
	var room [20]byte
	ns := strconv.AppendInt(room[:0], nanos, 10)
	ms, us := ns[:max(0, len(ns)-6)], ns[:max(0, len(ns)-3)]
	if nanos < 1e6 {
		ms, us = strconv.AppendInt(nil, nanos/1e6, 10), strconv.AppendInt(nil, nanos/1e3, 10)
	}
	dst = append(append(dst, `"ts_ms":`...), ms...)
	dst = append(append(dst, `,"ts_us":`...), us...)
	return append(append(dst, `,"ts_ns":`...), ns...)
}
