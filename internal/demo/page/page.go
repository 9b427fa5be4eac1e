package page

import (
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"telltale/internal/demo/feed"
)

//go:embed assets
var assets embed.FS

// Options are what the page shows.
type Options struct {
	// Log is what the page follows.
	Log *feed.Log
	// Host is the page's own host:port, the only one that it answers to. The
	// same port of localhost is sent there.
	Host string
	// Shop is the shop's origin, for example "http://127.0.0.1:8081".
	Shop string
	// Elsewhere is the origin of the shop's second door, whose visitors seem to
	// come from another address.
	Elsewhere string
	// Controls are what the buttons do.
	Controls Controls
	// SQL runs the statements typed by hand, by the driver go-sql-driver/mysql.
	// A connection is used for one request and then closed, so that nothing of a
	// session outlives it. Several statements in one request need
	// multiStatements in its DSN.
	SQL *sql.DB
	// Logger gets what goes wrong while a response is written.
	Logger *slog.Logger
}

// New returns the page's handler.
func New(o Options) (http.Handler, error) {
	index, err := template.ParseFS(assets, "assets/index.html")
	if err != nil {
		return nil, fmt.Errorf("parse the demo page: %w", err)
	}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, fmt.Errorf("open the demo page's files: %w", err)
	}
	p := &page{Options: o, index: index, boot: rand.Text()[:8]}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.showIndex)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(files)))
	mux.HandleFunc("GET /api/feed", p.stream)
	mux.HandleFunc("GET /api/state", p.state)
	mux.HandleFunc("GET /api/history", p.history)
	mux.HandleFunc("POST /api/sql", p.runSQL)
	mux.HandleFunc("POST /api/stages/{name}/kill", p.killStage)
	mux.HandleFunc("POST /api/servers/{name}/restart", p.restartServer)
	mux.HandleFunc("POST /api/smtp", p.setMail)
	return p.guard(http.NewCrossOriginProtection().Handler(mux)), nil
}

type page struct {
	Options
	index *template.Template
	// boot names this process in the ids of the feed: what it numbers is not
	// what an earlier process numbered.
	boot string
}

// guard sets the headers of every answer and turns away other hosts' names.
func (p *page) guard(next http.Handler) http.Handler {
	_, port, _ := strings.Cut(p.Host, ":")
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src " + p.Shop
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case r.Host == p.Host:
			next.ServeHTTP(w, r)
		case r.Host == "localhost:"+port && r.Method == http.MethodGet && r.URL.Path == "/":
			// The shop's cookies need the page and the shop to be one site.
			http.Redirect(w, r, "http://"+p.Host+"/", http.StatusTemporaryRedirect)
		default:
			http.Error(w, "this page is at http://"+p.Host+"/", http.StatusMisdirectedRequest)
		}
	})
}

func (p *page) showIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := p.index.Execute(w, struct{ Shop, Elsewhere string }{p.Shop, p.Elsewhere}); err != nil {
		p.Logger.Warn("write the demo page", "error", err)
	}
}

// snapshot is everything that the page shows at one moment, oldest first.
type snapshot struct {
	Cards   []feed.Card   `json:"cards"`
	Mails   []feed.Mail   `json:"mails"`
	History []feed.Fact   `json:"history"`
	Lag     []feed.Sample `json:"lag"`
	Status  *feed.Status  `json:"status"`
}

func (p *page) state(w http.ResponseWriter, _ *http.Request) {
	s := snapshot{Cards: []feed.Card{}, Mails: []feed.Mail{}, History: []feed.Fact{}, Lag: []feed.Sample{}}
	items, _ := p.Log.Since(0)
	for _, it := range items {
		switch v := it.Data.(type) {
		case feed.Card:
			s.Cards = append(s.Cards, v)
		case feed.Mail:
			s.Mails = append(s.Mails, v)
		case feed.Fact:
			s.History = append(s.History, v)
		case feed.Sample:
			s.Lag = append(s.Lag, v)
		case feed.Status:
			s.Status = &v
		}
	}
	p.writeJSON(w, http.StatusOK, s)
}

func (p *page) writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.Logger.Warn("write an answer of the demo page", "error", err)
	}
}
