package web

import (
	"net/http"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// basketLineJSON is a line of a basket as the API shows it.
type basketLineJSON struct {
	ProductID uint64 `json:"product_id"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  uint16 `json:"quantity"`
	UnitPrice string `json:"unit_price"`
	Currency  string `json:"currency"`
	Amount    string `json:"amount"`
	// Obstacle is why the line cannot be ordered, or null.
	Obstacle *string `json:"obstacle"`
	// Available is how many there are where that is the obstacle, otherwise null.
	Available *uint32 `json:"available"`
}

// basketJSON is a basket as the API shows it.
type basketJSON struct {
	Lines []basketLineJSON `json:"lines"`
	Total string           `json:"total"`
	// Currency is null for a basket of nothing that is sold.
	Currency *string `json:"currency"`
}

func newBasketJSON(b order.Basket) basketJSON {
	shown := basketJSON{Lines: make([]basketLineJSON, len(b.Lines)), Total: b.Total().String(), Currency: optional(b.Currency())}
	for i, l := range b.Lines {
		obstacle := b.Obstacle(l)
		shown.Lines[i] = basketLineJSON{
			ProductID: l.ProductID, SKU: l.SKU, Name: l.Name, Quantity: l.Quantity,
			UnitPrice: l.UnitPrice.String(), Currency: l.Currency, Amount: l.Amount().String(), Obstacle: optional(string(obstacle)),
		}
		if obstacle == order.ObstacleStock {
			shown.Lines[i].Available = &l.OnHand
		}
	}
	return shown
}

// apiBasket shows the basket. What its ETag stands for is what the customer decides
// on; whether it can be had is not part of that, so that it is shown in full whatever
// the client has.
func (s *server) apiBasket(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	b, err := s.orders.Basket(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", `"`+b.Fingerprint()+`"`)
	writeJSON(w, http.StatusOK, newBasketJSON(b))
}

func (s *server) apiSetLine(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Quantity uint16 `json:"quantity"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.orders.Set(r.Context(), c.ID, id, body.Quantity); err != nil {
		s.fail(w, r, err)
		return
	}
	s.apiBasket(w, r, c)
}

func (s *server) apiRemoveLine(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err == nil {
		err = s.orders.Remove(r.Context(), c.ID, id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// shownBasket returns the fingerprint of the basket that If-Match names.
func shownBasket(r *http.Request) (string, error) {
	tag := r.Header.Get("If-Match")
	if tag == "" {
		return "", errNoVersion
	}
	// A quoted "*" is a tag like any other, and no basket has it.
	if shown := strings.Trim(tag, `"`); shown != order.AnyBasket {
		return shown, nil
	}
	return tag, nil
}
