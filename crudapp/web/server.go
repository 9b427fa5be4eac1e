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
)

// Options are the parts and settings of the shop's handler.
type Options struct {
	// Accounts does the work. Required.
	Accounts *crudapp.Accounts
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
	accounts *crudapp.Accounts
	log      *slog.Logger
	cookies  cookies
	proxies  []netip.Prefix
	assets   assets
	pages    map[string]*template.Template
}

// New returns the shop's handler. It panics if a metric is registered twice.
func New(o Options) http.Handler {
	s := &server{
		accounts: o.Accounts, log: o.Logger, proxies: o.TrustedProxies,
		cookies: cookies{insecure: o.InsecureCookies, life: o.Accounts.SessionLife()},
		assets:  loadAssets(),
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
	mux.HandleFunc("GET /static/{name}", s.serveAsset)

	mux.HandleFunc("POST /api/customers", s.apiRegister)
	mux.HandleFunc("POST /api/session", s.apiSignIn)
	mux.HandleFunc("DELETE /api/session", s.apiSignOut)
	mux.HandleFunc("GET /api/customers/me", s.signedIn(s.apiShow))
	mux.HandleFunc("GET /api/customers/me/sign-ins", s.signedIn(s.apiSignIns))
	mux.HandleFunc("PUT /api/customers/me", s.signedIn(s.apiChange))
	return s.unmatched(mux)
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
