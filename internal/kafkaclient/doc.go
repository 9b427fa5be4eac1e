// Package kafkaclient is what the stages share of Kafka: client settings,
// transactions, topics, and reading a compacted topic whole. It sits on
// confluent-kafka-go and knows nothing of what the records say.
package kafkaclient
