package demo_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"telltale/internal/binarytest"
)

var screenshots = flag.String("screenshots", "", "folder to write the README's pictures of the page to")

// TestBrowser goes through the story as a person does who only has the page.
// It is not parallel: two demos that start at the same moment want the same ports.
func TestBrowser(t *testing.T) {
	demo := start(t, binarytest.Build(t), "--dir", filepath.Join(t.TempDir(), "data"))
	browser := startChromium(t, demo.page, demo.shop)

	page := browser.open(t, demo.page+"/")
	page.await("the parts of the demo", `document.querySelector("#parts li") !== null && !document.querySelector("#parts li:not([data-state=running])")`)
	before := places(page)
	registerInFrame(page)
	renameInTwoTabs(t, browser, demo, page)
	runByKeyboard(page)
	if after := places(page); after != before {
		t.Errorf("the page moved: got %s, want %s", after, before)
	}
	showAccount(t, page)
	looks(t, page)
	if list := page.take(); len(list) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(list, "\n"))
	}
	demo.interrupt(t)
}

// places tells where the page's parts are and how large.
func places(page *tab) string {
	return evaluate[string](page, `JSON.stringify(["iframe", "#sql", "#feed-title", "#mail-title"].map((s) => {
		const r = document.querySelector(s).getBoundingClientRect();
		return [s, r.x, r.y, r.width, r.height].join(" ");
	}))`)
}

// cardsWith is an expression that counts the cards whose row change, event and
// mail say what is wanted.
func cardsWith(row, event, mail string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#feed .card")].filter((card) =>
		[%q, %q, %q].every((want, i) => card.querySelectorAll(".cell")[i].innerText.includes(want))).length`, row, event, mail)
}

// registerInFrame opens an account in the shop's frame and waits for what comes
// of it beside.
func registerInFrame(page *tab) {
	page.t.Helper()
	const link, button = `a[href="/register"]`, "form[action='/register'] button"
	page.do("go to the form", chromedp.Click(chromedp.CSS(link), page.frame(link)))
	form := page.frame(button)
	page.fill([][2]string{{"name", "Bob"}, {"email", "bob@example.com"}, {"password", "a long enough pass phrase"}}, form)
	page.do("open the account", chromedp.Click(chromedp.CSS(button), form))
	page.await("the card of Bob", cardsWith("insert shop.customers", "CustomerRegistered", "bob@example.com")+" === 1")
	page.await("Bob's mail in the mailbox", `document.querySelector("#mails .mail")?.innerText.includes("bob@example.com") ?? false`)
}

// renameInTwoTabs has the same customer change the name in two tabs that show
// the same version: the second is told, and one event comes of it.
func renameInTwoTabs(t *testing.T, browser *chromium, demo *child, page *tab) {
	t.Helper()
	first, second := browser.open(t, demo.shop+"/account"), browser.open(t, demo.shop+"/account")
	for _, x := range []*tab{first, second} {
		x.do("see the form", chromedp.WaitVisible(chromedp.CSS("#name")))
	}
	save := chromedp.Click(chromedp.CSS("form[action='/account'] button"))
	first.fill([][2]string{{"name", "Alice"}})
	first.do("save Alice", save)
	first.await("the note that it is saved", `document.body.innerText.includes("Your details are saved.")`)
	second.fill([][2]string{{"name", "Jim"}})
	second.do("save Jim", save)
	second.await("the conflict", `document.querySelector("[role=alert] tr.differs")?.innerText.replace(/\s+/g, " ").trim() === "Name Jim Alice"`)

	renamed := cardsWith("update shop.customers", "CustomerNameChanged", "bob@example.com")
	page.await("the card of Alice", renamed+" === 1")
	page.await("the mail about Alice", `document.querySelectorAll("#mails .mail").length === 2`)
	if n := evaluate[int](page, cardsWith("", "CustomerNameChanged", "")); n != 1 {
		t.Errorf("got %d cards of a changed name, want 1", n)
	}
	for _, complaint := range append(first.take(), second.take()...) {
		// Chromium calls it an error that a page answers 409.
		if !strings.Contains(complaint, "status of 409") {
			t.Errorf("the browser complains about the shop: %s", complaint)
		}
	}
}

// runByKeyboard changes the row by a statement, with no mouse at all.
func runByKeyboard(page *tab) {
	page.t.Helper()
	page.do("begin at the top", chromedp.Navigate(evaluate[string](page, "location.href")))
	page.await("the cards to be back", `document.querySelectorAll("#feed .card").length === 2`)
	tabTo(page, "#statement")
	page.do("replace the statement",
		chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl)),
		chromedp.KeyEvent("UPDATE customers SET name = 'Carol' WHERE name = 'Alice'"))
	tabTo(page, "#sql button")
	page.do("run it", chromedp.KeyEvent(kb.Enter))
	page.await("the answer", `document.querySelector("#answer").innerText === "1 row changed."`)
	page.await("the card of Carol", cardsWith("Carol", "CustomerNameChanged", "bob@example.com")+" === 1")
	page.await("the mail about Carol", `document.querySelectorAll("#mails .mail").length === 3`)
	tabTo(page, "#feed")
	tabTo(page, "#mails")
}

// showAccount has the shop show what the statement wrote.
func showAccount(t *testing.T, page *tab) {
	t.Helper()
	const link = `.welcome a[href="/account"]`
	page.do("go to the account", chromedp.Click(chromedp.CSS(link), page.frame(link)))
	if got := query(page, "read the name", chromedp.Value(chromedp.CSS("#name"), page.frame("#name"))); got != "Carol" {
		t.Errorf("the shop shows the name %q, want Carol", got)
	}
}

// tabTo presses Tab until an element has the focus, and asks that it shows so.
func tabTo(page *tab, selector string) {
	page.t.Helper()
	const enough = 40
	for range enough {
		page.do("press Tab", chromedp.KeyEvent(kb.Tab))
		if evaluate[bool](page, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			if style := evaluate[string](page, `getComputedStyle(document.activeElement).outlineStyle`); style == "none" {
				page.t.Errorf("the focus on %s does not show", selector)
			}
			return
		}
	}
	page.t.Fatalf("pressed Tab %d times without reaching %s", enough, selector)
}

// looks checks the page in both colour schemes at the widths of a desk and of a
// telephone, and takes the pictures that are asked for.
func looks(t *testing.T, page *tab) {
	t.Helper()
	for _, look := range []struct {
		name          string
		width, height int64
		scheme        string
		from, to      float64 // What the ground's lightness may be, from 0 to 1.
		top           string  // What is at the top of the picture, if one is taken.
	}{
		{"desktop-light", 1400, 1000, "light", 0.8, 1, "body"},
		{"desktop-dark", 1400, 1000, "dark", 0, 0.2, ""},
		{"window-light", 1000, 700, "light", 0.8, 1, ""},
		{"phone-light", 420, 900, "light", 0.8, 1, ""},
		{"phone-dark", 420, 900, "dark", 0, 0.2, "#sql"},
	} {
		page.do("look at "+look.name, chromedp.EmulateViewport(look.width, look.height), prefer(look.scheme))
		page.await("the width", fmt.Sprintf(`innerWidth === %d`, look.width))
		if wide := evaluate[[]string](page, overflowing); len(wide) > 0 {
			t.Errorf("%s: wider than their place: %s", look.name, strings.Join(wide, ", "))
		}
		if got := evaluate[float64](page, lightness); got < look.from || got > look.to {
			t.Errorf("%s: got a ground of lightness %.2f, want %.2f to %.2f", look.name, got, look.from, look.to)
		}
		if low := evaluate[[]string](page, illegible); len(low) > 0 {
			t.Errorf("%s: contrast below 4.5: %s", look.name, strings.Join(low, ", "))
		}
		if *screenshots != "" && look.top != "" {
			take(page, look.top, filepath.Join(*screenshots, "page-"+look.name+".png"))
		}
	}
}

// prefer emulates the colour scheme that a person chose.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// take takes a picture of what is in the window below an element's top.
func take(page *tab, top, path string) {
	page.t.Helper()
	page.do("arrange the picture", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
		`document.activeElement.blur(), document.querySelector(%q).scrollIntoView(), scrollBy(0, -12),
		document.querySelectorAll("#feed, #mails").forEach((e) => e.scrollTo(0, 0))`, top)))
	page.await("the end of all animations", `document.getAnimations().length === 0`)
	picture := query(page, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		page.t.Fatal(err)
	}
}

const (
	// overflowing names what has more in it than its width shows.
	overflowing = `[...document.querySelectorAll("html, main, .pane, .feed, .mails, .cell, .mail")]
		.filter((e) => e.scrollWidth > e.clientWidth)
		.map((e) => e.tagName + "#" + e.id + "." + e.className)`

	// colours reads a colour as Chromium computes it, and weighs it as WCAG does.
	colours = `const rgb = (text) => (([r, g, b, a = 1]) => [r, g, b, a])(text.match(/[\d.]+/g).map(Number));
		const weigh = (text) => rgb(text).slice(0, 3).map((c) => c / 255)
			.map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
			.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);`

	lightness = `(() => { ` + colours + ` return weigh(getComputedStyle(document.body).backgroundColor); })()`

	// illegible names the elements whose text stands out too little from its ground.
	illegible = `(() => { ` + colours + `
		const ground = (e) => rgb(getComputedStyle(e).backgroundColor)[3] > 0 ? getComputedStyle(e).backgroundColor : ground(e.parentElement);
		return [...document.querySelectorAll("body *")]
			.filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility())
			.filter((e) => {
				const [dark, light] = [weigh(getComputedStyle(e).color), weigh(ground(e))].sort((a, b) => a - b);
				return (light + 0.05) / (dark + 0.05) < 4.5;
			})
			.map((e) => e.tagName + "." + e.className + " " + e.innerText.slice(0, 30));
	})()`
)
