package main

import (
	"crypto/tls"

	"telltale/config"
	"telltale/internal/mysqltls"
	"telltale/internal/preflight"
)

// encryption reads, for each stage that has a MySQL server, how connections to it
// are encrypted. What cannot be used is a finding.
func encryption(c config.Config, stages []config.Stage) (map[config.Stage]*tls.Config, error) {
	servers := map[config.Stage]struct {
		section, dsn string
		tls          config.TLS
	}{
		config.StageBinlog:    {"source", c.Source.DSN, c.Source.TLS},
		config.StageConsumers: {"consumers.database", c.Consumers.Database.DSN, c.Consumers.Database.TLS},
		config.StageCRUDApp:   {"crudapp", c.CRUDApp.DSN, c.CRUDApp.TLS},
	}
	out := make(map[config.Stage]*tls.Config)
	var found preflight.Findings
	for _, stage := range stages {
		s, ok := servers[stage]
		if !ok {
			continue
		}
		one, err := mysqltls.New(s.dsn, mysqltls.Options{
			Mode: mysqltls.Mode(s.tls.Mode), CAFile: s.tls.CAFile, CertFile: s.tls.CertFile, KeyFile: s.tls.KeyFile,
		})
		if err != nil {
			found.Add(err.Error(), s.section+".tls", "")
		}
		out[stage] = one
	}
	return out, found.Err()
}
