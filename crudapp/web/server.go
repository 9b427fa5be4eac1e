package web

import (
	"context"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/review"
	"telltale/crudapp/shipment"
)

// Options are the parts and settings of the shop's handler.
type Options struct {
	// Accounts does what customers ask of their accounts. Required.
	Accounts *crudapp.Accounts
	// Catalogue knows what is sold. Required.
	Catalogue *catalogue.Catalogue
	// Contact knows customers' addresses and consents. Required.
	Contact *contact.Book
	// Reviews knows what customers think of what is sold. Required.
	Reviews *review.Reviews
	// Orders knows baskets and orders. Required.
	Orders *order.Orders
	// Payments knows what was paid for orders. Required.
	Payments *payment.Payments
	// Shipments knows how orders were sent. Required.
	Shipments *shipment.Shipments
	// Staff lets staff in. Required.
	Staff *crudapp.StaffAccounts
	// Logger gets errors that are not the customer's. Nil means none.
	Logger *slog.Logger
	// InsecureCookies allows the session cookie over plain HTTP and leaves out
	// the header that makes browsers insist on HTTPS. For development on one's
	// own machine only.
	InsecureCookies bool
	// FrameAncestors are the origins whose pages may show the shop in a frame,
	// for example "http://127.0.0.1:8080", or "'self'". None by default.
	FrameAncestors []string
	// TrustedProxies are the networks of reverse proxies whose X-Forwarded-For
	// is believed. None by default.
	TrustedProxies []netip.Prefix
	// Registerer gets the metrics. Nil means none.
	Registerer prometheus.Registerer
	// Traces gets a span for each request, which is then the one that statements
	// name. Nil means none: a trace that a request brings is passed on.
	Traces trace.TracerProvider
}

// server is the shop's handler with its parts.
type server struct {
	accounts  *crudapp.Accounts
	catalogue *catalogue.Catalogue
	contact   *contact.Book
	reviews   *review.Reviews
	orders    *order.Orders
	payments  *payment.Payments
	shipments *shipment.Shipments
	staff     *crudapp.StaffAccounts
	log       *slog.Logger
	// cookies are customers', staffCookies those of staff: one browser may be both.
	cookies, staffCookies cookies

	proxies []netip.Prefix
	assets  assets
	pages   map[string]*template.Template
}

// New returns the shop's handler. It panics if a metric is registered twice.
func New(o Options) http.Handler {
	s := &server{
		accounts: o.Accounts, catalogue: o.Catalogue, contact: o.Contact, reviews: o.Reviews,
		orders: o.Orders, payments: o.Payments, shipments: o.Shipments, staff: o.Staff, log: o.Logger, proxies: o.TrustedProxies,
		cookies:      cookies{base: "shop_session", insecure: o.InsecureCookies, life: o.Accounts.SessionLife()},
		staffCookies: cookies{base: "shop_staff", insecure: o.InsecureCookies, life: crudapp.StaffSessionLife},
		assets:       loadAssets(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.pages = parsePages(s.assets)

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(s.refuseCrossOrigin))

	// From the inside out. The metrics and the span read the pattern that the mux
	// notes on the request, so nothing between them may copy the request.
	var h http.Handler = s.routes()
	h = crossOrigin.Handler(h)
	h = limitBody(h)
	h = newMetrics(o.Registerer).count(h)
	h = secureHeaders(h, o.InsecureCookies, o.FrameAncestors)
	h = withSpan(h, o.Traces)
	return withOrigin(h)
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showHome)
	mux.HandleFunc("GET /register", s.showRegister)
	mux.HandleFunc("POST /register", s.register)
	mux.HandleFunc("GET /sign-in", s.showSignIn)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /account", s.signedIn(s.showAccount))
	mux.HandleFunc("POST /account", s.signedIn(s.changeAccount))
	mux.HandleFunc("POST /account/close", s.signedIn(s.closeAccount))
	mux.HandleFunc("GET /static/{name}", s.serveAsset)

	mux.HandleFunc("POST /api/customers", s.apiRegister)
	mux.HandleFunc("POST /api/session", s.apiSignIn)
	mux.HandleFunc("DELETE /api/session", s.apiSignOut)
	mux.HandleFunc("GET /api/customers/me", s.signedIn(s.apiShow))
	mux.HandleFunc("GET /api/customers/me/sign-ins", s.signedIn(s.apiSignIns))
	mux.HandleFunc("PUT /api/customers/me", s.signedIn(s.apiChange))
	mux.HandleFunc("POST /api/customers/me/close", s.signedIn(s.apiCloseAccount))
	s.routeContact(mux)
	s.routeGoods(mux)
	s.routeOrders(mux)
	s.routePayments(mux)
	s.routeStaff(mux)
	s.routeCustomers(mux)
	return s.unmatched(mux)
}

// routeContact adds how a customer is reached.
func (s *server) routeContact(mux *http.ServeMux) {
	for pattern, handler := range map[string]customerHandler{
		"POST /account/consent":                        s.decide,
		"GET /account/addresses":                       s.showAddresses,
		"GET /account/addresses/new":                   s.showNewAddress,
		"POST /account/addresses":                      s.addAddress,
		"GET /account/addresses/{id}":                  s.showAddress,
		"POST /account/addresses/{id}":                 s.changeAddress,
		"POST /account/addresses/{id}/default":         s.makeDefault,
		"POST /account/addresses/{id}/remove":          s.removeAddress,
		"GET /api/customers/me/consent":                s.apiConsent,
		"PUT /api/customers/me/consent":                s.apiDecide,
		"GET /api/customers/me/addresses":              s.apiAddresses,
		"POST /api/customers/me/addresses":             s.apiAddAddress,
		"GET /api/customers/me/addresses/{id}":         s.apiAddress,
		"PUT /api/customers/me/addresses/{id}":         s.apiChangeAddress,
		"DELETE /api/customers/me/addresses/{id}":      s.apiRemoveAddress,
		"PUT /api/customers/me/addresses/{id}/default": s.apiMakeDefault,
	} {
		mux.HandleFunc(pattern, s.signedIn(handler))
	}
}

// routeGoods adds what is sold, for everybody.
func (s *server) routeGoods(mux *http.ServeMux) {
	mux.HandleFunc("GET /products", s.showProducts)
	mux.HandleFunc("GET /products/{id}", s.showProduct)
	mux.HandleFunc("GET /api/categories", s.apiCategories)
	mux.HandleFunc("GET /api/products", s.apiProducts)
	mux.HandleFunc("GET /api/products/{id}", s.apiProduct)
	mux.HandleFunc("POST /products/{id}/review", s.signedIn(s.writeReview))
	mux.HandleFunc("GET /api/products/{id}/reviews", s.apiReviews)
	mux.HandleFunc("GET /api/products/{id}/reviews/mine", s.signedIn(s.apiMyReview))
	mux.HandleFunc("PUT /api/products/{id}/reviews/mine", s.signedIn(s.apiWriteReview))
}

// routeOrders adds baskets and orders, for customers.
func (s *server) routeOrders(mux *http.ServeMux) {
	for pattern, handler := range map[string]customerHandler{
		"GET /basket":                   s.showBasket,
		"POST /basket":                  s.addToBasket,
		"POST /basket/{id}":             s.changeLine,
		"POST /basket/{id}/remove":      s.removeLine,
		"GET /checkout":                 s.showCheckout,
		"POST /checkout":                s.placeOrder,
		"GET /orders":                   s.showOrders,
		"GET /orders/{id}":              s.showOrder,
		"POST /orders/{id}/cancel":      s.cancelOrder,
		"GET /api/basket":               s.apiBasket,
		"PUT /api/basket/lines/{id}":    s.apiSetLine,
		"DELETE /api/basket/lines/{id}": s.apiRemoveLine,
		"GET /api/orders":               s.apiOrders,
		"POST /api/orders":              s.apiPlaceOrder,
		"GET /api/orders/{id}":          s.apiOrder,
		"POST /api/orders/{id}/cancel":  s.apiCancelOrder,
	} {
		mux.HandleFunc(pattern, s.signedIn(handler))
	}
}

// routeStaff adds what staff alone may do.
func (s *server) routeStaff(mux *http.ServeMux) {
	mux.HandleFunc("GET /staff/sign-in", s.showStaffSignIn)
	mux.HandleFunc("POST /staff/sign-in", s.staffSignIn)
	mux.HandleFunc("POST /staff/sign-out", s.staffSignOut)
	mux.HandleFunc("POST /api/staff/session", s.apiStaffSignIn)
	mux.HandleFunc("DELETE /api/staff/session", s.apiStaffSignOut)
	for pattern, handler := range map[string]staffHandler{
		"GET /staff":                         s.showStaffHome,
		"GET /staff/products":                s.showStaffProducts,
		"GET /staff/products/new":            s.showNewProduct,
		"POST /staff/products":               s.addProduct,
		"GET /staff/products/{id}":           s.showStaffProduct,
		"POST /staff/products/{id}":          s.changeProduct,
		"POST /staff/products/{id}/stock":    s.changeStock,
		"POST /staff/products/{id}/remove":   s.removeProduct,
		"GET /staff/reviews":                 s.showStaffReviews,
		"POST /staff/reviews/{id}/hide":      s.hideReview(true),
		"POST /staff/reviews/{id}/show":      s.hideReview(false),
		"PUT /api/reviews/{id}/hidden":       s.apiHideReview,
		"GET /api/staff/reviews":             s.apiStaffReviews,
		"GET /api/staff/products":            s.apiStaffProducts,
		"POST /api/products":                 s.apiAddProduct,
		"PUT /api/products/{id}":             s.apiChangeProduct,
		"DELETE /api/products/{id}":          s.apiRemoveProduct,
		"GET /api/products/{id}/stock":       s.apiStock,
		"PUT /api/products/{id}/stock":       s.apiChangeStock,
		"GET /staff/orders":                  s.showStaffOrders,
		"GET /staff/orders/{id}":             s.showStaffOrder,
		"POST /staff/orders/{id}/cancel":     s.staffCancelOrder,
		"GET /api/staff/orders":              s.apiStaffOrders,
		"GET /api/staff/orders/{id}":         s.apiStaffOrder,
		"POST /api/staff/orders/{id}/cancel": s.apiStaffCancelOrder,
	} {
		mux.HandleFunc(pattern, s.forStaff(handler))
	}
}

// The timeouts and the header limit of NewServer. A client that is slow to send
// cannot hold a connection for long.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
)

// NewServer returns an HTTP server for h with timeouts that suit the shop. Its
// requests' contexts come from ctx. What goes wrong with connections is logged;
// a nil log discards it. The caller serves and shuts it down.
func NewServer(ctx context.Context, h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}
