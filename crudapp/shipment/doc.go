// Package shipment is what the shop hands over to a carrier: one parcel an order.
//
// Shipments carries out what staff ask for. It keeps its rows in a Store, which
// package crudapp/mysql implements.
package shipment
