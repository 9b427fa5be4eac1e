package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/binlog"
	"telltale/config"
)

func newBinlogCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "binlog",
		Short: "Publish row changes from the binlog to Kafka",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStages(cmd, e, of(config.StageBinlog), func(p *process) ([]actor, error) {
				e.limit(p.Source.MemoryMB)
				return []actor{p.binlogActor()}, nil
			})
		},
	}
	config.AddFlags(cmd.Flags(), config.StageBinlog)
	return cmd
}

// limit has Go's runtime keep to its share of the reader's memory, and the C library
// waste none of the rest, most of which is the Kafka client's, where the reader has
// the process to itself. GOMEMLIMIT and MALLOC_ARENA_MAX in the environment say
// otherwise.
func (e env) limit(memoryMB int) {
	if e.limitMemory != nil && !e.sets("GOMEMLIMIT") {
		e.limitMemory(int64(memoryMB) * 1e6 / 3)
	}
	if e.shareArena != nil && !e.sets("MALLOC_ARENA_MAX") {
		e.shareArena()
	}
}

// sets reports whether the environment has the variable.
func (e env) sets(name string) bool {
	return slices.ContainsFunc(e.environ, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}

func (p *process) binlogActor() actor {
	o := p.binlogOptions()
	return actor{name: "binlog", run: func(ctx context.Context) error { return binlog.Run(ctx, o) }, part: binlog.HealthPart}
}

func (p *process) binlogOptions() binlog.Options {
	var columns []binlog.ColumnRule
	for _, c := range p.Source.Columns {
		columns = append(columns, binlog.ColumnRule{Match: c.Match, Do: c.Do})
	}
	var aggregates []binlog.Aggregate
	for _, a := range p.Source.Aggregates {
		var tables []binlog.AggregateTable
		for _, t := range a.Tables {
			tables = append(tables, binlog.AggregateTable{Table: t.Table, Key: t.Key})
		}
		aggregates = append(aggregates, binlog.Aggregate{Name: a.Name, Tables: tables})
	}
	var keys []binlog.MessageKey
	for _, k := range p.Source.MessageKeyColumns {
		keys = append(keys, binlog.MessageKey{Table: k.Table, Columns: k.Columns})
	}
	return binlog.Options{
		Name: p.Source.Name, DSN: p.Source.DSN, TLS: p.encryption[config.StageBinlog],
		Tables: p.Source.Tables, ExcludeTables: p.Source.ExcludeTables, Columns: columns, Aggregates: aggregates, MessageKeys: keys,
		Types: p.Source.Types, TypeOptions: binlog.TypeOptions(p.Source.TypeOptions),
		Snapshot: p.Source.Snapshot, Format: p.Source.Format, Delivery: p.Source.Delivery,
		TransactionTopic: p.Source.TransactionTopic, NoTombstones: !p.Source.TombstonesOnDelete,
		Truncates: p.Source.Truncates, PartialImages: p.Source.PartialImages,
		Oversize: p.Source.Oversize, ClaimChecks: p.Source.ClaimChecks,
		Memory:   p.Source.MemoryMB * 1e6,
		ServerID: p.Source.ServerID, Version: version(),
		Kafka:      p.kafka(config.StageBinlog),
		Partitions: p.Kafka.Partitions, ReplicationFactor: p.Kafka.ReplicationFactor, CreateTopics: p.Kafka.CreateTopics,
		Logger: p.component(config.StageBinlog), Registerer: p.registry, Health: p.health,
		Traces: p.traces.Provider(string(config.StageBinlog)),
	}
}
