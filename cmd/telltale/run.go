package main

import (
	"github.com/spf13/cobra"

	"telltale/config"
)

// newRunCommand runs the whole pipeline in one process. The stages meet on topics,
// as they do in processes of their own:
//
//	MySQL ──► binlog ──► Kafka ──► translator ──► Kafka ──► consumers ──► MySQL, SMTP
//
// They stop in that order, so that each can still take what the one before it
// published last.
func newRunCommand(e env) *cobra.Command {
	stages := []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run binlog, translator and all consumers in one process",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStages(cmd, e, of(stages...), func(p *process) ([]actor, error) {
				actors, err := p.consumerActors(consumerNames())
				return append([]actor{p.binlogActor(), p.translatorActor()}, actors...), err
			})
		},
	}
	config.AddFlags(cmd.Flags(), stages...)
	return cmd
}
