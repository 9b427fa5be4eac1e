package web

import (
	"net/http"
	"strconv"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// levelJSON is what staff may set about stock, as the API takes it.
type levelJSON struct {
	OnHand       uint32 `json:"on_hand"`
	ReorderLevel uint32 `json:"reorder_level"`
}

func newLevelJSON(l catalogue.Level) levelJSON { return levelJSON(l) }

// stockJSON is a product's stock as the API shows it.
type stockJSON struct {
	ProductID uint64 `json:"product_id"`
	levelJSON
	Version   uint32    `json:"version"`
	UpdatedAt time.Time `json:"updated_at"`
}

func newStockJSON(s catalogue.Stock) stockJSON {
	return stockJSON{ProductID: s.ProductID, levelJSON: newLevelJSON(s.Level), Version: s.Version, UpdatedAt: s.UpdatedAt}
}

// staffProductJSON is a product as the API shows it to staff in a list.
type staffProductJSON struct {
	productJSON
	Stock stockJSON `json:"stock"`
}

func newStaffProductJSON(i catalogue.Item) staffProductJSON {
	return staffProductJSON{productJSON: newProductJSON(i.Product), Stock: newStockJSON(i.Stock)}
}

func (s *server) apiStaffProducts(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	q, err := postedQuery(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.catalogue.Search(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeList(w, "products", found.Items, found.Next, newStaffProductJSON)
}

func (s *server) apiAddProduct(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	var body struct {
		SKU string `json:"sku"`
		listingJSON
		Stock levelJSON `json:"stock"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	item, err := s.catalogue.Add(r.Context(), body.SKU, body.entry(), catalogue.Level(body.Stock))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/products/"+strconv.FormatUint(item.ID, 10))
	w.Header().Set("ETag", etag(item.Version))
	writeJSON(w, http.StatusCreated, newProductJSON(item.Product))
}

// stored returns the product that a change is about, with the version that
// If-Match lets the change be made from, of the two that a product has.
func (s *server) stored(r *http.Request, version func(catalogue.Item) uint32) (uint64, uint32, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, 0, err
	}
	item, err := s.catalogue.AnyItem(r.Context(), id)
	if err != nil {
		return 0, 0, err
	}
	from, err := ifMatch(r, version(item))
	return id, from, err
}

func listingVersion(i catalogue.Item) uint32 { return i.Version }

func stockVersion(i catalogue.Item) uint32 { return i.Stock.Version }

func (s *server) apiChangeProduct(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	id, version, err := s.stored(r, listingVersion)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body listingJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	p, err := s.catalogue.Change(r.Context(), id, version, body.entry())
	if err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(p.Version))
	writeJSON(w, http.StatusOK, newProductJSON(p))
}

func (s *server) apiRemoveProduct(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	id, version, err := s.stored(r, listingVersion)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.catalogue.Remove(r.Context(), id, version); err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) apiStock(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	item, err := s.catalogue.AnyItem(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeVersion(w, r, item.Stock.Version, newStockJSON(item.Stock))
}

func (s *server) apiChangeStock(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	id, version, err := s.stored(r, stockVersion)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body levelJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	stock, err := s.catalogue.SetStock(r.Context(), id, version, catalogue.Level(body))
	if err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(stock.Version))
	writeJSON(w, http.StatusOK, newStockJSON(stock))
}
