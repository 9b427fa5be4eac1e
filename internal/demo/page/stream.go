package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"telltale/internal/demo/feed"
)

const (
	// heartbeat keeps an idle stream's connection known to be alive.
	heartbeat = 15 * time.Second
	// frame is the shortest time between two writes: what became different in
	// between is told as it is in the end.
	frame = 40 * time.Millisecond
	// writeTimeout ends the stream of a browser that stopped reading.
	writeTimeout = 10 * time.Second
)

// stream sends the log's items as server-sent events until the browser goes
// away, the server shuts down, or the status says that the demo ended. An
// event's id is "<boot>-<seq>": a browser that comes back gets what became
// different since, and one that comes from an earlier process gets a reset and
// then everything.
func (p *page) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	s := sender{w: w, control: http.NewResponseController(w), boot: p.boot}
	seq, known := p.resume(r.Header.Get("Last-Event-ID"))
	if !known {
		s.write("retry: 1000\nevent: reset\ndata: {}\n\n")
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for s.err == nil {
		items, more := p.Log.Since(seq)
		for _, it := range items {
			s.item(it)
			seq = it.Seq
		}
		s.flush()
		if ended(items) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			s.write(": alive\n\n")
		case <-more:
			pause(r, frame)
		}
	}
}

// resume reads the id of the last event that the browser got.
func (p *page) resume(id string) (seq uint64, known bool) {
	boot, number, ok := strings.Cut(id, "-")
	if !ok || boot != p.boot {
		return 0, false
	}
	seq, err := strconv.ParseUint(number, 10, 64)
	return seq, err == nil
}

func ended(items []feed.Item) bool {
	for _, it := range items {
		if s, ok := it.Data.(feed.Status); ok && s.Ended != "" {
			return true
		}
	}
	return false
}

func pause(r *http.Request, d time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(d):
	}
}

// sender writes events until the first error, and then nothing more.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
	boot    string
	err     error
}

func (s *sender) item(it feed.Item) {
	data, err := json.Marshal(it.Data)
	if err != nil {
		s.err = fmt.Errorf("encode a %s: %w", it.Kind, err)
		return
	}
	s.write(fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", s.boot, it.Seq, it.Kind, data))
}

func (s *sender) write(text string) {
	if s.err != nil {
		return
	}
	if s.err = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); s.err == nil {
		_, s.err = s.w.Write([]byte(text))
	}
}

func (s *sender) flush() {
	if s.err == nil {
		s.err = s.control.Flush()
	}
}
