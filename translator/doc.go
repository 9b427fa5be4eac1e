// Package translator turns raw row changes into business events by rules.
//
// A rule file says, for one aggregate, which changes of which table mean what;
// its expressions are CEL, type-checked against the shapes of the tables. The
// core is pure: (rules, shapes, the changes of one transaction and key) in,
// events out, always the same bytes (I8). Run puts it between two sets of Kafka
// topics, exactly once. DESIGN.md says why it is built so.
package translator
