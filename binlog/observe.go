package binlog

import (
	"context"
	"time"
)

// lookEvery is how often a session is looked at, and the server asked where its
// binlog ends.
const lookEvery = 5 * time.Second

// partProgress is the part of the health that is well while Kafka takes what is
// handed over to it.
const partProgress = "progress"

// connected is told of the first sign of the server on the connection for the
// binlog. A session that follows a broken one must show more: that it publishes,
// or that it lasts. Otherwise one that breaks again and again for the same reason
// would be ready in between.
func (r *reader) connected() {
	if !r.broken.Load() {
		r.o.Health.Set(HealthPart, nil)
	}
}

// works is told of everything by which a session shows that it goes on.
func (r *reader) works() {
	r.broken.Store(false)
	r.o.Health.Set(HealthPart, nil)
}

// broke notes why a session ended that is followed by another.
func (r *reader) broke(err error) {
	r.broken.Store(true)
	r.metrics.sessions.WithLabelValues("retryable", causeOf(err)).Inc()
	r.o.Health.Set(HealthPart, err)
}

// observe keeps the gauge of bytes behind and the health of a session, and ends
// one that is detached, until the function that it returns is called, which waits
// for the end.
func (r *reader) observe(ctx context.Context, srv *server, t *track, end context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.o.Health.Set(partProgress, nil)
		var d detached
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				r.lastLook(ctx, srv, t)
				return
			case <-tick.C:
			}
			files := r.look(ctx, srv, t)
			at, beats := t.heard()
			if err := d.look(files, at, beats, &r.unsent); err != nil {
				end(err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// look notes how a session does, and returns the server's binlog files where
// they were asked for.
func (r *reader) look(ctx context.Context, srv *server, t *track) []logFile {
	stuck, read := t.stuck(time.Now()), t.published().file != ""
	r.o.Health.Set(partProgress, stuck)
	if !read {
		return nil
	}
	if !t.waits() { // Nothing waits for Kafka, and the server was heard.
		r.works()
	}
	return r.measure(ctx, srv, t, lookEvery)
}

// lastLook measures what a session leaves behind: until the next one begins, which
// may take as long as the brokers are away, nobody asks.
func (r *reader) lastLook(ctx context.Context, srv *server, t *track) {
	const patience = time.Second
	if t.published().file != "" {
		r.measure(context.WithoutCancel(ctx), srv, t, patience)
	}
}

// measure asks the server for its binlog files and keeps the gauge of bytes behind.
func (r *reader) measure(ctx context.Context, srv *server, t *track, patience time.Duration) []logFile {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	files, err := srv.binlogFiles(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.o.Logger.Warn("how far the reader is behind is not known", "source", r.o.Name, "error", err)
		}
		return nil
	}
	if bytes, ok := bytesBehind(files, t.published()); ok {
		r.metrics.behind.Set(float64(bytes))
	}
	return files
}
