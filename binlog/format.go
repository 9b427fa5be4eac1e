package binlog

// The values of Options.Format.
const (
	formatJSON       = "json"
	formatWithSchema = "json-with-schema"
)

// frame is what stands around a record's key and value where each has its schema
// beside it: `{"schema":…,"payload":` in front and a brace behind. It is empty
// in plain JSON.
type frame struct{ key, value []byte }

// open and shut append the two parts of a frame to either side of a payload.
func open(dst, frame []byte) []byte { return append(dst, frame...) }

func shut(dst, frame []byte) []byte {
	if len(frame) == 0 {
		return dst
	}
	return append(dst, '}')
}

// frameOf is the frame of what has this schema.
func frameOf(s connectSchema) ([]byte, error) {
	text, err := s.encode()
	if err != nil {
		return nil, err
	}
	return append(append([]byte(`{"schema":`), text...), `,"payload":`...), nil
}
