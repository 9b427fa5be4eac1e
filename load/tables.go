package load

import "fmt"

// Tables that the load writes.
const (
	Customers  = "customers"
	SignIns    = "sign_ins"
	Addresses  = "addresses"
	Consents   = "consents"
	Products   = "products"
	Stock      = "stock"
	Reviews    = "reviews"
	Orders     = "orders"
	OrderLines = "order_lines"
	Payments   = "payments"
	Invoices   = "invoices"
	Refunds    = "refunds"
	Shipments  = "shipments"
	// ProductCategories are known by statements alone, BasketLines by the API alone.
	ProductCategories = "product_categories"
	BasketLines       = "basket_lines"
)

// Table is what the load knows of a table.
type Table struct {
	Name string
	// Key are the columns of the primary key.
	Key []string
	// Columns are those that rows of the record have, the key among them.
	Columns []Column
}

// Column is a column as rows of the record have it.
type Column struct {
	Name string
	// SQL is the expression that gives its value as the record has it.
	SQL string
}

// Tables are all that the load writes, but for those that it makes itself.
func Tables() []Table {
	return []Table{
		table(Customers, "id", "email", "name", "phone", "version"),
		{SignIns, []string{"id"}, append(plain("id", "customer_id", "address", "user_agent"), instant("signed_in_at"))},
		table(Addresses, "id", "customer_id", "recipient", "street", "postcode", "city", "country", "is_default", "version"),
		{Consents, []string{"id"}, append(plain("id", "customer_id", "purpose", "given"), instant("decided_at"))},
		{Products, []string{"id"}, append(plain("id", "sku", "name", "currency", "status", "version"), text("price"))},
		table(Stock, "product_id", "on_hand", "reorder_level", "version"),
		{ProductCategories, []string{"product_id", "category_id"}, plain("product_id", "category_id")},
		table(Reviews, "id", "product_id", "customer_id", "rating", "text", "version"),
		{BasketLines, []string{"customer_id", "product_id"}, plain("customer_id", "product_id", "quantity")},
		{Orders, []string{"id"}, append(plain("id", "customer_id", "status", "currency", "cancel_reason", "version"),
			text("total"), text("ship_to"), civil("placed_at"), civil("cancelled_at"))},
		{OrderLines, []string{"order_id", "line"}, append(plain("order_id", "line", "product_id", "sku", "name", "quantity"), text("unit_price"))},
		{Payments, []string{"id"}, append(plain("id", "order_id", "customer_id", "staff_id", "method", "currency", "reference", "version"),
			text("amount"), text("refunded"), civil("paid_at"))},
		{Invoices, []string{"year", "number"}, append(plain("year", "number", "order_id"), civil("issued_at"))},
		{Refunds, []string{"id"}, append(plain("id", "order_id", "payment_id", "staff_id", "currency", "reason"), text("amount"), civil("refunded_at"))},
		{Shipments, []string{"id"}, append(plain("id", "order_id", "staff_id", "carrier", "tracking"), civil("shipped_at"))},
	}
}

// TableOf is the table of that name.
func TableOf(name string) (Table, error) {
	for _, t := range Tables() {
		if t.Name == name {
			return t, nil
		}
	}
	return Table{}, fmt.Errorf("the load knows no table %q", name)
}

// Names are the columns' names.
func (t Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// table has its key in the first column.
func table(name, key string, columns ...string) Table {
	return Table{name, []string{key}, append(plain(key), plain(columns...)...)}
}

// plain columns are in JSON what MySQL makes of them.
func plain(names ...string) []Column {
	columns := make([]Column, len(names))
	for i, n := range names {
		columns[i] = Column{n, n}
	}
	return columns
}

// text is a value that JSON would have otherwise: a DECIMAL, or JSON itself.
func text(name string) Column { return Column{name, "CAST(" + name + " AS CHAR)"} }

// instant is a time of microseconds in UTC, in sessions that use that.
func instant(name string) Column {
	return Column{name, "DATE_FORMAT(" + name + ", '%Y-%m-%dT%H:%i:%s.%fZ')"}
}

// civil is a time of microseconds in whatever zone it was written.
func civil(name string) Column {
	return Column{name, "DATE_FORMAT(" + name + ", '%Y-%m-%dT%H:%i:%s.%f')"}
}
