package shipment

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/crudapp"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldCarrier  = "carrier"
	FieldTracking = "tracking"
)

const (
	maxCarrierRunes  = 50
	maxTrackingRunes = 64
)

// Parcel is what staff say about a parcel.
type Parcel struct {
	// Carrier is who brings it: 1 to 50 characters.
	Carrier string
	// Tracking is the carrier's number of it, up to 64 characters, or empty.
	Tracking string
}

// Normalized returns p as it is stored: without surrounding space.
func (p Parcel) Normalized() Parcel {
	return Parcel{Carrier: strings.TrimSpace(p.Carrier), Tracking: strings.TrimSpace(p.Tracking)}
}

// problems returns what is wrong with a normalized parcel, by field.
func (p Parcel) problems() map[string]string {
	found := map[string]string{}
	switch {
	case p.Carrier == "":
		found[FieldCarrier] = "Say who brings it."
	case !crudapp.Printable(p.Carrier):
		found[FieldCarrier] = "A carrier's name cannot contain control characters."
	case utf8.RuneCountInString(p.Carrier) > maxCarrierRunes:
		found[FieldCarrier] = fmt.Sprintf("A carrier's name can have at most %d characters.", maxCarrierRunes)
	}
	switch {
	case !crudapp.Printable(p.Tracking):
		found[FieldTracking] = "A tracking number cannot contain control characters."
	case utf8.RuneCountInString(p.Tracking) > maxTrackingRunes:
		found[FieldTracking] = fmt.Sprintf("A tracking number can have at most %d characters.", maxTrackingRunes)
	}
	return found
}

// Shipment is a parcel on its way.
type Shipment struct {
	// ID is assigned by the store and never changes.
	ID      uint64
	OrderID uint64
	// StaffID is who handed the parcel over.
	StaffID uint32
	Parcel
	// ShippedAt is in UTC with microseconds.
	ShippedAt time.Time
}
