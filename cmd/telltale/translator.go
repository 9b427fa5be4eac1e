package main

import (
	"context"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/translator"
)

func newTranslatorCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "translator",
		Short: "Translate row changes into business events by rules",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStages(cmd, e, of(config.StageTranslator), func(p *process) ([]actor, error) {
				return []actor{p.translatorActor()}, nil
			})
		},
	}
	config.AddFlags(cmd.Flags(), config.StageTranslator)
	return cmd
}

func (p *process) translatorActor() actor {
	o := p.translatorOptions()
	return actor{name: "translator", run: func(ctx context.Context) error { return translator.Run(ctx, o) }, part: translator.HealthPart}
}

func (p *process) translatorOptions() translator.Options {
	return translator.Options{
		Source: p.Source.Name, Rules: p.Translator.Rules, Group: p.Translator.Group,
		Kafka:      p.kafka(config.StageTranslator),
		Partitions: p.Kafka.Partitions, ReplicationFactor: p.Kafka.ReplicationFactor, CreateTopics: p.Kafka.CreateTopics,
		Logger: p.component(config.StageTranslator), Registerer: p.registry, Health: p.health,
		Traces: p.traces.Provider(string(config.StageTranslator)),
	}
}
