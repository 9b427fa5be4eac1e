package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"telltale/crudapp"
)

//go:embed templates
var templates embed.FS

// page is one page to show.
type page struct {
	// name is that of the template.
	name string
	// status is the HTTP status; 0 means 200.
	status int
	// customer is who is signed in, or nil.
	customer *crudapp.Customer
	// staff is whose page it is where it is one of staff's, or nil.
	staff *crudapp.Staff
	// data is what the template shows.
	data any
}

// parsePages compiles the embedded templates, each page with the layout around
// it. It panics if one does not compile.
func parsePages(a assets) map[string]*template.Template {
	layout := template.New("layout.html").Funcs(template.FuncMap{"asset": a.address, "money": money, "country": country, "stars": stars})
	layout = template.Must(layout.ParseFS(templates, "templates/layout.html", "templates/fields.html", "templates/versioned.html", "templates/sign-ins.html", "templates/availability.html", "templates/settlement.html",
		"templates/obstacle.html", "templates/order-parts.html"))
	pages := map[string]*template.Template{}
	for _, name := range []string{
		"home", "register", "sign-in", "account", "error", "addresses", "address",
		"products", "product",
		"basket", "checkout", "orders", "order",
		"pay", "invoice",
		"staff-order-step",
		"staff-sign-in", "staff-products", "staff-new", "staff-product", "staff-reviews",
		"staff-orders", "staff-order", "staff-customers", "staff-customer",
	} {
		pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(templates, "templates/"+name+".html"))
	}
	return pages
}

// render shows a page. It writes nothing before the page is complete, so that
// nobody gets half of one.
func (s *server) render(w http.ResponseWriter, r *http.Request, p page) {
	var body bytes.Buffer
	view := struct {
		Customer *crudapp.Customer
		Staff    *crudapp.Staff
		Data     any
	}{p.customer, p.staff, p.data}
	if err := s.pages[p.name].Execute(&body, view); err != nil {
		s.prepare(w, r, fmt.Errorf("render page %s: %w", p.name, err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if p.status == 0 {
		p.status = http.StatusOK
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.status)
	// A client that went away is no error of the shop.
	_, _ = body.WriteTo(w)
}
