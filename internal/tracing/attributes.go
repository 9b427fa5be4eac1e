package tracing

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Sending describes a message or several that are written to a topic of Kafka.
func Sending(topic string, more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		semconv.MessagingSystemKafka, semconv.MessagingOperationTypeSend,
		semconv.MessagingOperationName("send"), semconv.MessagingDestinationName(topic),
	}, more...)
}

// Processing describes a message that was read from a topic of Kafka.
func Processing(topic string, partition int32, offset int64, more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		semconv.MessagingSystemKafka, semconv.MessagingOperationTypeProcess,
		semconv.MessagingOperationName("process"), semconv.MessagingDestinationName(topic),
		semconv.MessagingDestinationPartitionID(strconv.Itoa(int(partition))), semconv.MessagingKafkaOffset(int(offset)),
	}, more...)
}

// Event names a business event.
func Event(id, kind string) []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.MessagingMessageID(id), semconv.CloudEventsEventID(id), semconv.CloudEventsEventType(kind),
	}
}

// GTID names the MySQL transaction that something came from.
func GTID(gtid string) attribute.KeyValue { return attribute.String("telltale.gtid", gtid) }
