package web_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/mysql"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/review"
	"telltale/crudapp/shipment"
	"telltale/crudapp/web"
	"telltale/internal/mysqlserver/mysqltest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// TestWeb runs all tests on one database, each with a handler and customers of
// its own.
func TestWeb(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t)
	store, err := mysql.Open(t.Context(), server.DSN("shop"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(*testing.T, *shop){
		"an account from first to last":     testPages,
		"bad values are shown by field":     testPageProblems,
		"two tabs, one wins":                testTwoTabs,
		"a form sent twice":                 testDoubleSubmit,
		"values are escaped":                testEscaping,
		"not signed in":                     testNotSignedIn,
		"a replayed session":                testReplay,
		"a new token at each sign-in":       testFixation,
		"attempts are limited":              testRateLimit,
		"other sites are refused":           testCrossSite,
		"security headers":                  testHeaders,
		"security headers of a framed demo": testFramedHeaders,
		"cookies":                           testCookies,
		"large and malformed requests":      testMalformed,
		"no such page":                      testUnmatched,
		"assets":                            testAssets,
		"API from first to last":            testAPI,
		"API problems":                      testAPIProblems,
		"API conflict":                      testAPIConflict,
		"fifty tabs of details, one wins":   testFiftyTabsOfDetails,
		"an account is closed":              testCloseAccount,
		"staff look after customers":        testStaffCustomers,
		"API of customers for staff":        testStaffCustomersAPI,
		"addresses":                         testAddressPages,
		"API of addresses":                  testAddressAPI,
		"reviews":                           testReviewPages,
		"API of reviews":                    testReviewAPI,
		"consent":                           testConsent,
		"goods":                             testGoodsPages,
		"API of goods":                      testGoodsAPI,
		"fifty tabs, one wins":              testFiftyTabs,
		"baskets":                           testBasketPages,
		"checking out":                      testCheckoutPages,
		"orders for staff":                  testStaffOrderPages,
		"where signing in leads":            testNext,
		"API of baskets and orders":         testOrderAPI,
		"API of orders for staff":           testStaffOrderAPI,
		"an order at a till":                testTill,
		"API of payments":                   testPaymentAPI,
		"API of what staff settle":          testSettlementAPI,
		"fifty payments, one wins":          testFiftyPayments,
		"paying":                            testPayPages,
		"staff settle an order":             testSettlementPages,
		"staff cancel what was paid":        testCancelPaid,
		"staff only":                        testStaffOnly,
		"staff edit a product":              testStaffProduct,
		"three sides of a conflict":         testThreeWay,
		"the largest form":                  testLargestForm,
		"request ids":                       testRequestID,
		"the origin reaches the store":      testOriginReachesStore,
		"a span a request":                  testSpans,
		"names of spans":                    testSpanNames,
		"metrics":                           testMetrics,
		"a broken database":                 testBrokenDatabase,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newShop(t, store, web.Options{InsecureCookies: true}))
		})
	}
}

// shop is a running handler with a browser that keeps cookies and follows no
// redirects.
type shop struct {
	store  allStores
	log    *logBuffer
	url    string
	client *http.Client
	// serving is held for reading by every request that is being served.
	serving *sync.RWMutex
}

// allStores is what the shop keeps.
type allStores interface {
	crudapp.Store
	crudapp.StaffStore
	catalogue.Store
	contact.Store
	review.Store
	order.Store
	payment.Store
	shipment.Store
}

func newShop(t *testing.T, store allStores, o web.Options) *shop {
	t.Helper()
	passwords := argon2id.New(argon2id.Options{Params: argon2id.Params{Memory: 64, Time: 1, Threads: 1}})
	o.Accounts = crudapp.NewAccounts(crudapp.AccountsOptions{Store: store, Passwords: passwords})
	o.Staff = crudapp.NewStaffAccounts(crudapp.StaffOptions{Store: store, Passwords: passwords})
	o.Contact = contact.New(contact.Options{Store: store})
	o.Reviews = review.New(review.Options{Store: store})
	o.Catalogue = catalogue.New(catalogue.Options{Store: store})
	o.Orders = order.New(order.Options{Store: store, Goods: o.Catalogue, KeepFor: 72 * time.Hour})
	o.Payments = payment.New(payment.Options{Store: store, Providers: map[payment.Method]payment.Provider{
		payment.MethodCard: payment.TestCard{}, payment.MethodTransfer: payment.Transfer{},
	}})
	o.Shipments = shipment.New(shipment.Options{Store: store})
	log := &logBuffer{}
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	handler, serving := web.New(o), &sync.RWMutex{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.RLock()
		defer serving.RUnlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return (&shop{store: store, log: log, url: server.URL, serving: serving}).browser(t)
}

// settle waits until no request is being served any more: a client has its answer before the
// request's span has ended.
func (s *shop) settle() {
	s.serving.Lock()
	defer s.serving.Unlock()
}

// browser returns the same shop with a browser of its own.
func (s *shop) browser(t *testing.T) *shop {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	other := *s
	other.client = &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &other
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.text.String(), func(r rune) bool { return r == '\n' })
}

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with headers given as name, value, name, value.
func (s *shop) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(text)}
}

func (s *shop) get(t *testing.T, path string) answer {
	t.Helper()
	return s.send(t, http.MethodGet, path, "")
}

// post sends a form with fields given as name, value, name, value.
func (s *shop) post(t *testing.T, path string, fields ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.send(t, http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// password is good enough for every rule.
const password = "a few unusual words"

var customers atomic.Int64

// newEmail returns an address that no other test uses.
func newEmail() string {
	return fmt.Sprintf("bob%d@example.com", customers.Add(1))
}

// register opens an account for Bob and signs in. It returns his address.
func (s *shop) register(t *testing.T) string {
	t.Helper()
	email := newEmail()
	check(t, s.post(t, "/register", "email", email, "name", "Bob", "phone", "", "password", password), http.StatusSeeOther, "")
	return email
}

// check checks an answer's status and that its body contains each text.
func check(t *testing.T, got answer, status int, texts ...string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status is %d, want %d; the body is %s", got.status, status, got.body)
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			t.Errorf("the body lacks %q: %s", text, got.body)
		}
	}
}

// checkRedirect checks that an answer leads to path.
func checkRedirect(t *testing.T, got answer, path string) {
	t.Helper()
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != path {
		t.Errorf("status %d to %q, want %d to %q; the body is %s", got.status, to, http.StatusSeeOther, path, got.body)
	}
}
