// Package mysqllink is a TCP link to a MySQL server to which tests do what
// networks do: cut it, swallow what goes through it, slow it down, damage a byte,
// lead it to another server.
package mysqllink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Link listens on an address of its own and forwards every connection. It is
// safe for concurrent use. Close it.
type Link struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	target string
	open   map[*pipe]bool
	closed bool
	// silent makes new connections swallow everything.
	silent bool
	// limit is after how many bytes of events the next stream of them is cut, 0
	// for never.
	limit int64
	pace  Pace
	alter func([]byte)
}

// Pace slows a link down. The zero value does not.
type Pace struct {
	// Delay passes before each piece that comes from the server, BytesPerSecond
	// bounds how many of its bytes come through.
	Delay          time.Duration
	BytesPerSecond int
}

// Listen opens a link to the server at an address.
func Listen(ctx context.Context, target string) (*Link, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for connections to %s: %w", target, err)
	}
	l := &Link{listener: listener, target: target, open: map[*pipe]bool{}}
	l.running.Go(l.accept)
	return l, nil
}

// Addr is where the link listens.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// To leads new connections to another server, and cuts those that are open.
func (l *Link) To(target string) {
	l.mu.Lock()
	l.target = target
	l.mu.Unlock()
	l.Cut()
}

// Cut resets every open connection.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.open {
		p.reset()
	}
}

// CutStream resets the next connection that asks for a binlog when so many bytes
// of its answer have passed.
func (l *Link) CutStream(after int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = after
}

// Swallow makes every open connection, and each that is made until Heal, take all
// bytes and pass on none. None of them is closed, and none ever speaks again.
func (l *Link) Swallow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = true
	for p := range l.open {
		p.swallows.Store(true)
	}
}

// Heal lets new connections through again, at full speed and unaltered.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent, l.pace, l.alter, l.limit = false, Pace{}, nil, 0
}

// Slow sets the pace of all connections.
func (l *Link) Slow(p Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace = p
}

// Alter has alter see, and change, each piece of bytes that comes from the server.
func (l *Link) Alter(alter func([]byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alter = alter
}

// Close ends the link with all its connections, and waits for them.
func (l *Link) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.listener.Close()
	l.Cut()
	l.running.Wait()
	return err
}

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // One that hung up before it was taken.
		}
		l.running.Go(func() { l.connect(client) })
	}
}

// connect forwards a connection until one side ends it.
func (l *Link) connect(client net.Conn) {
	l.mu.Lock()
	target, silent, closed := l.target, l.silent, l.closed
	l.mu.Unlock()
	server, err := net.DialTimeout("tcp", target, dialTimeout)
	if err != nil || closed {
		client.Close()
		if server != nil {
			server.Close()
		}
		return
	}
	p := &pipe{link: l, client: client, server: server}
	p.swallows.Store(silent)
	if !l.add(p) {
		p.reset()
		return
	}
	defer l.remove(p)
	p.run()
}

// dialTimeout bounds the connection to a server on this machine, which may be
// stopped.
const dialTimeout = 5 * time.Second

func (l *Link) add(p *pipe) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.open[p] = true
	}
	return !l.closed
}

func (l *Link) remove(p *pipe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, p)
}

// takeLimit is the limit of a stream that begins now; it is for one alone.
func (l *Link) takeLimit() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.limit
	l.limit = 0
	return limit
}

func (l *Link) manner() (Pace, func([]byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pace, l.alter
}
