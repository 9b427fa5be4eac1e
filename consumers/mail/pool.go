package mail

import (
	"context"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
)

// pool holds the connections of one consumer, all partitions together: so many
// at most, for servers count them by client.
type pool struct {
	post  *post
	slots chan struct{} // Holds a token for each lane.

	mu      sync.Mutex
	idle    []*connection // The one that was used last stands last.
	senders int
}

func newPool(p *post, connections int) *pool {
	return &pool{post: p, slots: make(chan struct{}, connections)}
}

// join says that another sender may use the pool; the last to leave it closes
// what is open.
func (p *pool) join() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.senders++
}

func (p *pool) leave() {
	p.mu.Lock()
	p.senders--
	last := p.senders == 0
	p.mu.Unlock()
	if last {
		p.trim(0)
	}
}

// await waits for leave to have one more connection, which release gives back.
func (p *pool) await(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try is await without waiting.
func (p *pool) try() bool {
	select {
	case p.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *pool) release() { <-p.slots }

// take returns a connection that the server still answers on.
func (p *pool) take(ctx context.Context) (*connection, error) {
	for c := p.pop(); c != nil; c = p.pop() {
		if c.alive(ctx) {
			return c, nil
		}
		c.cut()
	}
	return p.post.connect(ctx)
}

func (p *pool) pop() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return c
}

func (p *pool) put(c *connection) {
	c.usedAt = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// trim closes the connections that nobody used for a while: a server does not
// like to be held without mail.
func (p *pool) trim(unused time.Duration) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && time.Since(p.idle[n].usedAt) >= unused {
		n++
	}
	old := p.idle[:n:n]
	p.idle = p.idle[n:]
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// lane is a connection that one goroutine sends on. It is opened when there is
// something to send and not used after an error.
type lane struct {
	pool *pool
	conn *connection
}

func (l *lane) open(ctx context.Context) (err error) {
	if l.conn == nil {
		l.conn, err = l.pool.take(ctx)
	}
	return err
}

func (l *lane) send(ctx context.Context, m *mail.Msg) error {
	err := l.conn.send(ctx, m)
	if err != nil {
		l.conn.close()
		l.conn = nil
	}
	return err
}

func (l *lane) end() {
	if l.conn != nil {
		l.pool.put(l.conn)
	}
}
