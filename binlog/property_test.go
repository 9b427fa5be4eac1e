package binlog

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-mysql-org/go-mysql/mysql"
	"pgregory.net/rapid"
)

// generated is a column, and how a value of it stands in a row and in JSON.
type generated struct {
	def  columnDef
	draw func(t *rapid.T) (row []byte, value any)
}

// generators make columns of all kinds. They write rows as the server does, by
// means of their own.
var generators = map[string]func(t *rapid.T) generated{
	"int": func(t *rapid.T) generated {
		width := rapid.SampledFrom([]int{1, 2, 3, 4, 8}).Draw(t, "width")
		kind := map[int]byte{1: mysql.MYSQL_TYPE_TINY, 2: mysql.MYSQL_TYPE_SHORT, 3: mysql.MYSQL_TYPE_INT24, 4: mysql.MYSQL_TYPE_LONG, 8: mysql.MYSQL_TYPE_LONGLONG}[width]
		d := columnDef{kind: kind, unsigned: rapid.Bool().Draw(t, "unsigned")}
		return generated{d, func(t *rapid.T) ([]byte, any) {
			v := rapid.Uint64().Draw(t, "value") >> (64 - 8*width)
			row := binary.LittleEndian.AppendUint64(nil, v)[:width]
			if d.unsigned {
				return row, json.Number(fmt.Sprint(v))
			}
			return row, json.Number(fmt.Sprint(int64(v<<(64-8*width)) >> (64 - 8*width)))
		}}
	},
	"double": func(*rapid.T) generated {
		return generated{columnDef{kind: mysql.MYSQL_TYPE_DOUBLE}, func(t *rapid.T) ([]byte, any) {
			v := rapid.Float64().Draw(t, "value")
			return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), v
		}}
	},
	"decimal": func(t *rapid.T) generated {
		precision := rapid.IntRange(1, 65).Draw(t, "precision")
		d := columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: precision, scale: rapid.IntRange(0, min(30, precision)).Draw(t, "scale")}
		return generated{d, func(t *rapid.T) ([]byte, any) {
			digits := make([]byte, d.length)
			for i := range digits {
				digits[i] = '0' + rapid.ByteRange(0, 9).Draw(t, "digit")
			}
			return packDecimal(string(digits), d.scale, rapid.Bool().Draw(t, "negative"))
		}}
	},
	"bit": func(t *rapid.T) generated {
		n := rapid.IntRange(2, 64).Draw(t, "bits")
		return generated{columnDef{kind: mysql.MYSQL_TYPE_BIT, length: n}, func(t *rapid.T) ([]byte, any) {
			v := rapid.Uint64().Draw(t, "value") >> (64 - n)
			return binary.BigEndian.AppendUint64(nil, v)[8-bitmapLen(n):], json.Number(fmt.Sprint(v))
		}}
	},
	"date": func(*rapid.T) generated {
		return generated{columnDef{kind: mysql.MYSQL_TYPE_DATE}, func(t *rapid.T) ([]byte, any) {
			y, m, d := rapid.IntRange(0, 9999).Draw(t, "year"), rapid.IntRange(0, 12).Draw(t, "month"), rapid.IntRange(0, 31).Draw(t, "day")
			return binary.LittleEndian.AppendUint32(nil, uint32(y<<9|m<<5|d))[:3], fmt.Sprintf("%04d-%02d-%02d", y, m, d)
		}}
	},
	"time": func(t *rapid.T) generated {
		places := rapid.IntRange(0, 6).Draw(t, "places")
		return generated{columnDef{kind: mysql.MYSQL_TYPE_TIME2, length: places}, func(t *rapid.T) ([]byte, any) {
			h, m, s := rapid.IntRange(0, 838).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 59).Draw(t, "second")
			micros := drawMicros(t, places)
			bytes := (places + 1) / 2
			packed, text := (h<<12|m<<6|s)<<(8*bytes)|micros/pow10(6-2*bytes), fmt.Sprintf("%02d:%02d:%02d", h, m, s)+fractionText(micros, places)
			if packed != 0 && rapid.Bool().Draw(t, "negative") {
				packed, text = -packed, "-"+text
			}
			return binary.BigEndian.AppendUint64(nil, uint64(packed+0x800000<<(8*bytes)))[5-bytes:], text
		}}
	},
	"datetime": func(t *rapid.T) generated {
		places := rapid.IntRange(0, 6).Draw(t, "places")
		return generated{columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: places}, func(t *rapid.T) ([]byte, any) {
			y, mo, d := rapid.IntRange(0, 9999).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 31).Draw(t, "day")
			h, m, s := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 59).Draw(t, "second")
			micros, bytes := drawMicros(t, places), (places+1)/2
			packed := (((y*13+mo)<<5|d)<<17 | h<<12 | m<<6 | s) + 0x8000000000
			row := binary.BigEndian.AppendUint64(nil, uint64(packed))[3:]
			row = append(row, binary.BigEndian.AppendUint32(nil, uint32(micros/pow10(6-2*bytes)))[4-bytes:]...)
			return row, fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", y, mo, d, h, m, s) + fractionText(micros, places)
		}}
	},
	"varchar": func(t *rapid.T) generated {
		d := columnDef{kind: mysql.MYSQL_TYPE_VARCHAR, length: rapid.SampledFrom([]int{80, 4000}).Draw(t, "length"), collation: 45}
		return generated{d, func(t *rapid.T) ([]byte, any) {
			v := rapid.StringN(0, 20, 80).Filter(utf8.ValidString).Draw(t, "value")
			return append(lengthBefore(len(v), lengthWidth(d.length)), v...), v
		}}
	},
	"utf16": func(t *rapid.T) generated {
		return generated{columnDef{kind: mysql.MYSQL_TYPE_VARCHAR, length: 200, collation: 54}, func(t *rapid.T) ([]byte, any) {
			v := rapid.StringN(0, 20, 80).Filter(utf8.ValidString).Draw(t, "value")
			var units []byte
			for _, r := range v {
				if r >= 0x10000 {
					r -= 0x10000
					units = binary.BigEndian.AppendUint16(units, uint16(0xd800+r>>10))
					r = 0xdc00 + r&0x3ff
				}
				units = binary.BigEndian.AppendUint16(units, uint16(r))
			}
			return append(lengthBefore(len(units), 1), units...), v
		}}
	},
	"blob": func(t *rapid.T) generated {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		return generated{columnDef{kind: mysql.MYSQL_TYPE_BLOB, length: width, collation: 63}, func(t *rapid.T) ([]byte, any) {
			v := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "value")
			return append(lengthBefore(len(v), width), v...), base64.StdEncoding.EncodeToString(v)
		}}
	},
	"set": func(t *rapid.T) generated {
		n := rapid.IntRange(1, 64).Draw(t, "members")
		d := columnDef{kind: mysql.MYSQL_TYPE_SET, length: []int{1, 1, 2, 3, 4, 8, 8, 8, 8}[bitmapLen(n)], collation: 45}
		for i := range n {
			d.labels = append(d.labels, fmt.Sprintf("m\"%d", i))
		}
		return generated{d, func(t *rapid.T) ([]byte, any) {
			v := rapid.Uint64().Draw(t, "value") >> (64 - n)
			members := []any{}
			for i := range n {
				if v>>i&1 == 1 {
					members = append(members, d.labels[i])
				}
			}
			return binary.LittleEndian.AppendUint64(nil, v)[:d.length], members
		}}
	},
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

func drawMicros(t *rapid.T, places int) int {
	unit := pow10(6 - places)
	return rapid.IntRange(0, pow10(places)-1).Draw(t, "fraction") * unit
}

func fractionText(micros, places int) string {
	if places == 0 {
		return ""
	}
	return "." + fmt.Sprintf("%06d", micros)[:places]
}

func lengthBefore(n, width int) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(n))[:width]
}

// packDecimal packs digits as the server does: groups of nine from the point on
// in both directions.
func packDecimal(digits string, scale int, negative bool) (row []byte, value any) {
	integral, fractional := digits[:len(digits)-scale], digits[len(digits)-scale:]
	group := func(s string) {
		n, _ := new(big.Int).SetString("0"+s, 10)
		row = append(row, n.FillBytes(make([]byte, decimalBytes[len(s)]))...)
	}
	head := len(integral) % 9
	for group(integral[:head]); head < len(integral); head += 9 {
		group(integral[head : head+9])
	}
	at := 0
	for ; at+9 <= len(fractional); at += 9 {
		group(fractional[at : at+9])
	}
	group(fractional[at:])
	text := strings.TrimLeft(integral, "0")
	if text == "" {
		text = "0"
	}
	if scale > 0 {
		text += "." + fractional
	}
	row[0] ^= 0x80
	if negative && strings.Trim(digits, "0") != "" {
		for i := range row {
			row[i] = ^row[i]
		}
		text = "-" + text
	}
	return row, text
}

// A row of any table becomes JSON that reads back as what was put in, nulls and
// absent columns included.
func TestRowsOfAnyTable(t *testing.T) {
	t.Parallel()
	colls := collations{63: {name: "binary", maxLen: 1}, 45: {name: "utf8mb4", maxLen: 4}, 54: {name: "utf16", maxLen: 4}}
	kinds := make([]string, 0, len(generators))
	for kind := range generators {
		kinds = append(kinds, kind)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := tableDef{db: "db", table: "t"}
		var columns []generated
		for i := range rapid.IntRange(1, 30).Draw(t, "columns") {
			g := generators[rapid.SampledFrom(kinds).Draw(t, "kind")](t)
			g.def.name, g.def.nullable = fmt.Sprintf("c%d", i), true
			columns, d.columns = append(columns, g), append(d.columns, g.def)
		}
		p, err := newPlan(d, colls, encoding{}, filter{})
		if err != nil {
			t.Fatal(err)
		}
		present := make([]byte, bitmapLen(len(columns)))
		want, values := map[string]any{}, []byte(nil)
		var nulls []bool
		for i, c := range columns {
			if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
				continue
			}
			present[i/8] |= 1 << (i % 8)
			nulls = append(nulls, rapid.IntRange(0, 9).Draw(t, "null") == 0)
			want[c.def.name] = nil
			if !nulls[len(nulls)-1] {
				row, value := c.draw(t)
				values, want[c.def.name] = append(values, row...), value
			}
		}
		row := make([]byte, bitmapLen(len(nulls)))
		for i, null := range nulls {
			if null {
				row[i/8] |= 1 << (i % 8)
			}
		}
		row = append(row, values...)
		text, n, err := p.appendImage(nil, row, present, &image{})
		if err != nil || n != len(row) {
			t.Fatalf("%d of %d bytes, %v", n, len(row), err)
		}
		got := map[string]any{}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for name, v := range want {
			if f, ok := v.(float64); ok {
				got[name], _ = got[name].(json.Number).Float64()
				want[name] = f
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("\ngot  %v\nwant %v", got, want)
		}
	})
}
