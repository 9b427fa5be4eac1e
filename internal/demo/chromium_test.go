package demo_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stepTime bounds each thing that a person does or waits for in the browser.
const stepTime = time.Minute

// chromium is a headless browser with a profile of its own. It resolves no
// host name, so that nothing it might ask elsewhere is answered.
type chromium struct {
	ctx context.Context
	// hosts are the addresses that a page may ask.
	hosts []string
}

// startChromium starts the browser that is installed and stops it with the test.
func startChromium(t *testing.T, hosts ...string) *chromium {
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
	return &chromium{ctx: ctx, hosts: hosts}
}

func findChromium(t *testing.T) string {
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

// tab is one page in the browser, as its user sees it.
type tab struct {
	t   *testing.T
	ctx context.Context
	*complaints
}

// open opens an address in a tab of its own.
func (c *chromium) open(t *testing.T, address string) *tab {
	t.Helper()
	x := &tab{t: t, complaints: &complaints{hosts: c.hosts}}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithListener(x.listen))
	t.Cleanup(cancel)
	x.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	x.do("open "+address, chromedp.Navigate(address))
	return x
}

// do takes steps that must succeed in time.
func (x *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, stepTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		x.t.Fatalf("%s: %v\nthe page:\n%s", what, err, x.text())
	}
}

// await waits until a JavaScript expression of the page is true. One that fails,
// as it may between two documents, is not true yet.
func (x *tab) await(what, expression string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, stepTime)
	defer cancel()
	for {
		met, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && met {
			return
		}
		select {
		case <-ctx.Done():
			x.t.Fatalf("waited %s for %s: %v\nthe page:\n%s", stepTime, what, err, x.text())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// text is what the page says, for the report of a failure.
func (x *tab) text() string {
	ctx, cancel := context.WithTimeout(x.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return fmt.Sprintf("(cannot be read: %v)", err)
	}
	return text
}

// frame returns where selectors find what is inside the page's frame, once the
// frame shows the element that is asked for. Each document that the frame loads
// has a place of its own.
func (x *tab) frame(selector string) chromedp.QueryOption {
	x.t.Helper()
	for deadline := time.Now().Add(stepTime); time.Now().Before(deadline); {
		nodes := query(x, "find the frame", chromedp.Nodes(chromedp.CSS("iframe")))
		option := chromedp.FromNode(nodes[0])
		ctx, cancel := context.WithTimeout(x.ctx, time.Second)
		err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(selector), option))
		cancel()
		if err == nil {
			return option
		}
	}
	x.t.Fatalf("waited %s for %s in the frame", stepTime, selector)
	return nil
}

// fill types into the fields of a form, in place of what is there.
func (x *tab) fill(values [][2]string, options ...chromedp.QueryOption) {
	x.t.Helper()
	for _, v := range values {
		field := chromedp.CSS("#" + v[0])
		x.do("type the "+v[0], chromedp.Clear(field, options...), chromedp.SendKeys(field, v[1], options...))
	}
}

// replace types a text in place of what is in the field that has the focus.
func (x *tab) replace(text string) {
	x.t.Helper()
	x.do("replace the text", chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl)), chromedp.KeyEvent(text))
}

func evaluate[T any](x *tab, expression string) T {
	x.t.Helper()
	return query(x, expression, chromedp.Evaluate[T](expression))
}

func query[T any](x *tab, what string, action chromedp.Action[T]) T {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, stepTime)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		x.t.Fatalf("%s: %v", what, err)
	}
	return value
}
