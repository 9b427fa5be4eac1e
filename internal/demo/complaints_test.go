package demo_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// complaints gathers what a developer would see in red in the browser's tools.
// It is safe for concurrent use.
type complaints struct {
	hosts []string

	mu   sync.Mutex
	list []string
}

func (c *complaints) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		c.add("exception: %s %s:%d", d.Text, d.URL, d.LineNumber+1)
		if d.Exception != nil {
			c.add("exception: %s", d.Exception.Description)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, arg := range e.Args {
				c.add("console: %s %s", arg.Value, arg.Description)
			}
		}
	case *log.EventEntryAdded:
		// Chromium's own words, such as those on a breach of the policy.
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			c.add("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || !slices.Contains(c.hosts, u.Scheme+"://"+u.Host) {
			c.add("a request to %s", e.Request.URL)
		}
	}
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// take returns what was gathered since the last time.
func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

// A page that does everything wrong is complained of for each of it.
func TestComplaints(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src *")
			_, _ = io.WriteString(w, `<p style="color: red">Wrong</p><script src="/wrong.js"></script>`)
		case "/wrong.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, `console.error("said aloud"); fetch("http://elsewhere.example/").catch(() => {}); nothing.at.all`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	page := startChromium(t, server.URL).open(t, server.URL+"/")
	var all string
	for _, want := range []string{"said aloud", "a request to http://elsewhere.example/", "exception: ReferenceError", "Content Security Policy"} {
		poll(t, stepTime, "the complaint of "+want, func() bool {
			all += strings.Join(page.take(), "\n")
			return strings.Contains(all, want)
		})
	}
}
