package tour

import (
	"encoding/json"
	"fmt"
	"os"
)

// source is the name of the tour's source.
const source = "shop"

// configFile is the configuration of the children. JSON is YAML.
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
	DSN string `json:"dsn"`
}

type listenConfig struct {
	Listen string `json:"listen"`
}

// config is what the children run with.
func (w *World) config() configFile {
	return configFile{
		Source: sourceConfig{
			Name: source, DSN: w.dsns.Binlog, Tables: []string{"shop.*"},
			ExcludeTables: []string{"shop.sessions", "shop.goose_db_version"},
			Columns:       []columnRule{{Match: "*.password_hash", Do: "deny"}},
		},
		Kafka:      kafkaConfig{Brokers: w.Brokers},
		Translator: translatorConfig{Rules: w.Rules},
		Consumers: consumersConfig{
			Database: databaseConfig{DSN: w.dsns.Consumers},
			SMTP:     smtpConfig{Addr: w.SMTP.Addr(), From: "Corner Shop <shop@example.com>", TLS: "none"},
		},
		CRUDApp: crudappConfig{DSN: w.dsns.Shop},
		HTTP:    listenConfig{Listen: w.shopAddr},
	}
}

// writeConfig writes the file for its owner alone: it holds passwords.
func (w *World) writeConfig(path string) error {
	text, err := json.MarshalIndent(w.config(), "", "  ")
	if err != nil {
		return fmt.Errorf("encode the tour's configuration: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write the tour's configuration: %w", err)
	}
	return nil
}
