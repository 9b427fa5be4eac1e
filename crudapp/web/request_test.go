package web

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"testing"
)

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	if got := traceparent(valid); got != valid {
		t.Errorf("traceparent(%q) = %q, want it unchanged", valid, got)
	}
	made := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`)
	for _, sent := range []string{
		"", "x", valid + "-x", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
	} {
		first, second := traceparent(sent), traceparent(sent)
		if !made.MatchString(first) || first == sent || first == second {
			t.Errorf("traceparent(%q) = %q, then %q, want new ones", sent, first, second)
		}
	}
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, test := range []struct {
		name, remote string
		forwarded    []string
		address      string
		network      string
	}{
		{"no proxy", "192.0.2.1:1234", nil, "192.0.2.1", "192.0.2.1"},
		{"made up by the client", "192.0.2.1:1234", []string{"198.51.100.1"}, "192.0.2.1", "192.0.2.1"},
		{"one proxy", "10.0.0.1:1234", []string{"192.0.2.1"}, "192.0.2.1", "192.0.2.1"},
		{"one proxy and something made up", "10.0.0.1:1234", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1", "192.0.2.1"},
		{"two proxies", "10.0.0.1:1234", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1", "192.0.2.1"},
		{"a proxy that says nothing", "10.0.0.1:1234", nil, "10.0.0.1", "10.0.0.1"},
		{"a proxy that says nonsense", "10.0.0.1:1234", []string{"192.0.2.1, unknown"}, "10.0.0.1", "10.0.0.1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:1234", nil, "192.0.2.1", "192.0.2.1"},
		{"IPv6 counts as its subscriber's network", "[2001:db8:1:2:3:4:5:6]:1234", nil, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv6 with a zone", "[fe80::1%eth0]:1234", nil, "fe80::1", "fe80::/64"},
		{"IPv6 proxy", "[fd00::1]:1234", []string{"2001:db8::1"}, "2001:db8::1", "2001:db8::/64"},
		{"not TCP", "@", nil, "@", "@"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.remote
			for _, value := range test.forwarded {
				r.Header.Add("X-Forwarded-For", value)
			}
			want := client{address: test.address, network: test.network}
			if got := clientOf(r, proxies); got != want {
				t.Errorf("clientOf = %+v, want %+v", got, want)
			}
		})
	}
}

// TestNewServer checks that a client cannot send headers without end.
func TestNewServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(t.Context(), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()

	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	endless := io.MultiReader(
		&repeated{text: "GET / HTTP/1.1\r\nHost: shop\r\n", times: 1},
		&repeated{text: "X: 0123456789012345678901234567890123456789\r\n", times: 1 << 20},
	)
	if sent, err := io.Copy(conn, endless); err == nil {
		t.Errorf("the server took %d bytes of headers", sent)
	}
	conn.Close()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Errorf("Serve returned %v", err)
	}
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Errorf("the server waits without limit: %+v", server)
	}
}

// repeated is a text so many times.
type repeated struct {
	text  string
	times int
}

// Read implements io.Reader.
func (r *repeated) Read(p []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	r.times--
	return copy(p, r.text), nil
}
