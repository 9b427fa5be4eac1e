package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// website is an HTTP server on a listener that is there before it serves.
type website struct {
	name   string
	server *http.Server
	cancel context.CancelFunc
	done   chan struct{}
}

// serve serves h. An error of serving is reported to failed.
func serve(name string, l net.Listener, h http.Handler, log *slog.Logger, failed func(error)) *website {
	ctx, cancel := context.WithCancel(context.Background())
	w := &website{name: name, cancel: cancel, done: make(chan struct{})}
	w.server = &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(w.done)
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("serve %s on %s: %w", name, l.Addr(), err))
		}
	}()
	return w
}

// stop lets requests end for the time given, and then cuts them off. The page's
// streams end by themselves once the status says that the demo ended.
func (w *website) stop(limit time.Duration) error {
	defer w.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := w.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		w.cancel()
		err = w.server.Close()
	}
	<-w.done
	if err != nil {
		return fmt.Errorf("stop %s: %w", w.name, err)
	}
	return nil
}
