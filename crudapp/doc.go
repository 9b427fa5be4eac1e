// Package crudapp is the account area of a small shop: people register, sign
// in, and change their name, e-mail address and telephone number.
//
// The package holds the domain: its types, the rules for values, and Accounts,
// which carries out what a person asks for. It talks to the outside through
// interfaces that it declares itself: Store keeps rows (package
// crudapp/mysql), Passwords hashes (package crudapp/argon2id), and package
// crudapp/web shows all of it to browsers and programs.
package crudapp
