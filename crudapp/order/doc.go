// Package order is how goods are bought: a customer's basket, the orders that it
// becomes, and how far each of them is.
//
// Orders carries out what customers and staff ask for. What may follow what is in
// Status and Transition, what a basket must be like to become an order in Checkout:
// both are pure, and a Store, which package crudapp/mysql implements, applies them to
// rows that it holds. What follows an order, its payment and its shipment, takes a
// Transition in a transaction of its own.
package order
