package binlog

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The bytes are what MySQL 9.7 writes for the value beside them.
func TestAppendValue(t *testing.T) {
	t.Parallel()
	decimal := func(precision, scale int) column { return column{meta: precision, scale: scale} }
	for _, tt := range []struct {
		name, data, want string
		append           appendFunc
		column           column
	}{
		{"int8", "80", "-128", appendInt8, column{}},
		{"int24 negative", "000080", "-8388608", appendInt24, column{}},
		{"uint24", "ffffff", "16777215", appendUint24, column{}},
		{"int64", "0000000000000080", "-9223372036854775808", appendInt64, column{}},
		{"uint64", "ffffffffffffffff", "18446744073709551615", appendUint64, column{}},
		{"float", "cdcccc3d", "0.1", appendFloat32, column{}},
		{"double", "9a9999999999b93f", "0.1", appendFloat64, column{}},
		{"year 0", "00", "0", appendYear, column{}},
		{"year", "ff", "2155", appendYear, column{}},
		{"bit(1)", "01", "true", appendBit, column{meta: 1}},
		{"bit(64)", "ffffffffffffffff", "18446744073709551615", appendBit, column{meta: 64}},
		{"decimal(4,2)", "8d4c", `"13.76"`, appendDecimal, decimal(4, 2)},
		{"decimal(4,2) negative", "72b3", `"-13.76"`, appendDecimal, decimal(4, 2)},
		{"decimal(4,2) zero", "8000", `"0.00"`, appendDecimal, decimal(4, 2)},
		{"decimal(14,4)", "810dfb38d204d2", `"1234567890.1234"`, appendDecimal, decimal(14, 4)},
		{"decimal(14,4) negative", "7ef204c72dfb2d", `"-1234567890.1234"`, appendDecimal, decimal(14, 4)},
		{"decimal(20,0) inner zeros", "810000000000000000", `"1000000000000000000"`, appendDecimal, decimal(20, 0)},
		{"date", "21a90f", `"2004-09-01"`, appendDate, column{}},
		{"zero date", "000000", `"0000-00-00"`, appendDate, column{}},
		{"datetime(6)", "99b2d40000000000", `"2024-03-10T00:00:00.000000"`, appendDatetime, column{meta: 6}},
		{"zero datetime", "8000000000", `"0000-00-00 00:00:00"`, appendDatetime, column{}},
		{"timestamp(3)", "3b9aca0104d2", `"2001-09-09T01:46:41.123Z"`, appendTimestamp, column{meta: 3}},
		{"zero timestamp", "00000000", `"0000-00-00 00:00:00"`, appendTimestamp, column{}},
		{"time", "800000", `"00:00:00"`, appendTime, column{}},
		{"time min", "4b9105", `"-838:59:59"`, appendTime, column{}},
		{"time negative fraction", "7fffffff", `"-00:00:00.01"`, appendTime, column{meta: 2}},
		{"text", "03e282ac", `"€"`, appendText, column{meta: 1}},
		{"text escaped", "0500225c0a7f", `"\u0000\"\\\n` + "\x7f" + `"`, appendText, column{meta: 1}},
		{"binary", "02ff00", `"/wA="`, appendBinary, column{meta: 1}},
		{"binary(4), zeros not logged", "02ff01", `"/wEAAA=="`, appendFixedBinary, column{meta: 1, scale: 4}},
		{"enum", "02", `"b"`, appendEnum, column{meta: 1, labels: [][]byte{[]byte(`"a"`), []byte(`"b"`)}}},
		{"enum invalid", "00", `""`, appendEnum, column{meta: 1}},
		{"set", "05", `["a","c"]`, appendSet, column{meta: 1, labels: [][]byte{[]byte(`"a"`), []byte(`"b"`), []byte(`"c"`)}}},
		{"set empty", "00", `[]`, appendSet, column{meta: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			got, n, err := tt.append(nil, data, &tt.column)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want || n != len(data) {
				t.Errorf("got %s of %d bytes, want %s of %d", got, n, tt.want, len(data))
			}
			for cut := range data { // A value that is cut off is an error, whatever the cut.
				if _, _, err := tt.append(nil, data[:cut], &tt.column); err == nil {
					t.Errorf("%d of %d bytes were taken for a value", cut, len(data))
				}
			}
		})
	}
}

func TestAppendValueRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data   string
		append appendFunc
		column column
	}{
		"text that is not UTF-8":   {"02c328", appendText, column{meta: 1}},
		"a member beyond the enum": {"03", appendEnum, column{meta: 1, labels: [][]byte{nil, nil}}},
		"a member beyond the set":  {"04", appendSet, column{meta: 1, labels: [][]byte{nil, nil}}},
		"not a number":             {"0000c07f", appendFloat32, column{}},
		"a datetime before zero":   {"7fffffffff", appendDatetime, column{}},
		"too long for binary(1)":   {"020101", appendFixedBinary, column{meta: 1, scale: 1}},
	} {
		data, err := hex.DecodeString(tt.data)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := tt.append(nil, data, &tt.column); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
}

func TestAppendStringIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		j, err := appendString(nil, []byte(want))
		if !strings.Contains(want, "�") && err != nil {
			t.Fatalf("%q: %v", want, err)
		}
		if err != nil {
			return
		}
		var got string
		if err := json.Unmarshal(j, &got); err != nil || got != want {
			t.Fatalf("%q became %s, which reads back as %q, %v", want, j, got, err)
		}
	})
}

// testPlan is a plan with a column of most kinds.
func testPlan() *plan {
	p := &plan{key: []keyColumn{{name: []byte(`"ca":`)}}}
	for _, c := range []column{
		{append: appendUint64},
		{append: appendText, meta: 1},
		{append: appendText, meta: 2},
		{append: appendDecimal, meta: 12, scale: 2},
		{append: appendDatetime, meta: 6},
		{append: appendTimestamp, meta: 6},
		{append: appendInt32},
		{append: appendBit, meta: 1},
		{append: appendFloat64},
		{append: appendTime, meta: 3},
	} {
		c.name, c.key = []byte(`,"c`+string(rune('a'+len(p.columns)))+`":`), -1
		p.columns = append(p.columns, c)
	}
	p.columns[0].key = 0
	p.columns[6].denied = true
	return p
}

// testImage is a row of testPlan, with the last column null.
func testImage() (row, present []byte) {
	row = binary.LittleEndian.AppendUint64([]byte{0, 2}, 42)
	row = append(append(row, 15), "bob@example.com"...)
	row = append(append(row, 3, 0), "Bob"...)
	for _, v := range []string{"80000000050a", "99b2d40000000000", "3b9aca01000000", "07000000", "01", "9a9999999999b93f"} {
		b, _ := hex.DecodeString(v)
		row = append(row, b...)
	}
	return row, []byte{0xff, 0x03}
}

func TestAppendImage(t *testing.T) {
	t.Parallel()
	row, present := testImage()
	p := testPlan()
	img := image{key: make([]span, 1)}
	got, n, err := p.appendImage(nil, row, present, &img)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"ca":42,"cb":"bob@example.com","cc":"Bob","cd":"5.10","ce":"2024-03-10T00:00:00.000000",` +
		`"cf":"2001-09-09T01:46:41.000000Z","ch":true,"ci":0.1,"cj":null}`
	if string(got) != want || n != len(row) {
		t.Errorf("got %s of %d bytes, want %s of %d", got, n, want, len(row))
	}
	key, err := p.appendKey(got, &img, nil)
	if err != nil || string(key[len(want):]) != `{"ca":42}` {
		t.Errorf("got key %s, %v", key[len(want):], err)
	}
	// A minimal image holds some columns; an absent one is not null.
	got, _, err = p.appendImage(nil, append([]byte{0}, row[10:]...), []byte{0x02, 0}, &image{key: make([]span, 1)})
	if err != nil || string(got) != `{"cb":"bob@example.com"}` {
		t.Errorf("minimal image: got %s, %v", got, err)
	}
}

func TestAppendImageAllocatesNothing(t *testing.T) {
	row, present := testImage()
	p, img, dst := testPlan(), image{key: make([]span, 1)}, make([]byte, 0, 4096)
	allocs := testing.AllocsPerRun(100, func() {
		out, _, err := p.appendImage(dst, row, present, &img)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.appendKey(out, &img, nil); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("a row takes %v allocations, want none", allocs)
	}
}

func FuzzAppendImage(f *testing.F) {
	row, present := testImage()
	f.Add(row, present)
	p := testPlan()
	f.Fuzz(func(t *testing.T, row, present []byte) {
		if len(present) < 2 {
			return
		}
		got, n, err := p.appendImage(nil, row, present, &image{key: make([]span, 1)})
		if err == nil && (!json.Valid(got) || n > len(row)) {
			t.Errorf("%x became %s of %d bytes", row, got, n)
		}
	})
}

func BenchmarkAppendImage(b *testing.B) {
	row, present := testImage()
	p, img, dst := testPlan(), image{key: make([]span, 1)}, make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.appendImage(dst, row, present, &img); err != nil {
			b.Fatal(err)
		}
	}
}
