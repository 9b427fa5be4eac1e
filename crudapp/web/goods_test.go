package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"telltale/crudapp/catalogue"
)

var skus atomic.Int64

// product puts a product on the shelves, which no other test uses. It returns the
// product with its SKU, which is in its name.
func (s *shop) product(t *testing.T, status string) catalogue.Item {
	t.Helper()
	goods := catalogue.New(catalogue.Options{Store: s.store})
	sku := fmt.Sprintf("TEST-%d", skus.Add(1))
	item, err := goods.Add(t.Context(), sku, catalogue.Entry{
		Name: "Loaf " + sku, Description: "<b>Dark</b> crust.\nOpen crumb.", Price: "4.20", Currency: "GBP",
		Attributes: map[string]string{"origin": "Kent"}, Status: status,
	}, catalogue.Level{OnHand: 5, ReorderLevel: 2})
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func testGoodsPages(t *testing.T, s *shop) {
	sold, draft, retired := s.product(t, "active"), s.product(t, "draft"), s.product(t, "retired")
	check(t, s.get(t, "/"), http.StatusOK, `href="/products"`)
	found := s.get(t, "/products?q="+sold.SKU)
	check(t, found, http.StatusOK, sold.Name, "£4.20", "In stock", fmt.Sprintf(`href="/products/%d"`, sold.ID), `value="`+sold.SKU+`"`)
	for _, hidden := range []catalogue.Item{draft, retired} {
		check(t, s.get(t, "/products?q="+hidden.SKU), http.StatusOK, "We have nothing like that.")
	}
	check(t, s.get(t, fmt.Sprintf("/products/%d", sold.ID)), http.StatusOK,
		"<h1>"+sold.Name+"</h1>", "&lt;b&gt;Dark&lt;/b&gt; crust.", "<dt>origin</dt><dd>Kent</dd>", "In stock")
	check(t, s.get(t, fmt.Sprintf("/products/%d", retired.ID)), http.StatusOK, "No longer sold")
	for _, path := range []string{fmt.Sprintf("/products/%d", draft.ID), "/products/0", "/products/x", "/products/99999999999999999999"} {
		check(t, s.get(t, path), http.StatusNotFound, "There is nothing at this address.")
	}
	check(t, s.get(t, "/products?after=x"), http.StatusBadRequest, "after is not a number")
	goods := catalogue.New(catalogue.Options{Store: s.store})
	for _, step := range []struct {
		version, onHand uint32
		want            string
	}{{1, 2, "Only 2 left"}, {2, 0, "Sold out"}} {
		if _, err := goods.SetStock(t.Context(), sold.ID, step.version, catalogue.Level{OnHand: step.onHand, ReorderLevel: 2}); err != nil {
			t.Fatal(err)
		}
		check(t, s.get(t, fmt.Sprintf("/products/%d", sold.ID)), http.StatusOK, step.want)
	}
}

// productBody is a PUT's body with a name and a price.
func productBody(name, price string) string {
	return fmt.Sprintf(`{"name":%q,"description":"","price":%q,"currency":"GBP","attributes":{},"categories":[],"status":"active"}`, name, price)
}

// put changes a product from the version that tag names.
func (s *shop) put(t *testing.T, path, body, tag string) answer {
	t.Helper()
	headers := []string{"Content-Type", "application/json"}
	if tag != "" {
		headers = append(headers, "If-Match", tag)
	}
	return s.send(t, http.MethodPut, path, body, headers...)
}

func testGoodsAPI(t *testing.T, s *shop) {
	sold := s.product(t, "active")
	path := fmt.Sprintf("/api/products/%d", sold.ID)
	got := s.get(t, path)
	check(t, got, http.StatusOK, `"sku":"`+sold.SKU+`"`, `"price":"4.20"`, `"attributes":{"origin":"Kent"}`, `"categories":[]`, `"version":1`)
	if tag := got.header.Get("ETag"); tag != `"1"` {
		t.Errorf("ETag is %s", tag)
	}
	unchanged := s.send(t, http.MethodGet, path, "", "If-None-Match", `"0", "1"`)
	check(t, unchanged, http.StatusNotModified)
	check(t, s.get(t, "/api/products?q="+sold.SKU), http.StatusOK, sold.Name, `"next":null`)
	check(t, s.get(t, "/api/categories"), http.StatusOK, `{"categories":[`)

	check(t, s.put(t, path, productBody("x", "1"), `"1"`), http.StatusUnauthorized, `"code":"unauthenticated"`)
	check(t, s.get(t, path+"/stock"), http.StatusUnauthorized)
	s.signInStaff(t)
	check(t, s.put(t, path, productBody("x", "1"), ""), http.StatusPreconditionRequired, `"code":"precondition_required"`)
	check(t, s.put(t, path, productBody("", "1.234"), `"1"`), http.StatusUnprocessableEntity, `"name":"Enter a name."`, `"price":"Enter a price`)
	changed := s.put(t, path, productBody("Rye", "3.9"), `"1"`)
	check(t, changed, http.StatusOK, `"price":"3.90"`, `"version":2`)
	if tag := changed.header.Get("ETag"); tag != `"2"` {
		t.Errorf("ETag is %s", tag)
	}
	lost := s.put(t, path, productBody("Bun", "3.90"), `"1"`)
	check(t, lost, http.StatusPreconditionFailed, `"code":"conflict"`, `"yours":{"name":"Bun"`, `"name":"Rye"`, `"stored":{"id":`)
	if kind := lost.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("Content-Type is %q", kind)
	}
	check(t, s.put(t, path, productBody("Rye", "3.90"), `"1"`), http.StatusOK, `"version":2`)
	check(t, s.put(t, path, productBody("Bun", "3.90"), `*`), http.StatusOK, `"version":3`)

	check(t, s.put(t, path+"/stock", `{"on_hand":1,"reorder_level":2}`, `"1"`), http.StatusOK, `"on_hand":1`, `"version":2`)
	check(t, s.put(t, path+"/stock", `{"on_hand":9,"reorder_level":2}`, `"1"`), http.StatusPreconditionFailed,
		`"yours":{"on_hand":9,"reorder_level":2}`, `"stored":{"product_id":`)
	check(t, s.get(t, path+"/stock"), http.StatusOK, `"on_hand":1`)

	check(t, s.send(t, http.MethodDelete, path, "", "If-Match", `"1"`), http.StatusPreconditionFailed)
	check(t, s.send(t, http.MethodDelete, path, "", "If-Match", `"3"`), http.StatusNoContent)
	check(t, s.get(t, path), http.StatusNotFound, `"code":"not_found"`)
	check(t, s.put(t, path, productBody("x", "1"), `*`), http.StatusNotFound)
	testAddByAPI(t, s)
}

func testAddByAPI(t *testing.T, s *shop) {
	t.Helper()
	sku := fmt.Sprintf("TEST-%d", skus.Add(1))
	body := `{"sku":"` + sku + `","stock":{"on_hand":3,"reorder_level":1},` + strings.Replace(productBody("New", "1"), "active", "draft", 1)[1:]
	added := s.call(t, http.MethodPost, "/api/products", body)
	check(t, added, http.StatusCreated, `"price":"1.00"`, `"status":"draft"`)
	at := added.header.Get("Location")
	check(t, s.get(t, at), http.StatusOK, sku)
	check(t, s.get(t, at+"/stock"), http.StatusOK, `"on_hand":3`)
	list := "/api/staff/products?q=" + sku
	check(t, s.get(t, list), http.StatusOK, `"status":"draft"`, `"stock":{"product_id":`, `"on_hand":3`, `"next":null`)
	if got := s.get(t, list+"&low").body; strings.Contains(got, sku) {
		t.Errorf("products of which it is time to order more are %s, want none", got)
	}
	check(t, s.put(t, at+"/stock", `{"on_hand":1,"reorder_level":1}`, `"1"`), http.StatusOK)
	check(t, s.get(t, list+"&low"), http.StatusOK, sku)
	check(t, s.browser(t).get(t, list), http.StatusUnauthorized, `"code":"unauthenticated"`)
	check(t, s.browser(t).get(t, at), http.StatusNotFound)
	check(t, s.call(t, http.MethodPost, "/api/products", body), http.StatusUnprocessableEntity, `"sku":"Another product has this SKU."`)
	check(t, s.send(t, http.MethodDelete, "/api/staff/session", ""), http.StatusNoContent)
	check(t, s.get(t, at), http.StatusNotFound)
}
