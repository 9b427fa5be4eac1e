package binlog

import "fmt"

// maxTopicName is the longest name of a topic.
const maxTopicName = 249

// topicNames are the tables by the topic of their own that they go to.
type topicNames map[string]string

// take gives a table its topic, unless another one has it: the names of both
// differ in nothing but what a topic's name cannot have.
func (n topicNames) take(source string, p *plan) error {
	if p.route != nil {
		return nil
	}
	topic, table := p.shape.Topic(source), p.shape.DB+"."+p.shape.Table
	if len(topic) > maxTopicName {
		return fmt.Errorf("table %s %w", table, errTopicName)
	}
	if other, ok := n[topic]; ok && other != table {
		return fmt.Errorf("table %s has the topic %s, and so has table %s: %w", table, topic, other, errTopicTaken)
	}
	n[topic] = table
	return nil
}
