package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/consumers"
	"telltale/consumers/history"
	"telltale/consumers/mail"
	"telltale/consumers/mailer"
	"telltale/consumers/security"
)

// consumerNames are the consumers that the binary holds.
func consumerNames() []string { return []string{mailer.Name, security.Name, history.Name} }

// sendsMail tells whether a consumer needs consumers.smtp.
func sendsMail(name string) bool { return name == mailer.Name || name == security.Name }

func newConsumersCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:       "consumers [NAME…]",
		Short:     "React to business events: all consumers, or those named of " + strings.Join(consumerNames(), ", "),
		ValidArgs: consumerNames(),
		Args:      namesOf("consumer", consumerNames()),
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = consumerNames()
			}
			share := of(config.StageConsumers)
			share.NoMail = !slices.ContainsFunc(names, sendsMail)
			return runStages(cmd, e, share, func(p *process) ([]actor, error) {
				return p.consumerActors(names)
			})
		},
	}
	config.AddFlags(cmd.Flags(), config.StageConsumers)
	return cmd
}

// consumerActors builds the named consumers, one actor each.
func (p *process) consumerActors(names []string) ([]actor, error) {
	o := consumers.Options{
		DSN: p.Consumers.Database.DSN, TLS: p.encryption[config.StageConsumers], Kafka: p.kafka(config.StageConsumers),
		Logger: p.component(config.StageConsumers), Registerer: p.registry, Health: p.health,
		Traces: p.traces.Provider(string(config.StageConsumers)),
	}
	var actors []actor
	for _, name := range names {
		c, err := p.consumer(name)
		if err != nil {
			return nil, err
		}
		actors = append(actors, actor{
			name: "consumer " + name, run: func(ctx context.Context) error { return consumers.Run(ctx, o, c) }, part: consumers.HealthPart(name),
		})
	}
	return actors, nil
}

// consumer builds one of consumerNames.
func (p *process) consumer(name string) (consumers.Consumer, error) {
	switch name {
	case security.Name:
		return security.New(security.Options{Mail: p.mail()})
	case history.Name:
		return history.New(history.Options{}), nil
	}
	return mailer.New(mailer.Options{Mail: p.mail()})
}

// mail says where consumers' mails go.
func (p *process) mail() mail.Options {
	s := p.Consumers.SMTP
	return mail.Options{
		SMTP:   mail.SMTP{Addr: s.Addr, From: s.From, Username: s.Username, Password: s.Password, TLS: s.TLS, Connections: s.Connections},
		Logger: p.component(config.StageConsumers), Registerer: p.registry,
		Traces: p.traces.Provider(string(config.StageConsumers)),
	}
}
