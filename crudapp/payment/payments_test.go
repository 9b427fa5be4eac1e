package payment_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
)

// oneOrder is a store of customer 7's order 3, of 12.50, and of what happened to it.
type oneOrder struct {
	payment.Store
	mu      sync.Mutex
	status  order.Status
	payment *payment.Payment
	refunds []payment.Refund
}

func (o *oneOrder) Order(_ context.Context, orderID uint64) (order.Order, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if orderID != 3 {
		return order.Order{}, crudapp.ErrNotFound
	}
	return order.Order{ID: 3, Buyer: order.Buyer{CustomerID: 7}, Status: o.status, Total: 1250, Currency: "GBP"}, nil
}

func (o *oneOrder) Payment(context.Context, uint64) (payment.Payment, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.payment == nil {
		return payment.Payment{}, crudapp.ErrNotFound
	}
	return *o.payment, nil
}

func (o *oneOrder) PaymentOf(ctx context.Context, customerID uint64, key string) (payment.Payment, error) {
	p, err := o.Payment(ctx, 3)
	if err != nil || p.CustomerID != customerID || p.Request.Key != key {
		return payment.Payment{}, crudapp.ErrNotFound
	}
	return p, nil
}

func (o *oneOrder) Settle(_ context.Context, p payment.Payment) (payment.Payment, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.status != order.StatusPlaced {
		return payment.Payment{}, &order.StatusError{To: order.StatusPaid}
	}
	p.ID, p.Version, p.Invoice = 1, 1, payment.Invoice{Year: uint16(p.PaidAt.Year()), Number: 1, IssuedAt: p.PaidAt}
	o.payment, o.status = &p, order.StatusPaid
	return p, nil
}

func (o *oneOrder) RefundOf(_ context.Context, staffID uint32, key string) (payment.Refund, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.refunds, func(r payment.Refund) bool { return r.StaffID == staffID && r.Request.Key == key })
	if i < 0 {
		return payment.Refund{}, crudapp.ErrNotFound
	}
	return o.refunds[i], nil
}

func (o *oneOrder) Refund(_ context.Context, r payment.Refund) (payment.Refund, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.payment == nil {
		return payment.Refund{}, crudapp.ErrNotFound
	}
	if r.Amount > o.payment.Left() {
		return payment.Refund{}, payment.ErrTooMuch
	}
	o.payment.Refunded += r.Amount
	r.ID = uint64(len(o.refunds) + 1)
	o.refunds = append(o.refunds, r)
	return r, nil
}

// counted counts what a provider is asked for.
type counted struct {
	payment.Provider
	charges []payment.Charge
}

func (c *counted) Authorise(ctx context.Context, charge payment.Charge) (string, error) {
	c.charges = append(c.charges, charge)
	return c.Provider.Authorise(ctx, charge)
}

const goodCard, badCard = "4111111111111111", "4000000000000002"

// kind is the code of an error and the fields that it names.
func kind(err error) string {
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*crudapp.Error](err)
	if !ok {
		return string(crudapp.ErrorCode(err))
	}
	return strings.Join(append([]string{string(e.Code)}, slices.Sorted(maps.Keys(e.Fields))...), " ")
}

// TestPay pays one order in many ways, one after the other.
func TestPay(t *testing.T) {
	t.Parallel()
	cards := &counted{Provider: payment.TestCard{}}
	now := time.Date(2026, 12, 31, 23, 30, 0, 123456789, time.FixedZone("", -3600))
	store := &oneOrder{status: order.StatusPlaced}
	payments := payment.New(payment.Options{
		Store: store, Now: func() time.Time { return now },
		Providers: map[payment.Method]payment.Provider{payment.MethodCard: cards},
	})
	var paid payment.Payment
	for _, step := range []struct {
		name            string
		customer, order uint64
		key, card       string
		want            string
		asked           int
	}{
		{"no such order", 7, 4, "k1", goodCard, "not_found", 0},
		{"somebody else's", 8, 3, "k1", goodCard, "not_found", 0},
		{"no key", 7, 3, "", goodCard, "invalid idempotency_key", 0},
		{"no card", 7, 3, "k1", "1234", "invalid card", 1},
		{"declined", 7, 3, "k1", badCard, "declined", 2},
		{"another card under the same key", 7, 3, "k1", goodCard, "", 3},
		{"again", 7, 3, "k1", goodCard, "", 3},
		{"the key for something else", 7, 3, "k1", badCard, "invalid idempotency_key", 3},
		{"another key", 7, 3, "k2", goodCard, "conflict", 3},
	} {
		got, err := payments.Pay(t.Context(), step.customer, step.order, step.key, step.card)
		if kind(err) != step.want || len(cards.charges) != step.asked {
			t.Errorf("%s: %v after %d charges, want %q after %d", step.name, err, len(cards.charges), step.want, step.asked)
		}
		if err == nil && paid.ID > 0 && got != paid {
			t.Errorf("%s: got %+v, want what it was: %+v", step.name, got, paid)
		}
		if err == nil {
			paid = got
		}
	}
	if paid.Amount != 1250 || paid.Invoice.String() != "2027-000001" || paid.PaidAt.Nanosecond() != 123456000 {
		t.Errorf("paid %+v, want all of it, by the year in UTC, to the microsecond", paid)
	}
	for _, c := range cards.charges {
		if c.Key != "order-3" || c.Amount != 1250 || c.Currency != "GBP" {
			t.Errorf("the provider was asked for %+v, want 12.50 under the order's key", c)
		}
	}
}

// dying is a store whose database goes away as the first payment is stored.
type dying struct {
	*oneOrder
	died bool
}

func (d *dying) Settle(ctx context.Context, p payment.Payment) (payment.Payment, error) {
	if !d.died {
		d.died = true
		return payment.Payment{}, errors.New("invalid connection")
	}
	return d.oneOrder.Settle(ctx, p)
}

// TestPayAfterDying pays again, from another page, after the provider agreed and the
// shop could not take note.
func TestPayAfterDying(t *testing.T) {
	t.Parallel()
	cards := &counted{Provider: payment.TestCard{}}
	payments := payment.New(payment.Options{
		Store:     &dying{oneOrder: &oneOrder{status: order.StatusPlaced}},
		Providers: map[payment.Method]payment.Provider{payment.MethodCard: cards},
	})
	if _, err := payments.Pay(t.Context(), 7, 3, "k1", goodCard); crudapp.ErrorCode(err) != crudapp.CodeInternal {
		t.Fatalf("Pay: %v, want an internal error", err)
	}
	paid, err := payments.Pay(t.Context(), 7, 3, "k2", "5555555555554444")
	if err != nil {
		t.Fatal(err)
	}
	if len(cards.charges) != 2 || cards.charges[0].Key != cards.charges[1].Key {
		t.Fatalf("the provider was asked for %+v, want one charge twice", cards.charges)
	}
	first, err := payment.TestCard{}.Authorise(t.Context(), cards.charges[0])
	if err != nil || paid.Reference != first {
		t.Errorf("paid under reference %q, want %q, that of the first time, %v", paid.Reference, first, err)
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	store := &oneOrder{status: order.StatusPlaced}
	payments := payment.New(payment.Options{
		Store: store, Providers: map[payment.Method]payment.Provider{payment.MethodTransfer: payment.Transfer{}},
	})
	if payments.Takes(payment.MethodCard) || !payments.Takes(payment.MethodTransfer) {
		t.Error("the shop takes transfers and no cards, and says otherwise")
	}
	if _, err := payments.Pay(t.Context(), 7, 3, "k", goodCard); kind(err) != "invalid method" {
		t.Errorf("with a card: %v, want that there is no such way", err)
	}
	if _, err := payments.Record(t.Context(), 5, 3, "k", " "); kind(err) != "invalid reference" {
		t.Errorf("without a reference: %v, want one about it", err)
	}
	got, err := payments.Record(t.Context(), 5, 3, "k", " RF18 ")
	if err != nil || got.Reference != "RF18" || got.StaffID != 5 || got.CustomerID != 7 || got.Method != payment.MethodTransfer {
		t.Errorf("Record = %+v, %v, want RF18 by staff 5 for customer 7", got, err)
	}
}

func TestRefund(t *testing.T) {
	t.Parallel()
	store := &oneOrder{}
	payments := payment.New(payment.Options{Store: store})
	refund := func(order uint64, key, amount, reason string) error {
		_, err := payments.Refund(t.Context(), 5, order, key, payment.RefundEntry{Amount: amount, Reason: reason})
		return err
	}
	if err := refund(3, "k0", "1", "Late"); kind(err) != "conflict" {
		t.Errorf("an order that nothing was paid for: %v, want a conflict", err)
	}
	store.payment = &payment.Payment{ID: 1, OrderID: 3, CustomerID: 7, Amount: 1250, Currency: "GBP"}
	for _, step := range []struct{ name, key, amount, reason, want string }{
		{"nothing said", "", "", " ", "invalid amount idempotency_key reason"},
		{"nothing", "k1", "0.00", "Late", "invalid amount"},
		{"less than nothing", "k1", "-1", "Late", "invalid amount"},
		{"a novel", "k1", "1", strings.Repeat("é", 201), "invalid reason"},
		{"a bell", "k1", "1", "\a", "invalid reason"},
		{"too much", "k1", "12.51", "Late", "invalid amount"},
		{"a part", "k1", "12.49", " Late ", ""},
		{"again", "k1", "12.49", "Late", ""},
		{"the key for another amount", "k1", "12.48", "Late", "invalid idempotency_key"},
		{"the key for another reason", "k1", "12.49", "Later", "invalid idempotency_key"},
		{"more than is left", "k2", "0.02", "Late", "invalid amount"},
		{"the rest", "k2", "0.01", "Late", ""},
		{"nothing is left", "k3", "0.01", "Late", "invalid amount"},
	} {
		if err := refund(3, step.key, step.amount, step.reason); kind(err) != step.want {
			t.Errorf("%s: %v, want %q", step.name, err, step.want)
		}
	}
	if got := fmt.Sprint(store.payment.Refunded, len(store.refunds)); got != "12.50 2" {
		t.Errorf("refunded %s, want 12.50 in 2", got)
	}
	if err := refund(4, "k4", "1", "Late"); kind(err) != "not_found" {
		t.Errorf("no such order: %v", err)
	}
}
