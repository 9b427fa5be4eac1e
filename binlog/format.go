package binlog

// The values of Options.Format.
const (
	formatJSON       = "json"
	formatWithSchema = "json-with-schema"
)

// frame is what stands around a record's key and value.
type frame struct{ key, value wrapping }

// accept refuses images that lack columns where a schema names them all. present
// is the bitmap of an event's image, or those of its two.
func (f frame) accept(present []byte, columns int) error {
	for width := bitmapLen(columns); len(f.value) > 0 && len(present) > 0; present = present[width:] {
		if countBits(present[:width], columns) != columns {
			return errAbsent
		}
	}
	return nil
}

// wrapping is the front of an object that has a schema beside its payload,
// `{"schema":…,"payload":`. It is empty in plain JSON, where the payload stands
// alone.
type wrapping []byte

// wrappingOf is that of what has this schema.
func wrappingOf(s connectSchema) wrapping {
	return append(s.append(wrapping(`{"schema":`)), `,"payload":`...)
}

// open appends what stands in front of a payload.
func (w wrapping) open(dst []byte) []byte { return append(dst, w...) }

// close appends what stands behind it.
func (w wrapping) close(dst []byte) []byte {
	if len(w) == 0 {
		return dst
	}
	return append(dst, '}')
}
