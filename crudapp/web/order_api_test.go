package web_test

import (
	"fmt"
	"net/http"
	"path"
	"strconv"
	"sync"
	"testing"
	"time"

	"telltale/crudapp/catalogue"
)

// basket is a basket as the API documents it.
type basket struct {
	Lines []struct {
		ProductID uint64  `json:"product_id"`
		SKU       string  `json:"sku"`
		Name      string  `json:"name"`
		Quantity  uint16  `json:"quantity"`
		UnitPrice string  `json:"unit_price"`
		Currency  string  `json:"currency"`
		Amount    string  `json:"amount"`
		Obstacle  *string `json:"obstacle"`
		Available *uint32 `json:"available"`
	} `json:"lines"`
	Total    string  `json:"total"`
	Currency *string `json:"currency"`
}

// ordered is an order as the API documents it.
type ordered struct {
	ID           uint64         `json:"id"`
	CustomerID   uint64         `json:"customer_id"`
	Status       string         `json:"status"`
	Total        string         `json:"total"`
	Currency     string         `json:"currency"`
	ShipTo       map[string]any `json:"ship_to"`
	PlacedAt     time.Time      `json:"placed_at"`
	KeptUntil    *time.Time     `json:"kept_until"`
	CancelledAt  *string        `json:"cancelled_at"`
	CancelReason *string        `json:"cancel_reason"`
	UpdatedAt    string         `json:"updated_at"`
	Version      uint32         `json:"version"`
	Lines        []struct {
		Line      uint16 `json:"line"`
		ProductID uint64 `json:"product_id"`
		SKU       string `json:"sku"`
		Name      string `json:"name"`
		UnitPrice string `json:"unit_price"`
		Quantity  uint16 `json:"quantity"`
		Amount    string `json:"amount"`
	} `json:"lines"`
	Stock []struct {
		ProductID    uint64 `json:"product_id"`
		OnHand       uint32 `json:"on_hand"`
		ReorderLevel uint32 `json:"reorder_level"`
		Version      uint32 `json:"version"`
		UpdatedAt    string `json:"updated_at"`
	} `json:"stock"`
}

// addressID adds an address of the customer's and returns its id.
func (s *shop) addressID(t *testing.T) uint64 {
	t.Helper()
	added := s.call(t, http.MethodPost, "/api/customers/me/addresses",
		`{"recipient":"Bob","street":"1 High Street","postcode":null,"city":"London","country":"GB"}`)
	check(t, added, http.StatusCreated)
	id, err := strconv.ParseUint(path.Base(added.header.Get("Location")), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// fill puts so many of a product into the basket and returns the basket's ETag.
func (s *shop) fill(t *testing.T, item catalogue.Item, quantity int) string {
	t.Helper()
	got := s.call(t, http.MethodPut, fmt.Sprintf("/api/basket/lines/%d", item.ID), fmt.Sprintf(`{"quantity":%d}`, quantity))
	check(t, got, http.StatusOK)
	return got.header.Get("ETag")
}

// order places an order of the basket that tag names.
func (s *shop) order(t *testing.T, address uint64, tag, key string) answer {
	t.Helper()
	headers := []string{"Content-Type", "application/json"}
	if tag != "" {
		headers = append(headers, "If-Match", tag)
	}
	if key != "" {
		headers = append(headers, "Idempotency-Key", key)
	}
	return s.send(t, http.MethodPost, "/api/orders", fmt.Sprintf(`{"address_id":%d}`, address), headers...)
}

// reprice changes what a product costs.
func (s *shop) reprice(t *testing.T, item catalogue.Item, price string) {
	t.Helper()
	goods := catalogue.New(catalogue.Options{Store: s.store})
	stored, err := goods.AnyItem(t.Context(), item.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = goods.Change(t.Context(), item.ID, stored.Version, catalogue.Entry{
		Name: stored.Name, Description: stored.Description, Price: price, Currency: "GBP", Attributes: stored.Attributes, Status: string(stored.Status),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testOrderAPI(t *testing.T, s *shop) {
	bread, cake := s.product(t, "active"), s.product(t, "active") // Five of each.
	check(t, s.get(t, "/api/basket"), http.StatusUnauthorized, `"code":"unauthenticated"`)
	s.register(t)
	check(t, s.get(t, "/api/basket"), http.StatusOK, `{"lines":[],"total":"0.00","currency":null}`)
	address := s.addressID(t)
	check(t, s.order(t, address, "*", "k0"), http.StatusConflict, "Your basket is empty.")

	line := fmt.Sprintf("/api/basket/lines/%d", bread.ID)
	check(t, s.call(t, http.MethodPut, line, `{"quantity":100}`), http.StatusUnprocessableEntity, `"quantity":"A basket can hold 1 to 99 of this."`)
	check(t, s.call(t, http.MethodPut, "/api/basket/lines/0", `{"quantity":1}`), http.StatusNotFound)
	s.fill(t, bread, 6)
	s.fill(t, cake, 1)
	check(t, s.send(t, http.MethodDelete, fmt.Sprintf("/api/basket/lines/%d", cake.ID), ""), http.StatusNoContent)
	tag := s.fill(t, cake, 2)
	got := parse[basket](t, s.get(t, "/api/basket"))
	if len(got.Lines) != 2 || got.Total != "33.60" || got.Lines[0].Amount != "25.20" || *got.Lines[0].Obstacle != "stock" || *got.Lines[0].Available != 5 || got.Lines[1].Obstacle != nil {
		t.Errorf("the basket is %+v", got)
	}

	check(t, s.order(t, address, "", "k1"), http.StatusPreconditionRequired)
	check(t, s.order(t, address, tag, ""), http.StatusUnprocessableEntity, `"idempotency_key":"Name the request in Idempotency-Key`)
	check(t, s.order(t, 0, tag, "k1"), http.StatusUnprocessableEntity, `"address_id":"Choose one of your addresses."`)
	check(t, s.order(t, address, tag, "k1"), http.StatusConflict, `"code":"conflict"`, "Not everything in your basket can be had.", `"obstacle":"stock"`)
	tag = s.fill(t, bread, 3)
	s.reprice(t, cake, "5")
	check(t, s.order(t, address, tag, "k1"), http.StatusPreconditionFailed, `"stored":{"lines":[`, `"unit_price":"5.00"`, "changed since you looked")
	check(t, s.order(t, address, `"*"`, "k1"), http.StatusPreconditionFailed)
	tag = s.get(t, "/api/basket").header.Get("ETag")

	placed := s.order(t, address, tag, "k1")
	check(t, placed, http.StatusCreated, `"cancelled_at":null`)
	o := parse[ordered](t, placed)
	at := fmt.Sprintf("/api/orders/%d", o.ID)
	if o.Status != "placed" || o.Total != "22.60" || o.ShipTo["city"] != "London" || len(o.Lines) != 2 || o.Lines[1].UnitPrice != "5.00" || placed.header.Get("Location") != at {
		t.Errorf("the order is %+v at %s", o, placed.header.Get("Location"))
	}
	if o.KeptUntil == nil || !o.KeptUntil.Equal(o.PlacedAt.Add(72*time.Hour)) {
		t.Errorf("the order is kept until %v, want 72 hours from %s on", o.KeptUntil, o.PlacedAt)
	}
	if again := s.order(t, address, tag, "k1"); again.status != http.StatusCreated || again.body != placed.body {
		t.Errorf("sent again: %d %s, want the same order", again.status, again.body)
	}
	check(t, s.order(t, address, `"other"`, "k1"), http.StatusUnprocessableEntity, fmt.Sprintf("Order %d was placed under this key", o.ID))
	check(t, s.get(t, "/api/basket"), http.StatusOK, `"lines":[]`)
	check(t, s.get(t, "/api/orders"), http.StatusOK, fmt.Sprintf(`"orders":[{"id":%d,`, o.ID), `"next":null`)
	if o.Stock != nil || parse[ordered](t, s.get(t, at)).Stock != nil {
		t.Errorf("the customer is told of the stock: %+v", o.Stock)
	}
	testCancelAPI(t, s, at)
}

// testTill orders and cancels in a browser in which staff are signed in as well.
func testTill(t *testing.T, s *shop) {
	item := s.product(t, "active") // Five of it.
	s.register(t)
	s.signInStaff(t)
	address, tag := s.addressID(t), s.fill(t, item, 2)
	o := parse[ordered](t, s.order(t, address, tag, "k"))
	cancelled := s.send(t, http.MethodPost, fmt.Sprintf("/api/orders/%d/cancel", o.ID), `{"reason":""}`, "Content-Type", "application/json", "If-Match", `"1"`)
	check(t, cancelled, http.StatusOK)
	for onHand, got := range map[uint32]ordered{3: o, 5: parse[ordered](t, cancelled)} {
		if len(got.Stock) != 1 || got.Stock[0].ProductID != item.ID || got.Stock[0].OnHand != onHand || got.Stock[0].Version != got.Version+1 {
			t.Errorf("the stock is %+v, want %d of product %d at version %d", got.Stock, onHand, item.ID, got.Version+1)
		}
	}
	if again := parse[ordered](t, s.order(t, address, tag, "k")); again.ID != o.ID || again.Stock != nil {
		t.Errorf("sent again, the order is %+v, want %d without stock, which it did not change", again, o.ID)
	}
}

// testCancelAPI cancels an order that was placed, and looks at it as somebody else.
func testCancelAPI(t *testing.T, s *shop, at string) {
	t.Helper()
	cancel := func(from, body string) answer {
		return s.send(t, http.MethodPost, at+"/cancel", body, "Content-Type", "application/json", "If-Match", from)
	}
	check(t, s.call(t, http.MethodPost, at+"/cancel", `{"reason":""}`), http.StatusPreconditionRequired)
	check(t, cancel(`"7"`, `{"reason":""}`), http.StatusPreconditionFailed, `"stored":{"id":`, `"status":"placed"`, `"kept_until":"`)
	check(t, cancel(`"1"`, `{"reason":"a\u0000"}`), http.StatusUnprocessableEntity, `"reason":`)
	cancelled := cancel(`"1"`, `{"reason":" Too much. "}`)
	check(t, cancelled, http.StatusOK, `"status":"cancelled"`, `"kept_until":null`, `"cancel_reason":"Too much."`, `"version":2`)
	check(t, cancel(`"1"`, `{"reason":"again"}`), http.StatusOK, `"cancel_reason":"Too much."`, `"version":2`)
	check(t, s.send(t, http.MethodGet, at, "", "If-None-Match", `"2"`), http.StatusNotModified)
	other := s.browser(t)
	other.register(t)
	check(t, other.get(t, at), http.StatusNotFound)
	check(t, other.send(t, http.MethodPost, at+"/cancel", `{}`, "Content-Type", "application/json", "If-Match", "*"), http.StatusNotFound)
	check(t, other.get(t, "/api/orders"), http.StatusOK, `{"next":null,"orders":[]}`)
}

func testStaffOrderAPI(t *testing.T, s *shop) {
	item := s.product(t, "active")
	email := s.register(t)
	o := parse[ordered](t, s.order(t, s.addressID(t), s.fill(t, item, 5), "k"))
	at := fmt.Sprintf("/api/staff/orders/%d", o.ID)
	check(t, s.get(t, at), http.StatusUnauthorized)
	s.signInStaff(t)
	check(t, s.get(t, at), http.StatusOK, `"customer":{"name":"Bob","email":"`+email+`"}`, `"lines":[`)
	for _, query := range []string{fmt.Sprint("q=", o.ID), "q=" + email, "q=" + email + "&status=placed"} {
		check(t, s.get(t, "/api/staff/orders?"+query), http.StatusOK, fmt.Sprintf(`"orders":[{"id":%d,`, o.ID), email)
	}
	check(t, s.get(t, "/api/staff/orders?status=paid&q="+email), http.StatusOK, `"orders":[]`)
	check(t, s.get(t, "/api/staff/orders?status=lost"), http.StatusBadRequest)
	const tabs = 50
	var answers [tabs]answer
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			answers[i] = s.send(t, http.MethodPost, at+"/cancel", `{"reason":"Out of yeast."}`, "Content-Type", "application/json", "If-Match", `"1"`)
		})
	}
	wg.Wait()
	for _, a := range answers {
		check(t, a, http.StatusOK, `"version":2`)
	}
	check(t, s.get(t, fmt.Sprintf("/api/products/%d/stock", item.ID)), http.StatusOK, `"on_hand":5`, `"version":3`)
}
