// Package review is what customers think of products: one opinion a customer and
// product, which the customer may change and staff may hide.
//
// Reviews carries out what they ask for. It keeps its rows in a Store, which package
// crudapp/mysql implements.
package review
