package main

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/crudapp/mysql"
	"telltale/internal/kafkaserver"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// The accounts that the README tells an owner to create, with a secret that no
// output may show (I12).
const (
	readerUser   = "telltale"
	consumerUser = "consumers"
	password     = "hunter2"
)

// world is a server with the shop's tables, and a broker.
type world struct {
	mysql *mysqlserver.Server
	root  *sql.DB
	kafka *kafkaserver.Server
	// config is a file with what fits no environment variable.
	config string
}

// aggregates is the routing that the shop's rules need.
const aggregates = `source:
  aggregates:
    - {name: customer, tables: [{table: shop.customers, key: id}, {table: shop.sign_ins, key: customer_id}, {table: shop.addresses, key: customer_id}, {table: shop.consents, key: customer_id}]}
    - {name: product, tables: [{table: shop.products, key: id}, {table: shop.stock, key: product_id}, {table: shop.product_categories, key: product_id}]}
    - {name: order, tables: [{table: shop.orders, key: id}, {table: shop.order_lines, key: order_id}, {table: shop.payments, key: order_id}, {table: shop.refunds, key: order_id}, {table: shop.shipments, key: order_id}, {table: shop.invoices, key: order_id}]}
`

func newWorld(t *testing.T, settings ...string) *world {
	t.Helper()
	w := &world{mysql: mysqltest.Start(t, settings...), kafka: kafkatest.Start(t), config: writeFile(t, "telltale.yaml", aggregates)}
	store, err := mysql.Open(t.Context(), w.mysql.DSN("shop"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.root = mysqltest.DB(t, w.mysql, "shop")
	w.exec(t,
		"CREATE USER "+readerUser+" IDENTIFIED BY '"+password+"'",
		"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO "+readerUser,
		"GRANT SELECT ON shop.* TO "+readerUser,
		"CREATE USER "+consumerUser+" IDENTIFIED BY '"+password+"'",
		"GRANT ALL ON consumers.* TO "+consumerUser,
	)
	return w
}

func (w *world) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := w.root.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// during runs a statement and undoes it when the test is done.
func (w *world) during(t testing.TB, do, undo string) {
	t.Helper()
	w.exec(t, do)
	t.Cleanup(func() { w.exec(t, undo) })
}

func (w *world) dsn(user, database string) string {
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", user, password, w.mysql.Addr(), database)
}

// environ is the configuration of `telltale run` in this world, but for what over
// says, which names keys as environment variables without their prefix.
func (w *world) environ(over map[string]string) []string {
	values := map[string]string{
		"SOURCE_NAME":             "shop",
		"SOURCE_DSN":              w.dsn(readerUser, ""),
		"SOURCE_TABLES":           "shop.customers,shop.sign_ins,shop.addresses,shop.consents,shop.products,shop.stock,shop.product_categories,shop.reviews,shop.orders,shop.order_lines,shop.payments,shop.refunds,shop.shipments,shop.invoices",
		"KAFKA_BROKERS":           w.kafka.Brokers(),
		"KAFKA_PARTITIONS":        "2",
		"TRANSLATOR_RULES":        "../../config/rules",
		"CONSUMERS_DATABASE_DSN":  w.dsn(consumerUser, "consumers"),
		"CONSUMERS_SMTP_ADDR":     "127.0.0.1:1",
		"CONSUMERS_SMTP_FROM":     "shop@example.com",
		"CONSUMERS_SMTP_TLS":      "none",
		"CONSUMERS_SMTP_USERNAME": "shop",
		"CONSUMERS_SMTP_PASSWORD": password,
		"OPS_LISTEN":              "127.0.0.1:0",
	}
	maps.Copy(values, over)
	var environ []string
	for k, v := range values {
		environ = append(environ, "TELLTALE_"+k+"="+v)
	}
	return environ
}

// command runs a command line in this world.
func (w *world) command(ctx context.Context, environ []string, args ...string) result {
	if !slices.Contains(args, "--config") {
		args = append(slices.Clone(args), "--config", w.config)
	}
	return runCommand(ctx, environ, args...)
}

// traces are what a pipeline that started leaves behind: topics and databases.
func (w *world) traces(t testing.TB) []string {
	t.Helper()
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": w.kafka.Brokers(), "enable.metrics.push": false})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	metadata, err := admin.GetMetadata(nil, true, 5000)
	if err != nil {
		t.Fatalf("list topics: %v", err)
	}
	var found []string
	for topic := range metadata.Topics {
		found = append(found, "topic "+topic)
	}
	rows, err := w.root.QueryContext(t.Context(), "SHOW DATABASES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		found = append(found, "database "+name)
	}
	slices.Sort(found)
	return found
}

// eventually polls until ok holds and fails with what it said last otherwise.
func eventually(t testing.TB, what string, ok func() (bool, string)) {
	t.Helper()
	var said string
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var done bool
		if done, said = ok(); done {
			return
		}
	}
	t.Fatalf("%s: not after a minute: %s", what, said)
}
