package install

import (
	"encoding/json"
	"fmt"
	"os"
)

// Source is the name of the source.
const Source = "shop"

// configFile is the configuration of all processes. JSON is YAML.
type configFile struct {
	Source     sourceConfig     `json:"source"`
	Kafka      kafkaConfig      `json:"kafka"`
	Translator translatorConfig `json:"translator"`
	Consumers  consumersConfig  `json:"consumers"`
	CRUDApp    crudappConfig    `json:"crudapp"`
	HTTP       listenConfig     `json:"http"`
}

type sourceConfig struct {
	Name          string       `json:"name"`
	DSN           string       `json:"dsn"`
	Tables        []string     `json:"tables"`
	ExcludeTables []string     `json:"exclude_tables"`
	Columns       []columnRule `json:"columns"`
	Aggregates    []aggregate  `json:"aggregates"`
	Delivery      string       `json:"delivery,omitempty"`
}

type aggregate struct {
	Name   string           `json:"name"`
	Tables []aggregateTable `json:"tables"`
}

type aggregateTable struct {
	Table string `json:"table"`
	Key   string `json:"key"`
}

type columnRule struct {
	Match string `json:"match"`
	Do    string `json:"do"`
}

type kafkaConfig struct {
	Brokers string `json:"brokers"`
}

type translatorConfig struct {
	Rules string `json:"rules"`
}

type consumersConfig struct {
	Database databaseConfig `json:"database"`
	SMTP     smtpConfig     `json:"smtp"`
}

type databaseConfig struct {
	DSN string `json:"dsn"`
}

type smtpConfig struct {
	Addr string `json:"addr"`
	From string `json:"from"`
	TLS  string `json:"tls"`
}

type crudappConfig struct {
	DSN            string   `json:"dsn"`
	TrustedProxies []string `json:"trusted_proxies"`
	Payments       []string `json:"payments"`
}

type listenConfig struct {
	Listen string `json:"listen"`
}

// config is what the processes run with.
func (i *Install) config() configFile {
	return configFile{
		Source: sourceConfig{
			Name: Source, DSN: i.DSNs.Binlog, Tables: []string{"shop.*"},
			ExcludeTables: []string{"shop.sessions", "shop.staff", "shop.staff_sessions", "shop.goose_db_version"},
			Delivery:      i.Delivery,
			Columns:       []columnRule{{Match: "*.password_hash", Do: "deny"}},
			Aggregates: []aggregate{
				{Name: "customer", Tables: []aggregateTable{
					{Table: "shop.customers", Key: "id"},
					{Table: "shop.sign_ins", Key: "customer_id"},
					{Table: "shop.addresses", Key: "customer_id"},
					{Table: "shop.consents", Key: "customer_id"},
				}},
				{Name: "product", Tables: []aggregateTable{
					{Table: "shop.products", Key: "id"},
					{Table: "shop.stock", Key: "product_id"},
					{Table: "shop.product_categories", Key: "product_id"},
				}},
				{Name: "order", Tables: []aggregateTable{
					{Table: "shop.orders", Key: "id"},
					{Table: "shop.order_lines", Key: "order_id"},
					{Table: "shop.payments", Key: "order_id"},
					{Table: "shop.refunds", Key: "order_id"},
					{Table: "shop.shipments", Key: "order_id"},
					{Table: "shop.invoices", Key: "order_id"},
				}},
			},
		},
		Kafka:      kafkaConfig{Brokers: i.Brokers},
		Translator: translatorConfig{Rules: i.Rules},
		Consumers: consumersConfig{
			Database: databaseConfig{DSN: i.DSNs.Consumers},
			SMTP:     smtpConfig{Addr: i.SMTP, From: "Corner Shop <shop@example.com>", TLS: "none"},
		},
		CRUDApp: crudappConfig{DSN: i.DSNs.Shop, TrustedProxies: []string{"127.0.0.1/32"}, Payments: []string{"transfer", "test-card"}},
		HTTP:    listenConfig{Listen: i.ShopAddr},
	}
}

// writeConfig writes the file for its owner alone: it holds passwords.
func (i *Install) writeConfig() error {
	text, err := json.MarshalIndent(i.config(), "", "  ")
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if err := os.WriteFile(i.file, text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
