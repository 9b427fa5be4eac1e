package mysqllink

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pipe is one connection that goes through a link.
type pipe struct {
	link           *Link
	client, server net.Conn
	swallows       atomic.Bool
	// left is how many bytes of events still pass, once there is a limit.
	left atomic.Int64
}

func (p *pipe) run() {
	var up sync.WaitGroup
	up.Go(func() {
		p.forward(p.server, p.client, p.sent)
		p.server.Close()
		if !p.swallows.Load() {
			p.client.Close()
		}
	})
	p.forward(p.client, p.server, p.received)
	if !p.swallows.Load() { // A connection that broke without a word stays open on both sides.
		p.client.Close()
	}
	p.server.Close()
	up.Wait()
	p.client.Close()
}

// forward copies until one side ends, or pass says that it is enough.
func (p *pipe) forward(to, from net.Conn, pass func([]byte) (int, bool)) {
	piece := make([]byte, 16<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && !p.swallows.Load() {
			most, more := pass(piece[:n])
			if p.swallows.Load() { // While it was held back.
				continue
			}
			if _, err := to.Write(piece[:most]); err != nil {
				return
			}
			if !more {
				p.reset()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// The commands by which a client asks for a binlog, behind a header of 4 bytes.
const (
	commandDump     = 0x12
	commandDumpGTID = 0x1e
	commandAt       = 4
)

// sent looks for the command that asks for a binlog.
func (p *pipe) sent(b []byte) (int, bool) {
	if len(b) > commandAt && b[commandAt-1] == 0 && (b[commandAt] == commandDump || b[commandAt] == commandDumpGTID) {
		p.left.Store(p.link.takeLimit())
	}
	return len(b), true
}

// received does to the server's bytes what the link is told to.
func (p *pipe) received(b []byte) (int, bool) {
	pace, alter := p.link.manner()
	if alter != nil {
		alter(b)
	}
	time.Sleep(pace.Delay)
	if pace.BytesPerSecond > 0 {
		time.Sleep(time.Duration(len(b)) * time.Second / time.Duration(pace.BytesPerSecond))
	}
	left := p.left.Load()
	if left == 0 {
		return len(b), true
	}
	if int64(len(b)) >= left {
		return int(left), false
	}
	p.left.Store(left - int64(len(b)))
	return len(b), true
}

// reset ends the connection on both sides at once, without what is on its way.
func (p *pipe) reset() {
	for _, c := range []net.Conn{p.client, p.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // It is closed in any case.
		}
		c.Close()
	}
}
