package browsertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Tab is one page in the browser, as its user sees it. Only one goroutine may use
// it at a time.
type Tab struct {
	// T is the test that fails where a step does.
	T   testing.TB
	ctx context.Context
	complaints
}

// Open opens an address in a tab of its own, which closes with the test.
func (b *Browser) Open(t testing.TB, address string) *Tab {
	t.Helper()
	x := &Tab{T: t, complaints: complaints{hosts: b.hosts}}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithListener(x.listen))
	t.Cleanup(cancel)
	x.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	x.Do("open "+address, chromedp.Navigate(address))
	return x
}

// Do takes steps that must succeed within StepTime.
func (x *Tab) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	x.T.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, StepTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		x.T.Fatalf("%s: %v\nthe page:\n%s", what, err, x.text())
	}
}

// Await waits up to StepTime until a JavaScript expression of the page is true.
// One that fails, as it may between two documents, is not true yet.
func (x *Tab) Await(what, expression string) {
	x.T.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, StepTime)
	defer cancel()
	for {
		met, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && met {
			return
		}
		select {
		case <-ctx.Done():
			x.T.Fatalf("waited %s for %s: %v\nthe page:\n%s", StepTime, what, err, x.text())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Follow clicks what a selector finds, a link or a button of a form, and waits for the
// document that it leads to.
func (x *Tab) Follow(selector string) {
	x.T.Helper()
	x.Do("click "+selector,
		chromedp.Evaluate[chromedp.Void](`void (window.left = true)`), chromedp.Click(chromedp.CSS(selector)))
	x.Await("the document behind "+selector, `!window.left && document.readyState === "complete"`)
}

// AwaitText waits until the page shows a text.
func (x *Tab) AwaitText(text string) {
	x.T.Helper()
	x.Await(fmt.Sprintf("the text %q", text), fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// text is what the page says, for the report of a failure.
func (x *Tab) text() string {
	ctx, cancel := context.WithTimeout(x.ctx, StepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return fmt.Sprintf("(cannot be read: %v)", err)
	}
	return text
}

// Frame returns where selectors find what is inside the page's frame, once the
// frame shows the element that is asked for. Each document that the frame loads
// has a place of its own.
func (x *Tab) Frame(selector string) chromedp.QueryOption {
	x.T.Helper()
	for deadline := time.Now().Add(StepTime); time.Now().Before(deadline); {
		nodes := Query(x, "find the frame", chromedp.Nodes(chromedp.CSS("iframe")))
		option := chromedp.FromNode(nodes[0])
		ctx, cancel := context.WithTimeout(x.ctx, time.Second)
		err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(selector), option))
		cancel()
		if err == nil {
			return option
		}
	}
	x.T.Fatalf("waited %s for %s in the frame", StepTime, selector)
	return nil
}

// Fill types into the fields of a form, each given by id and text, in place of what
// is there.
func (x *Tab) Fill(values [][2]string, options ...chromedp.QueryOption) {
	x.T.Helper()
	for _, v := range values {
		field := chromedp.CSS("#" + v[0])
		x.Do("type the "+v[0],
			chromedp.Focus(field, options...), selectAll(), chromedp.KeyEvent(kb.Delete),
			chromedp.SendKeys(field, v[1], options...))
	}
}

// Replace types a text in place of what is in the field that has the focus.
func (x *Tab) Replace(text string) {
	x.T.Helper()
	x.Do("replace the text", selectAll(), chromedp.KeyEvent(text))
}

// selectAll selects what is in the field that has the focus.
func selectAll() chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl))
}

// Evaluate returns the value of a JavaScript expression of the page.
func Evaluate[T any](x *Tab, expression string) T {
	x.T.Helper()
	return Query(x, expression, chromedp.Evaluate[T](expression))
}

// Query returns what an action finds within StepTime.
func Query[T any](x *Tab, what string, action chromedp.Action[T]) T {
	x.T.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, StepTime)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		x.T.Fatalf("%s: %v", what, err)
	}
	return value
}
