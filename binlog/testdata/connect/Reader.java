import io.debezium.serde.DebeziumSerdes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.time.Duration;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;

/**
 * Reads topics to their end, read_committed, by other people's code, and prints a JSON object a
 * record: what Kafka Connect's JsonConverter makes of key and value when it writes again what it
 * has read, and the rows before and after as Debezium's own deserialiser reads them.
 *
 * <p>Arguments: brokers, the converter's decimal.format, topics.
 */
public class Reader {
  private final JsonConverter keys = new JsonConverter();
  private final JsonConverter values = new JsonConverter();
  private final Deserializer<Map> before = deserializer("before");
  private final Deserializer<Map> after = deserializer("after");

  public static void main(String[] args) throws Exception {
    var topics = List.of(args).subList(2, args.length);
    var reader = new Reader(args[1]);
    var settings = Map.<String, Object>of("bootstrap.servers", args[0], "isolation.level", "read_committed");
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.read(consumer, topics);
    }
  }

  private Reader(String decimals) {
    var settings = Map.of("schemas.enable", "true", "decimal.format", decimals, "replace.null.with.default", "false");
    keys.configure(settings, true);
    values.configure(settings, false);
  }

  private static Deserializer<Map> deserializer(String field) {
    Serde<Map> serde = DebeziumSerdes.payloadJson(Map.class);
    serde.configure(Map.of("from.field", field, "unknown.properties.ignored", "true"), false);
    return serde.deserializer();
  }

  private void read(KafkaConsumer<byte[], byte[]> consumer, List<String> topics) throws Exception {
    var partitions = new ArrayList<TopicPartition>();
    for (var topic : topics) {
      for (var p : consumer.partitionsFor(topic)) {
        partitions.add(new TopicPartition(topic, p.partition()));
      }
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    var ends = consumer.endOffsets(partitions);
    var mapper = new ObjectMapper();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      for (var record : consumer.poll(Duration.ofMillis(200))) {
        System.out.println(mapper.writeValueAsString(seen(record)));
      }
    }
  }

  private Map<String, Object> seen(ConsumerRecord<byte[], byte[]> r) {
    var seen = new LinkedHashMap<String, Object>();
    seen.put("topic", r.topic());
    seen.put("partition", r.partition());
    seen.put("offset", r.offset());
    seen.put("key", again(keys, r.topic(), r.key()));
    seen.put("value", again(values, r.topic(), r.value()));
    seen.put("before", before.deserialize(r.topic(), r.value()));
    seen.put("after", after.deserialize(r.topic(), r.value()));
    return seen;
  }

  private static String again(JsonConverter converter, String topic, byte[] bytes) {
    SchemaAndValue read = converter.toConnectData(topic, bytes);
    if (read.value() instanceof Struct struct) {
      struct.validate();
    }
    byte[] written = converter.fromConnectData(topic, read.schema(), read.value());
    return written == null ? null : new String(written, StandardCharsets.UTF_8);
  }
}
