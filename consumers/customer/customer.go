// Package customer is what consumers of the customers' events have in common:
// the events' data, and a book of what they tell of each customer.
package customer

import "time"

// The types of the events that have data here.
const (
	TypeRegistered   = "CustomerRegistered"
	TypeNameChanged  = "CustomerNameChanged"
	TypeEmailChanged = "CustomerEmailChanged"
	TypePhoneChanged = "CustomerPhoneChanged"
	TypeSignedIn     = "CustomerSignedIn"
)

// Registered is the data of TypeRegistered.
type Registered struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// NameChanged is the data of TypeNameChanged.
type NameChanged struct {
	Old string `json:"old_name"`
	New string `json:"new_name"`
}

// EmailChanged is the data of TypeEmailChanged.
type EmailChanged struct {
	Old string `json:"old_email"`
	New string `json:"new_email"`
}

// PhoneChanged is the data of TypePhoneChanged; nil: no number.
type PhoneChanged struct {
	Old *string `json:"old_phone"`
	New *string `json:"new_phone"`
}

// SignedIn is the data of TypeSignedIn.
type SignedIn struct {
	// Address is where the customer's client came from, as text.
	Address string `json:"address"`
	// UserAgent is how the client calls itself; it may hold anything.
	UserAgent string `json:"user_agent"`
	// At is when; zero: the event's own time tells.
	At time.Time `json:"at"`
}
