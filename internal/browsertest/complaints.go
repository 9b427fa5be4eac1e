package browsertest

import (
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// complaints gathers what a developer would see in red in the browser's tools.
// It is safe for concurrent use.
type complaints struct {
	hosts []string

	mu   sync.Mutex
	list []string
}

func (c *complaints) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		c.add("exception: %s %s:%d", d.Text, d.URL, d.LineNumber+1)
		if d.Exception != nil {
			c.add("exception: %s", d.Exception.Description)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, arg := range e.Args {
				c.add("console: %s %s", arg.Value, arg.Description)
			}
		}
	case *log.EventEntryAdded:
		// Chromium's own words, such as those on a breach of the policy.
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			c.add("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || !slices.Contains(c.hosts, u.Scheme+"://"+u.Host) {
			c.add("a request to %s", e.Request.URL)
		}
	}
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// Complaints returns what was gathered since the last time: exceptions, errors and
// warnings on the console or of the browser itself, and requests to origins that
// were not allowed.
func (c *complaints) Complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}
