// Package payment is what customers pay for orders, what staff pay back, and the
// invoices that go with it.
//
// Payments carries out what they ask for. An order is paid once and whole; a request
// that comes again under its key is answered as it was. Package payment keeps its
// rows in a Store, which package crudapp/mysql implements, and asks a Provider for
// the money.
package payment
