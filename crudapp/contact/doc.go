// Package contact is how the shop may reach a customer: the addresses that it
// delivers to, and whether the customer wants to hear of offers.
//
// Book carries out what a customer asks for. It keeps its rows in a Store, which
// package crudapp/mysql implements.
package contact
