package demo

import (
	"context"
	"slices"
	"strings"

	"telltale/internal/demo/feed"
	"telltale/internal/demo/page"
)

// controls are what the page's buttons do.
type controls struct{ *demo }

var _ page.Controls = controls{}

// KillStage implements page.Controls.
func (c controls) KillStage(name string) error {
	i := slices.IndexFunc(c.stages, func(s *stage) bool { return s.Name == name })
	if i < 0 {
		return &page.UnknownError{What: "stage", Name: name, Known: c.stageNames()}
	}
	return c.stages[i].kill()
}

// RestartServer implements page.Controls. It goes on when the browser that
// asked for it does not wait.
func (c controls) RestartServer(name string) error {
	switch {
	case strings.EqualFold(name, partMySQL):
		return c.restartMySQL(c.following)
	case strings.EqualFold(name, partBroker):
		return c.restartBroker()
	}
	return &page.UnknownError{What: "server", Name: name, Known: []string{partMySQL, partBroker}}
}

// SetMail implements page.Controls.
func (c controls) SetMail(down bool) error { return c.setMail(down) }

// History implements page.Controls.
func (c controls) History(ctx context.Context, customer string) ([]feed.Fact, error) {
	if c.Options.History == nil {
		return nil, nil
	}
	return c.Options.History.Of(ctx, c.ledger, customer)
}
