package binlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/certtest"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/ops"
)

// readmeRights are those that the README has the reader granted, one by one.
func readmeRights(t *testing.T) []kafka.ACLBinding {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]kafka.ResourceType{
		"--topic": kafka.ResourceTopic, "--transactional-id": kafka.ResourceTransactionalID, "--group": kafka.ResourceGroup,
	}
	var all []kafka.ACLBinding
	for line := range strings.Lines(string(text)) {
		options, ok := strings.CutPrefix(strings.TrimSpace(line), "kafka-acls.sh --add ")
		if !ok {
			continue
		}
		one := kafka.ACLBinding{ResourcePatternType: kafka.ResourcePatternTypeLiteral, Host: "*", PermissionType: kafka.ACLPermissionTypeAllow}
		var operations []kafka.ACLOperation
		words := strings.Fields(options)
		for i := 0; i+1 < len(words); i += 2 {
			name, value := words[i], words[i+1]
			switch {
			case name == "--allow-principal":
				one.Principal = value
			case name == "--operation":
				o, err := kafka.ACLOperationFromString(value)
				if err != nil {
					t.Fatal(err)
				}
				operations = append(operations, o)
			case name == "--resource-pattern-type" && value == "prefixed":
				one.ResourcePatternType = kafka.ResourcePatternTypePrefixed
			case kinds[name] != 0:
				one.Type, one.Name = kinds[name], value
			default:
				t.Fatalf("the README has %s %s", name, value)
			}
		}
		for _, one.Operation = range operations {
			all = append(all, one)
		}
	}
	if len(all) != 5 {
		t.Fatalf("the README has %d rights, want 5", len(all))
	}
	return all
}

// TestClusterChanges changes things under a running reader on Apache Kafka: first
// what it may do, then its topics.
func TestClusterChanges(t *testing.T) {
	t.Parallel()
	h, admin := newGuarded(t)
	rights := readmeRights(t)
	grant(t, admin, rights...)
	h.exec(t, customers)
	h.testRights(t, admin, rights)
	t.Run("oversize", func(t *testing.T) { h.testOversizeRight(t, admin, rights[0]) })
	h.testTopicsUnderLoad(t, admin)
}

// taken is something that a reader needs, how it is taken away and given back, and
// what the reader says meanwhile.
type taken struct {
	name       string
	take, give func(*testing.T)
	says       string
}

func acl(admin *kafka.AdminClient, name string, which kafka.ACLBinding) taken {
	return taken{
		name,
		func(t *testing.T) { revoke(t, admin, which) },
		func(t *testing.T) { grant(t, admin, which) },
		"authorization failed",
	}
}

// takings are what a reader with those rights can lose.
func takings(admin *kafka.AdminClient, rights []kafka.ACLBinding) []taken {
	return []taken{
		acl(admin, "to write the topics", rights[2]),
		acl(admin, "to the transactional id", rights[3]),
		acl(admin, "to the group of the lease", rights[4]),
		{
			"its password",
			func(t *testing.T) { setPassword(t, admin, "another") },
			func(t *testing.T) { setPassword(t, admin, guardedPassword) },
			"authentication",
		},
	}
}

// testRights takes rights away. That is named at /readyz and waited for; when they
// are given back the reader goes on by itself, and nothing is missing.
func (h *harness) testRights(t *testing.T, admin *kafka.AdminClient, rights []kafka.ACLBinding) {
	b := &guarded{admin: admin, takings: takings(admin, rights)}
	h.start(t)
	b.book = newBook(t, h, newRandom(t), 5)
	for _, one := range b.takings {
		t.Run(one.name, func(t *testing.T) { b.outlive(t, one) })
	}
	b.check(t)
	h.mustStop(t)
}

// testOversizeRight asks for what the README says of `source.oversize`: one right
// more on the topics, without which the reader names what it cannot ask for, and
// with which it puts aside what a topic does not take.
func (h *harness) testOversizeRight(t *testing.T, admin *kafka.AdminClient, onTopics kafka.ACLBinding) {
	h.makeNotes(t)
	h.o.Oversize = oversizeDeadLetter
	defer func() { h.o.Oversize = oversizeStop }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.o.Health = ops.NewHealth()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, h.o) }()
	for deadline := time.Now().Add(patience); !h.complains("ask for the limits of"); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("the reader ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the reader says %q", h.o.Health.Reasons())
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	onTopics.Operation = kafka.ACLOperationDescribeConfigs
	grant(t, admin, onTopics)
	h.start(t)
	h.exec(t, "INSERT INTO notes VALUES (1, "+largeNote+")")
	h.published(t)
	r := h.records(t, "notes", 1)[0]
	if r.Oversize == nil || len(h.whole(t, r)) != r.Oversize.Bytes {
		t.Errorf("got %s, want it to be among the dead letters", r.Value)
	}
	h.mustStop(t)
}

// guarded is a reader that runs with rights that can be taken away.
type guarded struct {
	*book
	admin   *kafka.AdminClient
	takings []taken
}

// outlive takes something away until the reader says so, and gives it back.
func (b *guarded) outlive(t *testing.T, one taken) {
	t.Helper()
	one.take(t)
	for deadline := time.Now().Add(patience); !b.complains(one.says); time.Sleep(20 * time.Millisecond) {
		b.write(t, 1)
		select {
		case err := <-b.ended:
			t.Fatalf("the reader ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the reader says %q, want %q", b.o.Health.Reasons(), one.says)
		}
	}
	b.healed = time.Now()
	one.give(t)
	b.write(t, 1)
	b.published(t)
	for deadline := time.Now().Add(patience); len(b.o.Health.Reasons()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the reader is not ready: %q", b.o.Health.Reasons())
		}
	}
}

// trials take one thing away.
func (b *guarded) trials() []trial {
	return []trial{{
		name: "a right on Kafka is taken away", what: "The reader's account lost its right to write the topics, to its transactional id or to the group of its lease, or its password, until /readyz said so, and got it back.",
		round: func(t *testing.T) verdict {
			b.outlive(t, b.takings[b.random.IntN(len(b.takings))])
			return lives()
		},
	}}
}

// testTopicsUnderLoad has the topic of a table change while a reader writes to
// it: it ends by the topic's name, and what it did not publish comes when an
// operator has adopted the topic.
func (h *harness) testTopicsUnderLoad(t *testing.T, admin *kafka.AdminClient) {
	h.o.topicsEvery = time.Second
	for _, tt := range topicChanges {
		t.Run("topic "+tt.name, func(t *testing.T) {
			ended := h.start(t)
			h.exec(t, "UPDATE customers SET version = version + 1")
			h.published(t)
			tt.do(t, admin, "shop.shop.customers")
			var err error
			for deadline := time.Now().Add(patience); err == nil; time.Sleep(10 * time.Millisecond) {
				h.exec(t, "UPDATE customers SET version = version + 1")
				select {
				case err = <-ended:
				default:
				}
				if time.Now().After(deadline) {
					t.Fatal("the reader goes on")
				}
			}
			var changed *TopicError
			if !errors.As(err, &changed) || changed.Topic != "shop.shop.customers" {
				t.Errorf("got %v, want a TopicError", err)
			}
			if _, err := Adopt(t.Context(), h.o); err != nil {
				t.Fatal(err)
			}
			h.start(t)
			h.exec(t, "UPDATE customers SET version = version + 1")
			h.published(t)
			h.mustStop(t)
		})
	}
}

// newGuarded makes a harness whose reader has an account on Apache Kafka without
// any right, and a client that may do everything.
func newGuarded(t *testing.T) (*harness, *kafka.AdminClient) {
	t.Helper()
	ca := certtest.New(t)
	server := apachekafkatest.StartWith(t, apachekafka.Options{
		Dir:    filepath.Join(t.TempDir(), "kafka"),
		Secure: &apachekafka.Secure{KeyStore: ca.Issue(t, "127.0.0.1").KeyStore, User: "telltale", Password: guardedPassword},
		Settings: []string{
			"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users=User:ANONYMOUS",
			"connections.max.reauth.ms=2000", // Else a connection outlives its password.
		},
	})
	h := &harness{mysql: mysqltest.Servers{}.Start(t)}
	h.db = mysqltest.DB(t, h.mysql, "shop")
	h.o = Options{
		Name: "shop", DSN: h.mysql.DSN(""), Tables: []string{"shop.*"}, CreateTopics: true, Partitions: 3, Logger: kafkatest.Logger(t),
		Kafka: kafkaclient.Config{Brokers: server.SecureBrokers(), Logger: kafkatest.Logger(t), Properties: []string{
			"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512", "sasl.username=telltale", "sasl.password=" + guardedPassword,
			"ssl.ca.location=" + ca.File,
		}},
	}
	for deadline := time.Now().Add(patience); ; { // The first handshake can take longer than a reader waits.
		err := kafkaclient.Ping(t.Context(), h.o.Kafka)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": server.Brokers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return h, admin
}

// guardedPassword is that of the reader's account.
const guardedPassword = "a secret"

func setPassword(t *testing.T, admin *kafka.AdminClient, password string) {
	t.Helper()
	r, err := admin.AlterUserScramCredentials(t.Context(), []kafka.UserScramCredentialUpsertion{{
		User: "telltale", Password: []byte(password),
		ScramCredentialInfo: kafka.ScramCredentialInfo{Mechanism: kafka.ScramMechanismSHA512, Iterations: 4096},
	}}, nil)
	if err != nil || r.Errors["telltale"].Code() != kafka.ErrNoError {
		t.Fatal(err, r.Errors)
	}
}

func grant(t *testing.T, admin *kafka.AdminClient, which ...kafka.ACLBinding) {
	t.Helper()
	results, err := admin.CreateACLs(t.Context(), which)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Error.Code() != kafka.ErrNoError {
			t.Fatal(r.Error)
		}
	}
}

func revoke(t *testing.T, admin *kafka.AdminClient, which kafka.ACLBinding) {
	t.Helper()
	results, err := admin.DeleteACLs(t.Context(), kafka.ACLBindingFilters{which})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || len(results[0].ACLBindings) != 1 {
		t.Fatalf("revoked %+v", results)
	}
}

// complains reports whether the reader says that it is not ready for a reason.
func (h *harness) complains(reason string) bool {
	said := fmt.Sprint(slices.Collect(maps.Values(h.o.Health.Reasons())))
	return strings.Contains(strings.ToLower(said), reason)
}
