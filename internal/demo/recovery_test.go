package demo_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/internal/binarytest"
	"telltale/internal/demo/feed"
)

// healTime bounds how long a part may take to come back. The successor of a
// killed stage waits until its group has missed it.
const healTime = 2 * time.Minute

// TestDemoHeals takes away one part after the other while the customer is
// renamed, and asks that nothing of it is missing or twice in the end. It is not
// parallel: a second demo would take time from what is to heal.
func TestDemoHeals(t *testing.T) {
	c := start(t, binarytest.Build(t), "--dir", filepath.Join(t.TempDir(), "data"))
	post(t, c.shop+"/api/customers", map[string]string{
		"name": "Bob", "email": "bob@example.com", "password": "a long enough pass phrase",
	}, http.StatusCreated)
	c.awaitCard(t, "", "CustomerRegistered")
	r := &renamer{child: c}

	stages := c.stages(t)
	if len(stages) < 4 {
		t.Fatalf("got the stages %v, want binlog, translator and consumers", stages)
	}
	for _, name := range stages {
		r.rename(t)
		post(t, c.page+"/api/stages/"+name+"/kill", nil, http.StatusNoContent)
		c.awaitPart(t, name, "killed")
		r.rename(t)
	}
	for _, name := range stages {
		if p := c.awaitPart(t, name, "running"); p.Restarts != 1 || p.PID == 0 {
			t.Errorf("after a kill: got %+v, want a process that was started again once", p)
		}
	}
	r.await(t)

	post(t, c.page+"/api/smtp", map[string]bool{"down": true}, http.StatusNoContent)
	r.rename(t)
	if p := c.awaitPart(t, "mailer", "waiting"); !strings.Contains(p.Reason, "smtp") {
		t.Errorf("no mail server: got %+v, want the mailer to wait for it", p)
	}
	poll(t, healTime, "the mail to count as lag", func() bool { return c.lag(t, "mailer").Lag > 0 })
	post(t, c.page+"/api/smtp", map[string]bool{"down": false}, http.StatusNoContent)
	r.await(t)

	for _, name := range []string{"MySQL", "broker"} {
		post(t, c.page+"/api/servers/"+name+"/restart", nil, http.StatusNoContent)
		if p := c.awaitPart(t, name, "running"); p.Restarts != 1 {
			t.Errorf("after a restart: got %+v, want one", p)
		}
		r.rename(t)
		r.await(t)
	}
	for _, name := range stages {
		poll(t, healTime, name+" to be done", func() bool { return c.lag(t, name).Lag == 0 })
	}
	c.interrupt(t)
}

// stages are the names of the stages.
func (c *child) stages(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, p := range c.state(t).Status.Parts {
		if p.Kind == feed.PartStage {
			names = append(names, p.Name)
		}
	}
	return names
}

// awaitPart polls until a part is in a state.
func (c *child) awaitPart(t *testing.T, name, state string) (found feed.Part) {
	t.Helper()
	poll(t, healTime, name+" to be "+state, func() bool {
		return slices.ContainsFunc(c.state(t).Status.Parts, func(p feed.Part) bool {
			found = p
			return p.Name == name && p.State == state
		})
	})
	return found
}

// lag is the newest sample of a stage; -1 where there is none.
func (c *child) lag(t *testing.T, name string) feed.Lag {
	t.Helper()
	samples := c.state(t).Lag
	if len(samples) == 0 {
		return feed.Lag{Lag: -1}
	}
	stages := samples[len(samples)-1].Stages
	i := slices.IndexFunc(stages, func(l feed.Lag) bool { return l.Name == name })
	if i < 0 {
		t.Fatalf("got no lag of %s in %+v", name, stages)
	}
	return stages[i]
}

// renamer renames the customer by hand, to another name each time.
type renamer struct {
	*child
	names int
}

func (r *renamer) rename(t *testing.T) {
	t.Helper()
	r.names++
	statement := fmt.Sprintf("UPDATE customers SET name = 'Bob %d'", r.names)
	post(t, r.page+"/api/sql", map[string]string{"statement": statement}, http.StatusOK)
}

// await polls until each name has its event, its row of the history and its
// mail, each once and in order.
func (r *renamer) await(t *testing.T) {
	t.Helper()
	var want []string
	for i := range r.names {
		want = append(want, fmt.Sprintf("Bob %d", i+1))
	}
	var events, rows, mails []string
	poll(t, healTime, fmt.Sprintf("%d names to have arrived", r.names), func() bool {
		events, rows, mails = told(r.state(t))
		return len(events) >= r.names && len(rows) >= r.names && len(mails) >= r.names
	})
	for what, got := range map[string][]string{"events": events, "history": rows, "mails": mails} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
}

// told are the new names that the page shows, oldest first. A mail that was sent
// again under its Message-ID counts once.
func told(s state) (events, rows, mails []string) {
	for _, c := range s.Cards {
		for _, e := range c.Events {
			if _, rest, renamed := strings.Cut(e.Detail, `"new_name":"`); renamed {
				events = append(events, strings.TrimSuffix(rest, `"}`))
			}
		}
	}
	for _, f := range s.History {
		if f.Type == "CustomerNameChanged" {
			rows = append(rows, *f.New)
		}
	}
	seen := map[string]bool{}
	for _, m := range s.Mails {
		if name, renamed := strings.CutPrefix(m.Subject, "Your name was changed to "); renamed && !seen[m.MessageID] {
			seen[m.MessageID] = true
			mails = append(mails, name)
		}
	}
	return events, rows, mails
}
