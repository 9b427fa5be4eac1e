package kafkaclient_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/certtest"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

// TestSecureBroker speaks to Apache Kafka with TLS and accounts. Nothing but
// security.protocol and the account is set where the certificate is checked:
// that is the default.
func TestSecureBroker(t *testing.T) {
	t.Parallel()
	ours, others := certtest.New(t), certtest.New(t)
	secure := apachekafka.Secure{KeyStore: ours.Issue(t, "127.0.0.1").KeyStore, User: "telltale", Password: "a secret"}
	server := apachekafkatest.StartWith(t, apachekafka.Options{Dir: filepath.Join(t.TempDir(), "kafka"), Secure: &secure})
	byName := strings.Replace(server.SecureBrokers(), "127.0.0.1", "localhost", 1)

	tests := []struct {
		name, brokers string
		properties    []string
		refused       bool
		want          []string // Nothing: it works.
	}{
		{name: "scram", properties: account("SCRAM-SHA-512", "a secret", ours.File)},
		{name: "plain", properties: account("PLAIN", "a secret", ours.File)},
		{
			name: "wrong password", properties: account("SCRAM-SHA-512", "another", ours.File),
			refused: true, want: []string{"SASL authentication error", "invalid credentials"},
		},
		{
			name: "wrong password, plain", properties: account("PLAIN", "another", ours.File),
			refused: true, want: []string{"SASL authentication error", "Invalid username or password"},
		},
		{
			name: "no authority given", properties: account("PLAIN", "a secret", "")[:4],
			refused: true, want: []string{"SSL handshake failed", "certificate verify failed"},
		},
		{
			name: "another authority", properties: account("PLAIN", "a secret", others.File),
			refused: true, want: []string{"SSL handshake failed", "certificate verify failed"},
		},
		{
			name: "another host", brokers: byName, properties: account("PLAIN", "a secret", ours.File),
			refused: true, want: []string{"SSL handshake failed", "certificate verify failed"},
		},
		{
			name: "no TLS", properties: append(account("PLAIN", "a secret", ours.File), "security.protocol=SASL_PLAINTEXT"),
			want: []string{"transport failure"},
		},
		{
			name: "TLS where there is none", brokers: server.Brokers(), properties: account("PLAIN", "a secret", ours.File),
			want: []string{"SSL", "a listener without TLS"},
		},
		{name: "no such file", properties: account("PLAIN", "a secret", "/no/such/ca.pem"), want: []string{"ssl.ca.location", "/no/such/ca.pem"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafkaclient.Config{Brokers: server.SecureBrokers(), Properties: tt.properties, Logger: kafkatest.Logger(t)}
			if tt.brokers != "" {
				c.Brokers = tt.brokers
			}
			err := kafkaclient.Ping(t.Context(), c)
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				roundTrip(t, c, tt.name)
				return
			}
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			var broker *kafkaclient.BrokerError
			if errors.As(err, &broker) && broker.Brokers != c.Brokers {
				t.Errorf("it is about %q, want %q", broker.Brokers, c.Brokers)
			}
			if got := kafkaclient.IsRefused(err); got != tt.refused {
				t.Errorf("refused: got %v, want %v: %v", got, tt.refused, err)
			}
			if err != nil && strings.Contains(err.Error(), "another") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// TestClientCertificate speaks to a broker that knows its clients by certificates
// alone.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ours, others := certtest.New(t), certtest.New(t)
	secure := apachekafka.Secure{KeyStore: ours.Issue(t, "127.0.0.1").KeyStore, User: "telltale", Password: "a secret"}
	server := apachekafkatest.StartWith(t, apachekafka.Options{
		Dir: filepath.Join(t.TempDir(), "kafka"), Secure: &secure,
		Settings: []string{
			"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SSL",
			"ssl.client.auth=required", "ssl.truststore.type=PEM", "ssl.truststore.location=" + ours.File,
		},
	})
	known, stranger := ours.Issue(t, "reader"), others.Issue(t, "reader")
	tests := []struct {
		name       string
		properties []string
		want       string // Nothing: it works.
	}{
		{"known", certificate(known, ours), ""},
		{"none", certificate(known, ours)[:3], "tls alert"},
		{"of another authority", certificate(stranger, ours), "tls alert certificate unknown"},
		{"of another authority than the broker's", certificate(known, others), "certificate verify failed"},
		{"no such key", append(certificate(known, ours), "ssl.key.location=/no/such/key.pem"), "/no/such/key.pem"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafkaclient.Config{Brokers: server.SecureBrokers(), Properties: tt.properties, Logger: kafkatest.Logger(t)}
			err := kafkaclient.Ping(t.Context(), c)
			switch {
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q in it", err, tt.want)
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want == "":
				roundTrip(t, c, "changes")
			}
		})
	}
}

// certificate are the properties of a client that shows one and trusts an
// authority.
func certificate(own certtest.Pair, authority *certtest.Authority) []string {
	return []string{
		"security.protocol=SSL", "ssl.ca.location=" + authority.File, "broker.address.family=v4",
		"ssl.certificate.location=" + own.CertFile, "ssl.key.location=" + own.KeyFile,
	}
}

// account are the properties of a client that signs in.
func account(mechanism, password, authority string) []string {
	return []string{
		"security.protocol=SASL_SSL", "sasl.mechanism=" + mechanism, "sasl.username=telltale", "sasl.password=" + password,
		"ssl.ca.location=" + authority, "broker.address.family=v4",
	}
}

// roundTrip does with each kind of client what the stages do with them.
func roundTrip(t *testing.T, c kafkaclient.Config, topic string) {
	t.Helper()
	topics := []kafkaclient.TopicSpec{{Name: topic, Partitions: 1, ReplicationFactor: 1}}
	if err := kafkaclient.EnsureTopics(t.Context(), c, topics, true); err != nil {
		t.Fatal(err)
	}
	p := newProducer(t, c, topic)
	if err := p.Begin(); err != nil {
		t.Fatal(err)
	}
	produce(t, p, topic, 0, "over TLS")
	if err := p.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := values(t, c, topic); len(got) != 1 || got[0] != "over TLS" {
		t.Errorf("got %q, want what was produced", got)
	}
}
