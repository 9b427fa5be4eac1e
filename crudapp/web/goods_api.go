package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// listingJSON is what staff may change about a product, as the API takes and shows
// it. The price is text, since a number would be rounded on the way.
type listingJSON struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       string            `json:"price"`
	Currency    string            `json:"currency"`
	Attributes  map[string]string `json:"attributes"`
	Categories  []string          `json:"categories"`
	Status      string            `json:"status"`
}

func newListingJSON(l catalogue.Listing) listingJSON {
	j := listingJSON{
		Name: l.Name, Description: l.Description, Price: l.Price.String(), Currency: l.Currency,
		Attributes: l.Attributes, Categories: l.Categories, Status: string(l.Status),
	}
	if j.Attributes == nil {
		j.Attributes = map[string]string{}
	}
	if j.Categories == nil {
		j.Categories = []string{}
	}
	return j
}

func (l listingJSON) entry() catalogue.Entry { return catalogue.Entry(l) }

// productJSON is a product as the API shows it.
type productJSON struct {
	ID  uint64 `json:"id"`
	SKU string `json:"sku"`
	listingJSON
	Version   uint32    `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func newProductJSON(p catalogue.Product) productJSON {
	return productJSON{
		ID: p.ID, SKU: p.SKU, listingJSON: newListingJSON(p.Listing),
		Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}

// categoryJSON is a category as the API shows it.
type categoryJSON struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

func (s *server) apiCategories(w http.ResponseWriter, r *http.Request) {
	categories, err := s.catalogue.Categories(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := make([]categoryJSON, len(categories))
	for i, c := range categories {
		list[i] = categoryJSON{Slug: c.Slug, Name: c.Name}
	}
	writeJSON(w, http.StatusOK, map[string][]categoryJSON{"categories": list})
}

func (s *server) apiProducts(w http.ResponseWriter, r *http.Request) {
	q, err := postedQuery(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.catalogue.Browse(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeList(w, "products", found.Items, found.Next, func(i catalogue.Item) productJSON { return newProductJSON(i.Product) })
}

func (s *server) apiProduct(w http.ResponseWriter, r *http.Request) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	staff, err := s.isStaff(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	find := s.catalogue.Item
	if staff {
		find = s.catalogue.AnyItem
	}
	item, err := find(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeVersion(w, r, item.Version, newProductJSON(item.Product))
}

// etag is the entity tag of a version. The fields that a version counts are all
// that a representation can change in.
func etag(version uint32) string { return `"` + strconv.FormatUint(uint64(version), 10) + `"` }

// writeVersion answers a GET, without a body where the client has the version.
func writeVersion(w http.ResponseWriter, r *http.Request, version uint32, value any) {
	w.Header().Set("ETag", etag(version))
	if tagged(r.Header.Get("If-None-Match"), version) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeJSON(w, http.StatusOK, value)
}

// tagged reports whether a list of entity tags names a version, as "*" does.
func tagged(list string, version uint32) bool {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag(version) {
			return true
		}
	}
	return false
}

// ifMatch returns the version that a change must be made from: the stored one where
// If-Match names it, otherwise one that nothing has.
func ifMatch(r *http.Request, stored uint32) (uint32, error) {
	list := r.Header.Get("If-Match")
	switch {
	case list == "":
		return 0, errNoVersion
	case tagged(list, stored):
		return stored, nil
	}
	return 0, nil
}

// failPrecondition answers as fail does, but a conflict with the status that
// belongs to If-Match.
func (s *server) failPrecondition(w http.ResponseWriter, r *http.Request, err error) {
	f := *s.prepare(w, r, err)
	if crudapp.ErrorCode(err) == crudapp.CodeConflict {
		f.status = http.StatusPreconditionFailed
	}
	s.writeProblem(w, f, err)
}
