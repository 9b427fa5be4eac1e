package direct

import (
	"context"

	"telltale/load"
)

// ending is how a transaction ends.
type ending int

const (
	// auto is a single statement that commits by itself.
	auto ending = iota
	// each is several statements of which each commits by itself.
	each
	commit
	rollback
	// cut loses the answer to its commit.
	cut
)

// deed is a kind of transaction.
type deed struct {
	load.Deed
	end ending
	do  func(*transaction, context.Context) error
}

// Mark is the deed that writes so many of a worker's customers, products, orders,
// payments and reviews that records of all partitions of all their topics are among
// them: what was written before stands before these. For products that takes 40 of
// each worker's (Options.Products).
const Mark = "mark"

// deeds are what happens in the shop's database.
func deeds() []deed {
	named := func(name string, weight int, doc string, end ending, do func(*transaction, context.Context) error) deed {
		return deed{load.Deed{Name: name, Weight: weight, Doc: doc}, end, do}
	}
	return []deed{
		named("rename", 30, "a customer changes her name, as the shop's form does it", auto, (*transaction).rename),
		named("register", 8, "a customer registers", auto, (*transaction).registerOne),
		named("sign-in", 14, "a customer signs in: a session and a row of sign_ins", commit, (*transaction).signInOne),
		named("form", 8, "a customer changes name, address and phone number at once, or gives up the latter", auto, (*transaction).form),
		named("by-hand", 8, "an UPDATE in a SQL shell, without version or comment", auto, (*transaction).byHand),
		named("several", 4, "one UPDATE by hand changes several customers", auto, (*transaction).several),
		named("register-several", 2, "one INSERT adds several customers", auto, (*transaction).registerSeveral),
		named("nothing", 4, "an UPDATE that leaves some of its rows as they were", auto, (*transaction).nothing),
		named("touch", 4, "an UPDATE of a column that means nothing to the business", auto, (*transaction).touch),
		named("address", 6, "a customer adds, corrects or removes an address", commit, (*transaction).address),
		named("consent", 2, "a customer allows to be told of offers, or does not any more", auto, (*transaction).consent),
		named("review", 3, "a customer reviews a product, or changes the review", auto, (*transaction).review),
		named("sell", 10, "stock of a popular product is counted down, which all workers do at the same time", commit, (*transaction).sell),
		named("order", 5, "a customer orders: stock of several products, an order and its lines in one transaction", commit, (*transaction).place),
		named("cancel", 1, "an order is cancelled by hand, and its stock forgotten", auto, (*transaction).cancel),
		named("pay", 3, "an order is paid, and gets the next invoice's number, in one transaction", commit, (*transaction).pay),
		named("ship", 2, "staff hand an order that was paid to a carrier", commit, (*transaction).ship),
		named("refund", 1, "staff pay back a part of what was paid for an order, or all of it", commit, (*transaction).refund),
		named("price", 2, "staff change a product's price", auto, (*transaction).price),
		named("catalogue", 1, "staff rename a product, or put it in another category", commit, (*transaction).catalogue),
		named("race", 2, "several connections save one customer's form at the same moment; one wins", each, (*transaction).race),
		named("rollback", 6, "a transaction over two tables is rolled back", rollback, (*transaction).household),
		named("savepoint", 6, "the middle of a transaction is taken back", commit, (*transaction).savepoint),
		named("household", 4, "one transaction changes one customer twice, adds another and signs both in", commit, (*transaction).household),
		named("lose-answer", 1, "the connection is cut during the commit, and what took place is read back", cut, (*transaction).household),
		named("big", 1, "one transaction over hundreds of customers, several times over", commit, (*transaction).big),
		named("delete", 1, "a customer who has not ordered is deleted by hand, with her sign-ins", commit, (*transaction).removeOne),
		named("ddl", 0, "a table of the load's own, load_ddl_…, is altered between its rows; needs CREATE, ALTER and DROP", each, (*transaction).alter),
		named(Mark, 0, "one transaction renames a worker's newest customers and products, and has each of those customers buy and review one", commit, (*transaction).mark),
	}
}
