package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"telltale/internal/demo/page"
)

// ElsewhereAddr is from where visitors of the second door to the shop come, as
// far as the shop can tell: an address that documentation is free to use.
const ElsewhereAddr = "203.0.113.9"

// sites are what browsers reach. They listen before anything serves there.
type sites struct {
	listeners             struct{ page, shop, elsewhere, ops net.Listener }
	page, shop, elsewhere *website
	ops                   *website
}

func (d *demo) openSites(context.Context) error {
	l := &d.sites.listeners
	for _, one := range []struct {
		name, host string
		preferred  int
		listener   *net.Listener
		origin     *string
	}{
		{"page", "127.0.0.1", d.Ports.Page, &l.page, &d.addresses.Page},
		{"shop", "127.0.0.1", d.Ports.Shop, &l.shop, &d.addresses.Shop},
		// Another host name has cookies of its own: who is signed in at one door
		// is not at the other.
		{"elsewhere", "localhost", d.Ports.Elsewhere, &l.elsewhere, &d.addresses.Elsewhere},
		{"metrics", "127.0.0.1", d.Ports.Ops, &l.ops, &d.addresses.Ops},
	} {
		opened, err := listen(one.preferred)
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(opened.Addr().String())
		if err != nil {
			return errors.Join(err, opened.Close())
		}
		*one.listener, *one.origin = opened, "http://"+net.JoinHostPort(one.host, port)
		if got := opened.Addr().(*net.TCPAddr).Port; one.preferred != 0 && got != one.preferred {
			d.say("%-11s port %d is taken, using %d", one.name, one.preferred, got)
		}
	}
	return nil
}

// serve opens the doors, the page's last: it shows the others.
func (d *demo) serve(ctx context.Context) error {
	select {
	case <-d.caughtUp:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s := &d.sites
	handler, err := page.New(page.Options{
		Log: d.log, Host: s.listeners.page.Addr().String(), Shop: d.addresses.Shop, Elsewhere: d.addresses.Elsewhere,
		SQL: d.shell, Controls: controls{d}, Logger: d.Logger,
	})
	if err != nil {
		return err
	}
	s.ops = serve("metrics", s.listeners.ops, d.opsHandler(), d.Logger, d.fail)
	s.shop = serve("shop", s.listeners.shop, d.app.Shop, d.Logger, d.fail)
	s.elsewhere = serve("the shop's second door", s.listeners.elsewhere, from(ElsewhereAddr, d.app.Shop), d.Logger, d.fail)
	d.board.set(partShop, running, "")
	s.page = serve("page", s.listeners.page, handler, d.Logger, d.fail)
	d.say("%-11s on %s", "shop", d.addresses.Shop)
	d.say("%-11s on %s, for visitors from %s", "elsewhere", d.addresses.Elsewhere, ElsewhereAddr)
	d.say("%-11s on %s/staff, as %s with the password %q", "staff", d.addresses.Shop, d.app.Staff.Email, d.app.Staff.Password)
	d.say("%-11s on %s/metrics", "metrics", d.addresses.Ops)
	d.say("\nOpen %s/ in a browser. Ctrl-C stops.", d.addresses.Page)
	return nil
}

// from has every request seem to come from an address.
func from(addr string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		moved := *r
		moved.RemoteAddr = net.JoinHostPort(addr, "50000")
		h.ServeHTTP(w, &moved)
	})
}

// stopPages stops what people look at.
func (s *sites) stopPages() error {
	return errors.Join(
		stopSite(s.page, s.listeners.page, stopPage),
		stopSite(s.shop, s.listeners.shop, stopShop),
		stopSite(s.elsewhere, s.listeners.elsewhere, stopPage),
	)
}

func (s *sites) stopOps() error { return stopSite(s.ops, s.listeners.ops, stopPage) }

// stopSite stops a site, or closes the listener of one that never served.
func stopSite(w *website, l net.Listener, limit time.Duration) error {
	switch {
	case w != nil:
		return w.stop(limit)
	case l != nil:
		return l.Close()
	}
	return nil
}
