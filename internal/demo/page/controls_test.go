package page_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"telltale/internal/demo/feed"
	"telltale/internal/demo/page"
)

// controls know a stage that runs, one that does not, a server and a customer.
type controls struct{ down bool }

func (c *controls) KillStage(name string) error {
	switch name {
	case "binlog":
		return nil
	case "mailer":
		return errors.New("kill mailer: it is not running now")
	}
	return &page.UnknownError{What: "stage", Name: name, Known: []string{"binlog", "mailer"}}
}

func (c *controls) RestartServer(name string) error {
	if name == "MySQL" {
		return nil
	}
	return &page.UnknownError{What: "server", Name: name, Known: []string{"MySQL"}}
}

func (c *controls) SetMail(down bool) error {
	if down == c.down {
		return errors.New("no change")
	}
	c.down = down
	return nil
}

func (c *controls) History(_ context.Context, customer string) ([]feed.Fact, error) {
	if customer == "7" {
		return nil, nil
	}
	old := "Bob"
	return []feed.Fact{{ID: customer + "/1", Customer: customer, Number: 1, Field: "name", Old: &old}}, nil
}

func TestControls(t *testing.T) {
	t.Parallel()
	base, _ := start(t, nil)
	otherOrigin := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	tests := []struct {
		name, method, path, body string
		edit                     func(*http.Request)
		status                   int
		want                     string
	}{
		{"kill", "POST", "/api/stages/binlog/kill", "", nil, 204, ""},
		{"kill what is dead", "POST", "/api/stages/mailer/kill", "", nil, 409, `{"error":"kill mailer: it is not running now"}` + "\n"},
		{"kill what is not there", "POST", "/api/stages/shop/kill", "", nil, 404, `{"error":"no stage is called \"shop\"; there are binlog, mailer"}` + "\n"},
		{"kill by a link", "GET", "/api/stages/binlog/kill", "", nil, 405, "Method Not Allowed\n"},
		{"kill from elsewhere", "POST", "/api/stages/binlog/kill", "", otherOrigin, 403, "cross-origin request detected from Sec-Fetch-Site header\n"},
		{"restart", "POST", "/api/servers/MySQL/restart", "", nil, 204, ""},
		{"restart what is not there", "POST", "/api/servers/kafka/restart", "", nil, 404, `{"error":"no server is called \"kafka\"; there are MySQL"}` + "\n"},
		{"no mail", "POST", "/api/smtp", `{"down":true}`, nil, 204, ""},
		{"mail again", "POST", "/api/smtp", `{"down":false}`, nil, 204, ""},
		{"mail, but how", "POST", "/api/smtp", `{}`, nil, 400, `{"error":"want {\"down\": true} or {\"down\": false}"}` + "\n"},
		{"history", "GET", "/api/history?customer=42", "", nil, 200, `{"history":[{"id":"42/1","customer":"42","number":1,"event":"","type":"","field":"name","old":"Bob","new":null,"at":"0001-01-01T00:00:00Z","actor":"","request":""}]}` + "\n"},
		{"no history", "GET", "/api/history?customer=7", "", nil, 200, `{"history":[]}` + "\n"},
		{"whose history", "GET", "/api/history", "", nil, 400, `{"error":"want ?customer= and the customer's id"}` + "\n"},
	}
	for _, tt := range tests { // In this order: the mail server is one.
		t.Run(tt.name, func(t *testing.T) {
			resp, got := do(t, tt.method, base+tt.path, tt.body, tt.edit)
			if resp.StatusCode != tt.status || got != tt.want {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, got, tt.status, tt.want)
			}
		})
	}
}
