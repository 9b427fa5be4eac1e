package web

import (
	"net/http"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/shipment"
)

// parcelJSON is what staff say about a parcel, as the API takes it.
type parcelJSON struct {
	Carrier  string  `json:"carrier"`
	Tracking *string `json:"tracking"`
}

func (p parcelJSON) parcel() shipment.Parcel {
	parcel := shipment.Parcel{Carrier: p.Carrier}
	if p.Tracking != nil {
		parcel.Tracking = *p.Tracking
	}
	return parcel
}

// shipmentJSON is a shipment as the API shows it.
type shipmentJSON struct {
	ID      uint64 `json:"id"`
	OrderID uint64 `json:"order_id"`
	parcelJSON
	ShippedAt time.Time `json:"shipped_at"`
}

func newShipmentJSON(s shipment.Shipment) shipmentJSON {
	return shipmentJSON{
		ID: s.ID, OrderID: s.OrderID, parcelJSON: parcelJSON{Carrier: s.Carrier, Tracking: optional(s.Tracking)}, ShippedAt: s.ShippedAt,
	}
}

func (s *server) apiShipment(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeShipment(w, r, o.ID)
}

func (s *server) apiStaffShipment(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	o, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeShipment(w, r, o.ID)
}

// writeShipment answers with the shipment of an order, as those who may see the order
// see it.
func (s *server) writeShipment(w http.ResponseWriter, r *http.Request, orderID uint64) {
	shipped, err := s.shipments.Of(r.Context(), orderID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, newShipmentJSON(shipped))
}

func (s *server) apiShip(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	stored, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	from, err := ifMatch(r, stored.Version)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body parcelJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	shipped, err := s.shipments.Ship(r.Context(), staff.ID, stored.ID, from, body.parcel())
	if err != nil {
		s.failOrder(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, newShipmentJSON(shipped))
}
