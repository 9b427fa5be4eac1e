package faults

import (
	"fmt"

	"telltale/internal/install"
	"telltale/load"
)

// The aggregates. Events of payments come of an order's changes.
const (
	customers = "customer"
	products  = "product"
	orders    = "order"
	payments  = "payment"
	reviews   = "review"
)

// subject is one aggregate: what is said of it has one order.
type subject struct {
	aggregate string
	id        uint64
}

func (s subject) String() string { return fmt.Sprintf("%s %d", s.aggregate, s.id) }

// source is the subject whose changes an event comes of.
func (s subject) source() subject {
	if s.aggregate == payments {
		s.aggregate = orders
	}
	return s
}

// changed are the aggregates whose changes have a topic of their own.
func changed() []string { return []string{customers, products, orders, reviews} }

// told are the aggregates whose events have a topic of their own.
func told() []string { return []string{customers, products, orders, payments, reviews} }

// toldOf are those whose events come of an aggregate's changes.
func toldOf(aggregate string) []string {
	if aggregate == orders {
		return []string{orders, payments}
	}
	return []string{aggregate}
}

// rawTopic is where an aggregate's changes are. No other table belongs to a review, so
// its topic is the table's.
func rawTopic(aggregate string) string {
	if aggregate == reviews {
		return install.Source + ".shop." + load.Reviews
	}
	return install.Source + "." + aggregate
}

func eventTopic(aggregate string) string { return "events." + aggregate }

// topic says whose changes or events are in one.
type topic struct {
	aggregate string
	events    bool
	// tombstones stand behind the deletes of a topic of one table. In one of an
	// aggregate the key lives on in other rows.
	tombstones bool
}

// topics are all that is read, by name.
func topics() map[string]topic {
	all := map[string]topic{}
	for _, a := range changed() {
		all[rawTopic(a)] = topic{aggregate: a, tombstones: a == reviews}
	}
	for _, a := range told() {
		all[eventTopic(a)] = topic{aggregate: a, events: true}
	}
	return all
}

// route is the aggregate to which a table's rows belong, and the column with its id, as
// source.aggregates has them.
func route(table string) (aggregate, column string, err error) {
	switch table {
	case load.Customers:
		return customers, "id", nil
	case load.SignIns, load.Addresses, load.Consents:
		return customers, "customer_id", nil
	case load.Products:
		return products, "id", nil
	case load.Stock, load.ProductCategories:
		return products, "product_id", nil
	case load.Orders:
		return orders, "id", nil
	case load.OrderLines, load.Payments, load.Refunds, load.Shipments, load.Invoices:
		return orders, "order_id", nil
	case load.Reviews:
		return reviews, "id", nil
	}
	return "", "", fmt.Errorf("whose rows are those of %s is not known", table)
}
