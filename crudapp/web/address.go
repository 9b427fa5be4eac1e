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

// clientAddress returns where a request comes from, as far as limits should
// tell places apart. Behind trusted proxies it is the last address in
// X-Forwarded-For that none of them has; what stands before it may be made up.
func clientAddress(r *http.Request, proxies []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
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
	return subscriber(addr)
}

func subscriber(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	network, err := addr.WithZone("").Prefix(ipv6Subscriber)
	if err != nil {
		return addr.String()
	}
	return network.String()
}
