package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// customer is a customer as the shop's API shows it.
type customer struct {
	ID      uint64  `json:"id"`
	Email   string  `json:"email"`
	Name    string  `json:"name"`
	Phone   *string `json:"phone"`
	Country string  `json:"country"`
	Version uint64  `json:"version"`
}

// conflict is the API's answer to a change from an old version.
type conflict struct {
	Code  string `json:"code"`
	Yours struct {
		Name string `json:"name"`
	} `json:"yours"`
	Stored customer `json:"stored"`
}

// browser is somebody's browser: it keeps the shop's cookies, which all of its
// tabs share. It sends them over plain HTTP, as no real one would: the shop
// runs with its defaults.
type browser struct {
	shop string
	// name begins the ids of its requests.
	name    string
	client  *http.Client
	cookies []*http.Cookie
	// address is where the shop's proxy says that it is; empty: it says nothing.
	address string
	// request is the id of the last request, calls how many there were.
	request string
	calls   int
}

func newBrowser(shop, name string) *browser {
	return &browser{shop: shop, name: name, client: &http.Client{Timeout: 10 * time.Second}}
}

// password is everybody's.
const password = "a long enough pass phrase"

// register opens an account; the answer's cookie signs the browser in.
func (b *browser) register(ctx context.Context, name, email string) (customer, error) {
	var c customer
	body := map[string]any{"name": name, "email": email, "password": password}
	status, err := b.call(ctx, http.MethodPost, "/api/customers", body, &c)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("register %s: status %d", email, status)
	}
	return c, err
}

// signIn signs in; the answer's cookie takes the place of the one before.
func (b *browser) signIn(ctx context.Context, email string) error {
	var c customer
	body := map[string]any{"email": email, "password": password}
	status, err := b.call(ctx, http.MethodPost, "/api/session", body, &c)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("sign in as %s: status %d", email, status)
	}
	return err
}

// load is what a tab does that opens the form.
func (b *browser) load(ctx context.Context) (customer, error) {
	var c customer
	status, err := b.call(ctx, http.MethodGet, "/api/customers/me", nil, &c)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("load the customer's details: status %d", status)
	}
	return c, err
}

// save is what a tab does that sends the form, with the version that it loaded.
// With status 409 the conflict is set.
func (b *browser) save(ctx context.Context, c customer) (saved customer, lost conflict, status int, err error) {
	body := map[string]any{"name": c.Name, "email": c.Email, "phone": c.Phone, "version": c.Version}
	var raw json.RawMessage
	status, err = b.call(ctx, http.MethodPut, "/api/customers/me", body, &raw)
	if err != nil {
		return saved, lost, status, err
	}
	switch status {
	case http.StatusOK:
		err = json.Unmarshal(raw, &saved)
	case http.StatusConflict:
		err = json.Unmarshal(raw, &lost)
	default:
		err = fmt.Errorf("save customer %d as %q: status %d: %s", c.ID, c.Name, status, raw)
	}
	return saved, lost, status, err
}

// call makes one request and decodes the answer, whatever its status.
func (b *browser) call(ctx context.Context, method, path string, body, into any) (int, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("encode the body of %s %s: %w", method, path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.shop+path, bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	b.calls++
	b.request = fmt.Sprintf("%s-%d", b.name, b.calls)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", b.request)
	if b.address != "" {
		req.Header.Set("X-Forwarded-For", b.address)
	}
	for _, c := range b.cookies {
		req.AddCookie(c)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	if set := resp.Cookies(); len(set) > 0 {
		b.cookies = set
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return resp.StatusCode, fmt.Errorf("%s %s: status %d: %q: %w", method, path, resp.StatusCode, text, err)
	}
	return resp.StatusCode, nil
}
