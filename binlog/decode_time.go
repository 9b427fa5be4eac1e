package binlog

import (
	"fmt"
	"strconv"
	"time"
)

// The packed forms are those of MySQL 5.6 and later (mysys/my_time.cc). A zero
// date, or one with a zero month or day, is put out as MySQL prints it: it has
// no ISO form, and it is not null (I6).

// appendDate appends a DATE: day in 5 bits, month in 4, the rest the year.
func appendDate(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 3 {
		return dst, 0, errShort
	}
	v := int(uint24(data))
	dst = append(dst, '"')
	dst = appendYMD(dst, v>>9, v>>5&15, v&31)
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
	size := 5 + (c.meta+1)/2
	if len(data) < size {
		return dst, 0, errShort
	}
	v := bigEndian(data[:5]) - 0x8000000000
	if v < 0 {
		return dst, 0, fmt.Errorf("packed datetime %x is negative", data[:size])
	}
	micros, _ := fraction(data[5:size], c.meta)
	ymd, hms := v>>17, v&(1<<17-1)
	month, day := ymd>>5%13, ymd&31
	dst = append(dst, '"')
	dst = appendYMD(dst, ymd>>5/13, month, day)
	if month == 0 || day == 0 {
		dst = append(dst, ' ')
	} else {
		dst = append(dst, 'T')
	}
	dst = appendHMS(dst, hms>>12, hms>>6&63, hms&63)
	dst = appendFraction(dst, micros, c.meta)
	return append(dst, '"'), size, nil
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
	n := (c.meta + 1) / 2
	size := 3 + n
	if len(data) < size {
		return dst, 0, errShort
	}
	// Integer part and fraction are one big-endian number, offset so that it
	// sorts; below the offset it is the negated time.
	v := bigEndian(data[:size]) - 0x800000<<(8*n)
	dst = append(dst, '"')
	if v < 0 {
		v = -v
		dst = append(dst, '-')
	}
	hms, micros := v>>(8*n), v&(1<<(8*n)-1)
	for range 3 - n {
		micros *= 100
	}
	dst = appendHMS(dst, hms>>12&0x3ff, hms>>6&63, hms&63)
	dst = appendFraction(dst, micros, c.meta)
	return append(dst, '"'), size, nil
}

// appendUnix appends the three times of an envelope, as Debezium names them.
func appendUnix(dst []byte, nanos int64) []byte {
	dst = append(dst, `"ts_ms":`...)
	dst = strconv.AppendInt(dst, nanos/1e6, 10)
	dst = append(dst, `,"ts_us":`...)
	dst = strconv.AppendInt(dst, nanos/1e3, 10)
	dst = append(dst, `,"ts_ns":`...)
	return strconv.AppendInt(dst, nanos, 10)
}
