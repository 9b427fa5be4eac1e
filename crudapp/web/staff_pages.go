package web

import (
	"errors"
	"net/http"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// staffProduct is the data of a product's page for staff.
type staffProduct struct {
	Item catalogue.Item
	// Listing and Stock are the forms of the product and of its stock, which have
	// versions of their own.
	Listing, Stock versioned
	// Conflict is set where the product was to be removed and somebody else had
	// changed it.
	Conflict bool
}

func (s *server) showStaffProducts(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	data, err := s.shelves(r, s.catalogue.Search)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-products", staff: &staff, data: data})
}

func (s *server) showNewProduct(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	known, err := s.catalogue.Categories(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-new", staff: &staff, data: entry{Fields: newProductFields(known)}})
}

func (s *server) addProduct(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	known, err := s.catalogue.Categories(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	fields := newProductFields(known)
	for i, f := range fields {
		fields[i].Value = postedText(r, f.Name)
	}
	level, err := levelOf(fields)
	var item catalogue.Item
	if err == nil {
		item, err = s.catalogue.Add(r.Context(), valueOf(fields, catalogue.FieldSKU), entryOf(fields), level)
	}
	if problems, ok := problemsOf(err); ok {
		s.render(w, r, page{
			name: "staff-new", status: http.StatusUnprocessableEntity, staff: &staff,
			data: entry{Fields: withProblems(fields, problems)},
		})
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, staffAddress(item.ID)+"?saved=listing", http.StatusSeeOther)
}

// staffAddress is the address of a product's page for staff.
func staffAddress(id uint64) string { return staffProductsPath + "/" + strconv.FormatUint(id, 10) }

func (s *server) showStaffProduct(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	data, err := s.openProduct(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	saved := r.URL.Query().Get("saved")
	data.Listing.Saved, data.Stock.Saved = saved == "listing", saved == "stock"
	s.render(w, r, page{name: "staff-product", staff: &staff, data: data})
}

// openProduct returns the page of the product that the address names, with both
// forms made from what is stored.
func (s *server) openProduct(r *http.Request) (staffProduct, error) {
	id, err := pathID(r)
	if err != nil {
		return staffProduct{}, err
	}
	known, err := s.catalogue.Categories(r.Context())
	if err != nil {
		return staffProduct{}, err
	}
	item, err := s.catalogue.AnyItem(r.Context(), id)
	if err != nil {
		return staffProduct{}, err
	}
	page := staffAddress(id)
	return staffProduct{
		Item:    item,
		Listing: opened(page, page, item.Version, listingFields(item.Listing, known)),
		Stock:   opened(page, page+"/stock", item.Stock.Version, levelFields(item.Stock.Level)),
	}, nil
}

func (s *server) changeProduct(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	data, err := s.openProduct(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data.Listing, err = data.Listing.posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.catalogue.Change(r.Context(), data.Item.ID, data.Listing.Version, entryOf(data.Listing.Fields))
	if err == nil {
		http.Redirect(w, r, staffAddress(data.Item.ID)+"?saved=listing", http.StatusSeeOther)
		return
	}
	if conflict, ok := errors.AsType[*catalogue.ProductConflict](err); ok {
		data.Item.Product = conflict.Stored
		data.Listing = data.Listing.against(conflict.Stored.Version, listingFields(*conflict.Yours, nil), listingFields(conflict.Stored.Listing, nil))
	}
	s.refuse(w, r, staff, &data, &data.Listing, err)
}

func (s *server) changeStock(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	data, err := s.openProduct(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data.Stock, err = data.Stock.posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	level, err := levelOf(data.Stock.Fields)
	if err == nil {
		_, err = s.catalogue.SetStock(r.Context(), data.Item.ID, data.Stock.Version, level)
	}
	if err == nil {
		http.Redirect(w, r, staffAddress(data.Item.ID)+"?saved=stock", http.StatusSeeOther)
		return
	}
	if conflict, ok := errors.AsType[*catalogue.StockConflict](err); ok {
		data.Item.Stock = conflict.Stored
		data.Stock = data.Stock.against(conflict.Stored.Version, levelFields(conflict.Yours), levelFields(conflict.Stored.Level))
	}
	s.refuse(w, r, staff, &data, &data.Stock, err)
}

// refuse shows a product's page again of which a form could not be saved, with the
// person's values and the reason.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, staff crudapp.Staff, data *staffProduct, form *versioned, err error) {
	status := http.StatusConflict
	if problems, ok := problemsOf(err); ok {
		*form, status = form.refused(problems), http.StatusUnprocessableEntity
	} else if crudapp.ErrorCode(err) != crudapp.CodeConflict {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-product", status: status, staff: &staff, data: data})
}

func (s *server) removeProduct(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	data, err := s.openProduct(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err = parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedVersion(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	err = s.catalogue.Remove(r.Context(), data.Item.ID, version)
	switch crudapp.ErrorCode(err) {
	case crudapp.CodeConflict:
		data.Conflict = true
		s.render(w, r, page{name: "staff-product", status: http.StatusConflict, staff: &staff, data: data})
	default:
		s.leadTo(w, r, staffProductsPath, err)
	}
}
