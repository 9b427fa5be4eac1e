package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ipv6Subscriber is the size of the network that one subscriber commonly gets;
// to change the address within it costs nothing.
const ipv6Subscriber = 64

// client is where a request comes from.
type client struct {
	// address is the client's address as text.
	address string
	// network is the address as far as limits should tell places apart.
	network string
}

// clientOf returns where a request comes from. Behind trusted proxies it is the
// last address in X-Forwarded-For that none of them has; what stands before it
// may be made up.
func clientOf(r *http.Request, proxies []netip.Prefix) client {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return client{address: r.RemoteAddr, network: r.RemoteAddr}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			break
		}
		forwarded, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = forwarded.Unmap()
	}
	addr = addr.WithZone("")
	return client{address: addr.String(), network: subscriber(addr)}
}

func subscriber(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	network, err := addr.Prefix(ipv6Subscriber)
	if err != nil {
		return addr.String()
	}
	return network.String()
}
