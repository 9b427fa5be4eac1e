package main

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	driver "github.com/go-sql-driver/mysql"

	"telltale/binlog"
	"telltale/config"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqltls"
	"telltale/internal/preflight"
	"telltale/translator"
)

// How long a server may take to answer a check, and a stage's check may take when
// no broker answered.
const (
	answerWithin     = 5 * time.Second
	brokerlessWithin = 2 * time.Second
)

// errUnchecked is the outcome of a check that got no further without a broker, which
// the check of Kafka has reported.
var errUnchecked = errors.New("not checked, since no broker answers")

// check is one look at what a stage depends on. It changes nothing.
type check struct {
	name string
	run  func(context.Context) error
}

// preflight runs the checks of stages before any of them starts, and returns all
// that they find. A process that is asked to stop meanwhile has found nothing.
func (p *process) preflight(ctx context.Context, stages ...config.Stage) error {
	var errs []error
	for _, c := range p.checks(stages...) {
		if err := c.run(ctx); !errors.Is(err, errUnchecked) {
			errs = append(errs, err)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errs...)
}

// checks are the checks of stages. Kafka comes first. Those of a stage look at it
// too, after what they can look at without it; where no broker answers, they get
// little time for that.
func (p *process) checks(stages ...config.Stage) []check {
	var out []check
	brokerDown := false
	if slices.ContainsFunc(stages, func(s config.Stage) bool { return s != config.StageCRUDApp }) {
		out = append(out, check{"kafka", func(ctx context.Context) error {
			err := p.checkKafka(ctx)
			brokerDown = err != nil
			return err
		}})
	}
	for _, s := range stages {
		run := p.stageCheck(s)
		out = append(out, check{string(s), func(ctx context.Context) error {
			if !brokerDown {
				return run(ctx)
			}
			ctx, cancel := context.WithTimeout(ctx, brokerlessWithin)
			defer cancel()
			err := run(ctx)
			var broker kafka.Error
			if errors.As(err, &broker) || errors.Is(err, context.DeadlineExceeded) {
				return errUnchecked
			}
			return err
		}})
	}
	return out
}

// stageCheck is the check of one stage. What Kafka's client would log meanwhile is
// in its errors.
func (p *process) stageCheck(s config.Stage) func(context.Context) error {
	return func(ctx context.Context) error {
		switch s {
		case config.StageBinlog:
			o := p.binlogOptions()
			o.Kafka.Logger = nil
			return binlog.Check(ctx, o)
		case config.StageTranslator:
			o := p.translatorOptions()
			o.Kafka.Logger = nil
			return translator.Check(ctx, o)
		case config.StageConsumers:
			return checkDatabase(ctx, "consumers.database", p.Consumers.Database.DSN, p.encryption[s])
		}
		return checkDatabase(ctx, "crudapp", p.CRUDApp.DSN, p.encryption[s])
	}
}

func (p *process) checkKafka(ctx context.Context) error {
	err := kafkaclient.Ping(ctx, kafkaclient.Config{Brokers: p.Kafka.Brokers, Properties: p.Kafka.Properties})
	if err == nil {
		return nil
	}
	where, mend := "kafka.brokers", "start a broker there, or correct kafka.brokers, or kafka.properties where it wants TLS or a password"
	var unreachable *kafkaclient.BrokerError
	switch {
	case kafkaclient.IsRefused(err):
		where = "kafka.properties"
		mend = "correct the account (sasl.mechanism, sasl.username, sasl.password), or the authority that signed the broker's certificate (ssl.ca.location); " +
			"the certificate must be for the host that kafka.brokers names"
	case !errors.As(err, &unreachable):
		where, mend = "kafka.properties", "correct the setting"
	}
	return preflight.Findings{{What: err.Error(), Where: where, Mend: mend}}
}

// checkMail dials the mail server. A stage starts without it, since mails wait in
// the ledger.
func (p *process) checkMail(ctx context.Context) error {
	addr := p.Consumers.SMTP.Addr
	dialer := net.Dialer{Timeout: answerWithin}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return preflight.Findings{{
			What: fmt.Sprintf("reach the mail server at %s: %v", addr, err), Where: "consumers.smtp.addr",
			Mend: "start the mail server, or correct consumers.smtp.addr",
		}}
	}
	return conn.Close()
}

// Numbers of MySQL errors that are told apart.
const (
	errAccessDenied   = 1045
	errDatabaseDenied = 1044
	errNoDatabase     = 1049
)

// checkDatabase signs in to a database that a stage writes, whose data source name is
// configured in section. One that does not exist yet is its stage's to create.
func checkDatabase(ctx context.Context, section, dsn string, encryption *tls.Config) error {
	key := section + ".dsn"
	c, err := driver.ParseDSN(dsn)
	if err != nil {
		return preflight.Findings{{What: "the value is no data source name", Where: key, Mend: "set " + key + " to user:password@tcp(host:3306)/database"}}
	}
	c.Logger = &driver.NopLogger{}
	if encryption != nil {
		c.TLS = encryption
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		return fmt.Errorf("use %s: %w", key, err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	err = db.PingContext(ctx)
	var my *driver.MySQLError
	isMy := errors.As(err, &my)
	if err == nil || isMy && my.Number == errNoDatabase {
		return nil
	}
	mend := "start the server, or correct " + key
	if isMy && (my.Number == errAccessDenied || my.Number == errDatabaseDenied) {
		mend = fmt.Sprintf("correct the user or password in %[1]s, or on the server:\nCREATE USER IF NOT EXISTS '%[2]s'@'%%' IDENTIFIED BY '…';\nGRANT ALL ON `%[3]s`.* TO '%[2]s'@'%%';",
			key, c.User, c.DBName)
	}
	if advice := mysqltls.Advice(err, section); advice != "" {
		mend = advice
	}
	return preflight.Findings{{What: fmt.Sprintf("connect to MySQL at %s as %s: %v", c.Addr, c.User, err), Where: key, Mend: mend}}
}
