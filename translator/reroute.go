package translator

import (
	"slices"
	"time"
)

const (
	// routesPause is how often an idle session looks whether tables are routed
	// elsewhere, and routesWait how long the brokers may take to answer.
	routesPause = 5 * time.Second
	routesWait  = 500 * time.Millisecond
)

// noticeRoutes looks for tables that the reader has begun to route elsewhere, and
// has the session end for one that reads there too. It is called where no record
// waits, so that what the old topics held is translated by then; they are read on,
// since another instance may be behind. A broker that does not answer is asked
// again.
func (s *session) noticeRoutes() error {
	if time.Since(s.looked) < routesPause {
		return nil
	}
	s.looked = time.Now()
	_, end, err := s.consumer.QueryWatermarkOffsets(s.schemasTopic(), 0, int(routesWait.Milliseconds()))
	if err != nil || end == s.schemasEnd {
		return nil
	}
	book, err := readShapes(s.ctx, s.options.Kafka, s.options.Source)
	if err != nil {
		return err
	}
	s.schemasEnd = end
	for _, name := range s.translator.rules.tables() {
		newest, ok := book.newest[name]
		if !ok {
			continue
		}
		topic := newest.shape.Topic(s.options.Source)
		if slices.Contains(s.inputs, topic) {
			continue
		}
		s.log.InfoContext(s.ctx, "the reader routes a table elsewhere, reading there too", "table", name, "topic", topic)
		s.inputs = append(s.inputs, topic)
		s.rerouted = true
	}
	return nil
}
