package mysql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/mysql"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/internal/mysqlserver"
)

// till is a shop with a customer and a member of staff.
type till struct {
	store    *mysql.Store
	db       *sql.DB
	customer uint64
	staff    uint32
	payments *payment.Payments
}

func openTill(t *testing.T, server *mysqlserver.Server, database string) till {
	t.Helper()
	store, db := openStore(t, server, database)
	staff, err := store.CreateStaff(t.Context(), crudapp.Staff{Email: "jo@example.com", Name: "Jo", CreatedAt: at}, "hash")
	if err != nil {
		t.Fatal(err)
	}
	return till{
		store: store, db: db, customer: create(t, store, bob()).ID, staff: staff,
		payments: payment.New(payment.Options{
			Store: store, Now: func() time.Time { return at },
			Providers: map[payment.Method]payment.Provider{payment.MethodCard: payment.TestCard{}, payment.MethodTransfer: payment.Transfer{}},
		}),
	}
}

// order stores an order of 12.50 that waits to be paid.
func (s till) order(t *testing.T) uint64 {
	t.Helper()
	result, err := s.db.ExecContext(t.Context(),
		`INSERT INTO orders (customer_id, status, total, currency, ship_to, idempotency_key, request_hash, placed_at) VALUES (?, 'placed', 12.50, 'GBP', '{}', ?, '', ?)`,
		s.customer, rand.Text(), at)
	if err != nil {
		t.Fatal(err)
	}
	id, err := result.LastInsertId()
	if err != nil {
		t.Fatal(err)
	}
	return uint64(id)
}

func (s till) pay(ctx context.Context, id uint64, key string) (payment.Payment, error) {
	return s.payments.Pay(ctx, s.customer, id, key, "4111111111111111")
}

// query returns the only value that a query asks for, as text.
func (s till) query(t *testing.T, query string, args ...any) string {
	t.Helper()
	var value string
	if err := s.db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func testPayments(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "payments")
	id, other := shop.order(t), shop.order(t)
	want, err := shop.pay(t.Context(), id, "k")
	if err != nil || want.Amount != 1250 || want.Currency != "GBP" || want.Version != 1 || want.Invoice.Number != 1 || !want.PaidAt.Equal(at) {
		t.Fatalf("Pay = %+v, %v, want 12.50 at %v with the first invoice", want, err, at)
	}
	for name, find := range map[string]func() (payment.Payment, error){
		"by order": func() (payment.Payment, error) { return shop.store.Payment(t.Context(), id) },
		"by key":   func() (payment.Payment, error) { return shop.store.PaymentOf(t.Context(), shop.customer, "k") },
		"again":    func() (payment.Payment, error) { return shop.pay(t.Context(), id, "k") },
		// As a request does that came before the first one was done.
		"settled again": func() (payment.Payment, error) { return shop.store.Settle(t.Context(), want) },
	} {
		if got, err := find(); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
	another := want
	another.OrderID, another.Request = other, payment.Request{Key: "k"}
	otherCard, lower := want, another
	otherCard.Request.Hash[0]++
	lower.Amount, lower.Request.Key = 1, "l"
	for name, test := range map[string]struct {
		p    payment.Payment
		want string
	}{
		"another card with the key":  {otherCard, payment.ErrKeyUsed.Error()},
		"the key for another order":  {another, payment.ErrKeyUsed.Error()},
		"another key":                {payment.Payment{OrderID: id, PaidAt: at}, "from paid to paid: there is no such step"},
		"another amount than is due": {lower, "12.50 GBP is due"},
		"no such order":              {payment.Payment{OrderID: other + 1, PaidAt: at}, crudapp.ErrNotFound.Error()},
	} {
		if _, err := shop.store.Settle(t.Context(), test.p); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
	transfer, err := shop.payments.Record(t.Context(), shop.staff, other, "t", "RF18 😀")
	if err != nil || transfer.StaffID != shop.staff {
		t.Fatalf("Record = %+v, %v, want it to be by staff %d", transfer, err, shop.staff)
	}
	if got, err := shop.store.Payment(t.Context(), other); err != nil || got != transfer {
		t.Errorf("a transfer is %+v, %v, want %+v", got, err, transfer)
	}
}

// testPaymentRace has one order paid by fifty tabs at once: under one key all are told
// of one payment, under keys of their own one wins and the others are told so.
func testPaymentRace(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "paymentrace")
	const tabs = 50
	for name, key := range map[string]func(int) string{
		"one key":   func(int) string { return "k" },
		"many keys": func(i int) string { return fmt.Sprintf("k-%d", i) },
	} {
		id := shop.order(t)
		var mu sync.Mutex
		answers := map[string]int{}
		var wg sync.WaitGroup
		for i := range tabs {
			wg.Go(func() {
				paid, err := shop.pay(t.Context(), id, key(i))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					answers[fmt.Sprintf("%d %v", paid.ID, paid.Invoice)]++
				case crudapp.ErrorCode(err) == crudapp.CodeConflict:
					answers["conflict"]++
				default:
					t.Errorf("%s: Pay: %v", name, err)
				}
			})
		}
		wg.Wait()
		paid, err := shop.store.Payment(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		wins, losses := tabs, 0
		if name == "many keys" {
			wins, losses = 1, tabs-1
		}
		if answers[fmt.Sprintf("%d %v", paid.ID, paid.Invoice)] != wins || answers["conflict"] != losses {
			t.Errorf("%s: the answers are %v, want %d times payment %d and %d conflicts", name, answers, wins, paid.ID, losses)
		}
		if got := shop.query(t, `SELECT CONCAT(status, ' ', version) FROM orders WHERE id = ?`, id); got != "paid 2" {
			t.Errorf("%s: the order is %s, want it paid once", name, got)
		}
	}
	if got := shop.query(t, `SELECT CONCAT((SELECT COUNT(*) FROM payments), ' ', (SELECT COUNT(*) FROM invoices), ' ', last) FROM invoice_series`); got != "2 2 2" {
		t.Errorf("there are %s payments, invoices and numbers, want 2 of each", got)
	}
}

// testInvoiceNumbers pays many orders at once, some of which cannot be, in two years.
func testInvoiceNumbers(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "invoices")
	const orders = 60
	var paid, undone int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range orders {
		id := shop.order(t)
		p := payment.Payment{
			OrderID: id, CustomerID: shop.customer, Method: payment.MethodCard, Amount: 1250, Currency: "GBP", Reference: "r",
			PaidAt: time.Date(2026+i%2, 1, 1, 0, 0, 0, 0, time.UTC), Request: payment.Request{Key: fmt.Sprint(i)},
		}
		// The number is taken before this is found out, and must be given back.
		if i%3 == 0 {
			if _, err := shop.db.ExecContext(t.Context(), `INSERT INTO invoice_series (year, last) VALUES (2000, 0) ON DUPLICATE KEY UPDATE last = last`); err != nil {
				t.Fatal(err)
			}
			if _, err := shop.db.ExecContext(t.Context(), `INSERT INTO invoices (year, number, order_id, issued_at) VALUES (2000, ?, ?, ?)`, i, id, at); err != nil {
				t.Fatal(err)
			}
		}
		wg.Go(func() {
			_, err := shop.store.Settle(t.Context(), p)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				paid++
			} else {
				undone++
			}
		})
	}
	wg.Wait()
	if paid != orders*2/3 || undone != orders/3 {
		t.Errorf("%d were paid and %d were not, want %d and %d", paid, undone, orders*2/3, orders/3)
	}
	for _, year := range []int{2026, 2027} {
		got := shop.query(t, `SELECT CONCAT(COUNT(*), ' ', MIN(number), ' ', MAX(number), ' ', (SELECT last FROM invoice_series WHERE year = ?)) FROM invoices WHERE year = ?`, year, year)
		if got != "20 1 20 20" {
			t.Errorf("count, first, last and series of %d are %s, want 20 from 1 to 20", year, got)
		}
	}
	if got := shop.query(t, `SELECT COUNT(*) FROM orders WHERE (status = 'paid') <> (id IN (SELECT order_id FROM payments))`); got != "0" {
		t.Errorf("%s orders are paid without a payment, or the other way about", got)
	}
}

func testRefunds(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "refunds")
	id, other := shop.order(t), shop.order(t)
	if _, err := shop.store.Refund(t.Context(), payment.Refund{OrderID: id, StaffID: shop.staff, Amount: 1}); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("nothing was paid: %v, want %v", err, crudapp.ErrNotFound)
	}
	paid, err := shop.pay(t.Context(), id, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.pay(t.Context(), other, "o"); err != nil {
		t.Fatal(err)
	}
	refund := func(to uint64, key string, amount catalogue.Amount) (payment.Refund, error) {
		return shop.store.Refund(t.Context(), payment.Refund{
			OrderID: to, StaffID: shop.staff, Amount: amount, Reason: "Stale 😀", RefundedAt: at.Add(time.Hour), Request: payment.Request{Key: key, Hash: [32]byte{byte(amount)}},
		})
	}
	first, err := refund(id, "a", 50)
	if err != nil || first.PaymentID != paid.ID || first.Currency != "GBP" {
		t.Fatalf("Refund = %+v, %v, want one of payment %d in GBP", first, err, paid.ID)
	}
	if again, err := refund(id, "a", 50); err != nil || again != first {
		t.Errorf("again: %+v, %v, want %+v", again, err, first)
	}
	second, err := refund(id, "b", 1200)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		order  uint64
		key    string
		amount catalogue.Amount
		want   error
	}{
		"the key for another amount": {id, "a", 49, payment.ErrKeyUsed},
		"the key for another order":  {other, "a", 49, payment.ErrKeyUsed},
		"more than is left":          {id, "c", 1, payment.ErrTooMuch},
		"more than was paid":         {other, "d", 1251, payment.ErrTooMuch},
		"no such order":              {other + 1, "e", 1, crudapp.ErrNotFound},
	} {
		if _, err := refund(test.order, test.key, test.amount); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	all, err := shop.store.Refunds(t.Context(), id)
	if err != nil || len(all) != 2 || all[0] != first || all[1] != second {
		t.Errorf("Refunds = %+v, %v, want %+v and %+v", all, err, first, second)
	}
	if _, err := shop.db.ExecContext(t.Context(), `UPDATE payments SET refunded = amount + 0.01`); err == nil {
		t.Error("the database takes more to be paid back by hand than was paid")
	}
	if got, err := shop.store.Payment(t.Context(), id); err != nil || got.Left() != 0 || got.Version != 3 {
		t.Errorf("Payment = %+v, %v, want nothing left at version 3", got, err)
	}
}

// testRefundRace has fifty tabs pay back 1.00 of 12.50, each under a key of its own.
func testRefundRace(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "refundrace")
	id := shop.order(t)
	if _, err := shop.pay(t.Context(), id, "k"); err != nil {
		t.Fatal(err)
	}
	const tabs = 50
	var won [tabs]bool
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			_, err := shop.payments.Refund(t.Context(), shop.staff, id, fmt.Sprint(i), payment.RefundEntry{Amount: "1", Reason: "Stale"})
			if err != nil && crudapp.ErrorCode(err) != crudapp.CodeInvalid {
				t.Errorf("Refund: %v", err)
			}
			won[i] = err == nil
		})
	}
	wg.Wait()
	wins := 0
	for _, w := range won {
		if w {
			wins++
		}
	}
	got := shop.query(t, `SELECT CONCAT(refunded, ' ', version, ' ', (SELECT SUM(amount) FROM refunds)) FROM payments`)
	if wins != 12 || got != "12.00 13 12.00" {
		t.Errorf("%d won and refunded, version and sum are %s, want 12 and 12.00 13 12.00", wins, got)
	}
}

// testCancelledPayment cancels an order of which a part was paid back already, while
// others pay back more of it.
func testCancelledPayment(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "cancelledpayment")
	id := shop.order(t)
	if _, err := shop.pay(t.Context(), id, "k"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			_, err := shop.payments.Refund(t.Context(), shop.staff, id, fmt.Sprint(i), payment.RefundEntry{Amount: "1", Reason: "Stale"})
			if err != nil && crudapp.ErrorCode(err) != crudapp.CodeInvalid {
				t.Errorf("Refund: %v", err)
			}
		})
	}
	wg.Go(func() {
		_, err := shop.store.CancelOrder(t.Context(), order.Cancellation{
			Transition: order.Transition{OrderID: id, Version: 2, To: order.StatusCancelled, By: order.ByStaff, At: at}, StaffID: shop.staff,
		})
		if err != nil {
			t.Errorf("CancelOrder: %v", err)
		}
	})
	wg.Wait()
	refunds, err := shop.store.Refunds(t.Context(), id)
	if err != nil || len(refunds) == 0 {
		t.Fatalf("the refunds are %+v, %v, want one at least", refunds, err)
	}
	var sum catalogue.Amount
	for _, r := range refunds {
		sum += r.Amount
	}
	last := refunds[len(refunds)-1]
	if paid, err := shop.store.Payment(t.Context(), id); err != nil || paid.Left() != 0 || sum != paid.Amount {
		t.Errorf("the payment is %+v, %v, the refunds come to %s, want all of it", paid, err, sum)
	}
	if last.Reason != "The order was cancelled." || last.StaffID != shop.staff {
		t.Errorf("the last refund is %+v, want that of the cancellation", last)
	}
	if _, err := shop.payments.Refund(t.Context(), shop.staff, id, "late", payment.RefundEntry{Amount: "0.01", Reason: "Stale"}); crudapp.ErrorCode(err) != crudapp.CodeInvalid {
		t.Errorf("after that: %v, want that nothing is left", err)
	}
}
