// Package crudapp is the people of a small shop: customers register, sign in,
// change their name, e-mail address, telephone number and country, and close their
// accounts; staff sign in to pages of
// their own. What is sold is package crudapp/catalogue, how it is bought package
// crudapp/order, paid package crudapp/payment and sent package crudapp/shipment, how a
// customer is reached package crudapp/contact, and what customers think of what is sold
// package crudapp/review.
//
// The package holds the domain: its types, the rules for values, Accounts, which
// carries out what a customer asks for, and StaffAccounts, which lets staff in. It
// talks to the outside through interfaces that it declares itself: Store and
// StaffStore keep rows (package crudapp/mysql), Passwords hashes (package
// crudapp/argon2id), and package crudapp/web shows all of it to browsers and
// programs.
package crudapp
