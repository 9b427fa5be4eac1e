// Package catalogue is what the shop sells: products, the categories that they
// stand in, and how many of each are there.
//
// Catalogue carries out what customers and staff ask for. It keeps its rows in a
// Store, which package crudapp/mysql implements. A product and its stock are two
// things with a version each, so that a sale is in nobody's way who edits a text.
package catalogue
