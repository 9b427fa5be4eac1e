package web

import "net/http"

// routePayments adds what follows an order: its payment, refunds, invoice and
// shipment.
func (s *server) routePayments(mux *http.ServeMux) {
	for pattern, handler := range map[string]customerHandler{
		"GET /orders/{id}/pay":          s.showPay,
		"POST /orders/{id}/pay":         s.pay,
		"GET /orders/{id}/invoice":      s.showInvoice,
		"POST /api/orders/{id}/payment": s.apiPay,
		"GET /api/orders/{id}/payment":  s.apiPayment,
		"GET /api/orders/{id}/shipment": s.apiShipment,
	} {
		mux.HandleFunc(pattern, s.signedIn(handler))
	}
	for pattern, handler := range map[string]staffHandler{
		"GET /staff/orders/{id}/transfer":     s.showStep(transferStep()),
		"POST /staff/orders/{id}/transfer":    s.takeStep(transferStep()),
		"GET /staff/orders/{id}/refund":       s.showStep(refundStep()),
		"POST /staff/orders/{id}/refund":      s.takeStep(refundStep()),
		"GET /staff/orders/{id}/ship":         s.showStep(shipStep()),
		"POST /staff/orders/{id}/ship":        s.takeStep(shipStep()),
		"POST /api/staff/orders/{id}/payment": s.apiRecordTransfer,
		"GET /api/staff/orders/{id}/payment":  s.apiStaffPayment,
		"POST /api/staff/orders/{id}/refunds": s.apiRefund,
		"PUT /api/staff/orders/{id}/shipment": s.apiShip,
		"GET /api/staff/orders/{id}/shipment": s.apiStaffShipment,
	} {
		mux.HandleFunc(pattern, s.forStaff(handler))
	}
}
