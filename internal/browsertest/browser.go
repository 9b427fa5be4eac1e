// Package browsertest drives a headless Chromium for tests that use pages as a
// person does, and judges how the pages look.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// StepTime bounds each thing that a person does or waits for in the browser.
	StepTime = time.Minute
	// stopTime bounds how long the browser may take to end.
	stopTime = 10 * time.Second
)

// Browser is a headless Chromium, or one person's part of it, with cookies of its
// own. It resolves no host name, so that nothing it might ask elsewhere is
// answered.
type Browser struct {
	ctx context.Context
	// hosts are the origins that a page may ask.
	hosts []string
}

// Start starts the Chromium that is installed and stops it with the test. It fails
// the test where none is installed. A page that asks another origin than those of
// hosts, such as "http://127.0.0.1:8080", is complained of.
func Start(t testing.TB, hosts ...string) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findChromium(t)),
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.WindowSize(1400, 1000),
	)
	if os.Geteuid() == 0 { // Chromium's sandbox refuses root.
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() {
		limited, cancel := context.WithTimeout(ctx, stopTime)
		defer cancel()
		if err := chromedp.Cancel(limited); err != nil {
			t.Errorf("stop Chromium: %v", err)
		}
	})
	return &Browser{ctx: ctx, hosts: hosts}
}

func findChromium(t testing.TB) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("none of %s is on PATH: scripts/prerequisites.sh --install", strings.Join(names, ", "))
	return ""
}

// Person returns the browser of somebody else, with cookies of its own, until the
// test ends. A page may ask the given origins alone, or where there are none, those
// of b.
func (b *Browser) Person(t testing.TB, hosts ...string) *Browser {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a browser for another person: %v", err)
	}
	if len(hosts) == 0 {
		hosts = b.hosts
	}
	return &Browser{ctx: ctx, hosts: hosts}
}
