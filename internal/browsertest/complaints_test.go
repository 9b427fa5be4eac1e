package browsertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"telltale/internal/browsertest"
)

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
	page := browsertest.Start(t, server.URL).Open(t, server.URL+"/")
	var all string
	for _, want := range []string{"said aloud", "a request to http://elsewhere.example/", "exception: ReferenceError", "Content Security Policy"} {
		for deadline := time.Now().Add(browsertest.StepTime); !strings.Contains(all, want); {
			if time.Now().After(deadline) {
				t.Fatalf("waited %s for the complaint of %s", browsertest.StepTime, want)
			}
			all += strings.Join(page.Complaints(), "\n")
			time.Sleep(20 * time.Millisecond)
		}
	}
}
