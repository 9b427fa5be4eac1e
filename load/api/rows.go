package api

import (
	"encoding/json"
	"fmt"
	"time"

	"telltale/load"
)

// The types of this file are rows as far as the shop's answers tell them: what they
// are in JSON is what answers have and what the record gets, except where a method
// makes the row.

// customer is a visitor's row of the customers.
type customer struct {
	ID      uint64        `json:"id"`
	Email   string        `json:"email"`
	Name    string        `json:"name"`
	Phone   load.Nullable `json:"phone"`
	Version uint32        `json:"version"`
}

// signIn is a row of the sign-ins.
type signIn struct {
	ID         uint64  `json:"id"`
	CustomerID uint64  `json:"customer_id"` // Not in the answer.
	Address    string  `json:"address"`
	UserAgent  string  `json:"user_agent"`
	SignedInAt instant `json:"signed_in_at"`
}

// instant and civil are times of microseconds as a record has those of a TIMESTAMP and
// of a DATETIME, in which the shop keeps UTC. A civil that is empty is none.
type (
	instant string
	civil   string
)

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(text []byte) error {
	var at time.Time
	err := json.Unmarshal(text, &at)
	*i = instant(at.UTC().Format("2006-01-02T15:04:05.000000Z"))
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *civil) UnmarshalJSON(text []byte) error {
	var at *time.Time
	if err := json.Unmarshal(text, &at); err != nil || at == nil {
		return err
	}
	*c = civil(at.UTC().Format("2006-01-02T15:04:05.000000"))
	return nil
}

// MarshalJSON implements json.Marshaler.
func (c civil) MarshalJSON() ([]byte, error) { return json.Marshal(load.Nullable(c)) }

// reference is another row's id, NULL where it is 0.
type reference uint64

// MarshalJSON implements json.Marshaler.
func (r reference) MarshalJSON() ([]byte, error) {
	if r == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(uint64(r))
}

// postal is what can be changed about an address.
type postal struct {
	Recipient string        `json:"recipient"`
	Street    string        `json:"street"`
	Postcode  load.Nullable `json:"postcode"`
	City      string        `json:"city"`
	Country   string        `json:"country"`
}

// address is an address as the API shows it.
type address struct {
	ID uint64 `json:"id"`
	postal
	Default bool   `json:"default"`
	Version uint32 `json:"version"`
}

// addressRow is an address as its row.
type addressRow struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	postal
	Default int    `json:"is_default"`
	Version uint32 `json:"version"`
}

func (a address) row(customer uint64) addressRow {
	row := addressRow{ID: a.ID, CustomerID: customer, postal: a.postal, Version: a.Version}
	if a.Default {
		row.Default = 1
	}
	return row
}

// basketRow is a line of a basket.
type basketRow struct {
	CustomerID uint64 `json:"customer_id"`
	ProductID  uint64 `json:"product_id"`
	Quantity   uint16 `json:"quantity"`
}

// review is a visitor's review of a product.
type review struct {
	ID         uint64 `json:"id"`
	ProductID  uint64 `json:"product_id"`
	CustomerID uint64 `json:"customer_id"` // Not in the answer.
	Rating     int    `json:"rating"`
	Text       string `json:"text"`
	Version    uint32 `json:"version"`
}

// order is a row of the orders.
type order struct {
	load.Order
	PlacedAt     civil         `json:"placed_at"`
	CancelledAt  civil         `json:"cancelled_at"`
	CancelReason load.Nullable `json:"cancel_reason"`
}

// paymentRow is a row of the payments.
type paymentRow struct {
	load.Payment           // Of which the customer is not in the answer.
	StaffID      reference `json:"staff_id"` // Nor this.
	PaidAt       civil     `json:"paid_at"`
}

// left is how many cents of the payment were not paid back.
func (p paymentRow) left() (int64, error) {
	paid, err := load.Cents(p.Amount)
	if err != nil {
		return 0, err
	}
	refunded, err := load.Cents(p.Refunded)
	return paid - refunded, err
}

// payment is a payment as the API shows it, with the number of the invoice.
type payment struct {
	paymentRow
	Refunds []refund `json:"refunds"`
	Invoice string   `json:"invoice"`
}

func (p payment) invoice() (load.Invoice, error) {
	row := load.Invoice{OrderID: p.OrderID}
	if _, err := fmt.Sscanf(p.Invoice, "%4d-%d", &row.Year, &row.Number); err != nil {
		return row, fmt.Errorf("read the number %q of the invoice of order %d: %w", p.Invoice, p.OrderID, err)
	}
	return row, nil
}

// refund is a row of the refunds.
type refund struct {
	ID        uint64 `json:"id"`
	OrderID   uint64 `json:"order_id"`
	PaymentID uint64 `json:"payment_id"` // Not in the answer, as StaffID.
	StaffID   uint64 `json:"staff_id"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reason    string `json:"reason"`
	At        civil  `json:"refunded_at"`
}

// shipment is a row of the shipments.
type shipment struct {
	ID       uint64 `json:"id"`
	OrderID  uint64 `json:"order_id"`
	StaffID  uint64 `json:"staff_id"` // Not in the answer.
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking"`
	At       civil  `json:"shipped_at"`
}

// listing is what can be changed about a product.
type listing struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       string            `json:"price"`
	Currency    string            `json:"currency"`
	Attributes  map[string]string `json:"attributes"`
	Categories  []string          `json:"categories"`
	Status      string            `json:"status"`
}

// product is a product as the API shows it.
type product struct {
	ID  uint64 `json:"id"`
	SKU string `json:"sku"`
	listing
	Version uint32 `json:"version"`
}

// at is the version.
func (p product) at() uint32 { return p.Version }

// row is what the record has of the product.
func (p product) row() load.Product {
	return load.Product{ID: p.ID, SKU: p.SKU, Name: p.Name, Price: p.Price, Currency: p.Currency, Status: p.Status, Version: p.Version}
}

// level is what can be changed about stock.
type level struct {
	OnHand       int `json:"on_hand"`
	ReorderLevel int `json:"reorder_level"`
}

// stockRow is a row of the stock.
type stockRow struct {
	ProductID uint64 `json:"product_id"`
	level
	Version uint32 `json:"version"`
}

// at is the version.
func (s stockRow) at() uint32 { return s.Version }

// before is the row as it was before so many were taken out of it, in one change.
func (s stockRow) before(taken int) stockRow {
	s.OnHand += taken
	s.Version--
	return s
}

// unknownStock is what is known of a row of the stock that was changed by a request
// whose answer did not say what it left: which it is.
type unknownStock struct {
	ProductID uint64 `json:"product_id"`
}
