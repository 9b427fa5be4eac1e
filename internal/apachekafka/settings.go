package apachekafka

import (
	"fmt"
	"os"
	"strings"
)

// settings are the broker's, one a line. The voters are listed instead of
// kept in the data, so that the controller may have another port each time.
const settings = `process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:%[2]d
log.dirs=%[3]s

# One node holds everything; few partitions are made quickly.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
auto.create.topics.enable=false

# A test sees a lost client within moments.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=500

# A broker that was killed is let in again when its session has ended.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000

# The default is a quarter of the heap.
log.cleaner.dedupe.buffer.size=16777216
`

// secureSettings add the listener with TLS and accounts to settings.
const secureSettings = `
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d,SASL_SSL://127.0.0.1:%[3]d
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location=%[4]s
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%[5]s="%[6]s";
`

// writeConfig writes the configuration of a node on the ports with its data in
// the folder. Of two lines about one setting the last one counts.
func (n *node) writeConfig(p ports, data string) error {
	var text strings.Builder
	fmt.Fprintf(&text, settings, p.broker, p.controller, escape(data))
	if s := n.Secure; s != nil {
		fmt.Fprintf(&text, secureSettings, p.broker, p.controller, p.secure, escape(s.KeyStore), s.User, s.Password)
	}
	for _, setting := range n.Settings {
		fmt.Fprintln(&text, setting)
	}
	if err := os.WriteFile(n.configPath(), []byte(text.String()), 0o640); err != nil {
		return fmt.Errorf("write the broker's configuration: %w", err)
	}
	return nil
}

// escape writes a path into a Java properties file.
func escape(path string) string {
	return strings.ReplaceAll(path, `\`, `\\`)
}
