package binlog

import "telltale/schemas/change"

// frames are the schemas of a table's records: Debezium's names, and what its
// envelope does not have at the end of each struct.
func (s *stream) frames(d tableDef, p *plan) frame {
	if !s.options.encoding.schemas {
		return frame{}
	}
	name := change.Topic(s.options.source, d.db, d.table)
	var columns, keys []connectSchema
	for i := range p.columns {
		if c := &p.columns[i]; !c.denied {
			columns = append(columns, s.options.encoding.schema(d.columns[i], c))
		}
	}
	for i, k := range p.key {
		one := s.options.encoding.schema(d.columns[k.column], &p.columns[k.column])
		keys = append(keys, one.field(p.keyName(i)))
	}
	f := frame{value: wrappingOf(envelopeSchema(s.options.flavor, name, columns))}
	if len(keys) > 0 {
		f.key = wrappingOf(structOf(p.shape.Topic(s.options.source)+".Key", 0, keys...))
	}
	return f
}

// keyName is the name of a member of the record key: a column's, or for a routed
// table that of its root's key.
func (p *plan) keyName(i int) string {
	if p.route != nil {
		return p.route.member
	}
	return p.shape.PrimaryKey[i]
}

// envelopeSchema is that of the value of a table's records.
func envelopeSchema(flavor, name string, columns []connectSchema) connectSchema {
	row := structOf(name+".Value", 0, columns...).optional()
	return structOf(name+".Envelope", 2,
		row.field("before"), row.field("after"),
		sourceSchema(flavor).field("source"),
		structOf("event.block", 1,
			plainOf("string").field("id"),
			plainOf("int64").field("total_order"),
			plainOf("int64").field("data_collection_order"),
			plainOf("boolean").field("last"),
		).optional().field("transaction"),
		plainOf("string").field("op"),
		plainOf("int64").optional().field("ts_ms"),
		plainOf("int64").optional().field("ts_us"),
		plainOf("int64").optional().field("ts_ns"),
		plainOf("string").field("id"),
		mapOf(plainOf("string"), plainOf("string")).optional().field("context"),
	)
}

// sourceSchema is that of an envelope's source. Debezium's connectors for the
// two servers differ in its name.
func sourceSchema(flavor string) connectSchema {
	text, number := plainOf("string"), plainOf("int64")
	snapshot := semantic("string", "io.debezium.data.Enum").optional()
	snapshot.parameters = []parameter{{"allowed", "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"}}
	snapshot.byDefault = "false"
	return structOf("io.debezium.connector."+flavor+".Source", 1,
		text.field("version"), text.field("connector"), text.field("name"), number.field("ts_ms"),
		snapshot.field("snapshot"), text.field("db"), text.optional().field("sequence"),
		number.optional().field("ts_us"), number.optional().field("ts_ns"),
		text.optional().field("table"), number.field("server_id"), text.optional().field("gtid"),
		text.field("file"), number.field("pos"), plainOf("int32").field("row"),
		number.optional().field("thread"), text.optional().field("query"), text.field("shape"),
	)
}
