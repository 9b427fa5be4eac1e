package demo_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

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
	page.await("the parts of the demo", allRun)
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
	return evaluate[string](page, `JSON.stringify(["iframe", "#way", "#changes", "#sql", "#mailbox", "#stages"].map((s) => {
		const r = document.querySelector(s).getBoundingClientRect();
		return [s, r.x, r.y, r.width, r.height].join(" ");
	}))`)
}

// allRun is an expression that is true when the page says that everything runs.
const allRun = `document.querySelector("#overall").dataset.state === "running"`

// lines is an expression that counts the changes in the list whose line says all
// that is wanted.
func lines(wants ...string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#list .line")].filter((e) =>
		[%s].every((want) => e.innerText.includes(want))).length`, quoted(wants))
}

// wayShows is an expression that is true when the change that is shown in full
// has a row change, a rule, an event and an effect that say what is wanted, with
// the milliseconds of each step.
func wayShows(row, rule, event, effect string) string {
	return fmt.Sprintf(`Object.entries({row: %q, rule: %q, event: %q, effect: %q}).every(([step, want]) =>
		[...document.querySelectorAll("#path .there[data-step=" + step + "]")].some((e) => e.innerText.includes(want)))
		&& [...document.querySelectorAll("#path .arrow")].every((e) => / m?s$/.test(e.innerText))`, row, rule, event, effect)
}

func quoted(list []string) string {
	var q []string
	for _, s := range list {
		q = append(q, fmt.Sprintf("%q", s))
	}
	return strings.Join(q, ", ")
}

// mails is an expression that counts the mails whose subject and recipient say
// what is wanted.
func mails(want string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#mails summary")].filter((e) => e.innerText.includes(%q)).length`, want)
}

// registerInFrame follows the page's call, opens an account in the shop's frame
// and waits for what comes of it beside.
func registerInFrame(page *tab) {
	page.t.Helper()
	const button = "form[action='/register'] button"
	page.do("follow the call", chromedp.Click(chromedp.CSS(`#welcome a[target=shop]`)))
	form := page.frame(button)
	page.fill([][2]string{{"name", "Bob"}, {"email", "bob@example.com"}, {"password", "a long enough pass phrase"}}, form)
	page.do("open the account", chromedp.Click(chromedp.CSS(button), form))
	page.await("Bob's line", lines("insert customers", "Bob", "CustomerRegistered")+" === 1")
	page.await("the way of Bob's row", wayShows("insert shop.customers", "", "CustomerRegistered", "bob@example.com"))
	page.await("Bob's mail in the mailbox", mails("bob@example.com")+" === 1")
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

	page.await("Alice's line", lines("update customers", "Bob → Alice", "CustomerNameChanged")+" === 1")
	page.await("the way of Alice's row", wayShows("Alice", "", "CustomerNameChanged", "bob@example.com"))
	page.await("the mail about Alice", mails("changed to Alice")+" === 1")
	if n := evaluate[int](page, lines("CustomerNameChanged")); n != 1 {
		t.Errorf("got %d lines of a changed name, want 1", n)
	}
	if got := evaluate[string](page, `document.querySelector("#path .changed").innerText.replace(/\s+/g, " ")`); got != "name Bob Alice" {
		t.Errorf("got %q as the first changed column, want name Bob Alice", got)
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
	page.await("the lines to be back", `document.querySelectorAll("#list .line").length === 2`)
	tabTo(page, "#statement")
	page.do("replace the statement",
		chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl)),
		chromedp.KeyEvent("UPDATE customers SET name = 'Carol' WHERE name = 'Alice'"))
	tabTo(page, "#sql button[type=submit]")
	page.do("run it", chromedp.KeyEvent(kb.Enter))
	page.await("the answer", `document.querySelector("#answer").innerText === "1 row changed."`)
	page.await("the way of Carol's row", wayShows("Carol", "", "CustomerNameChanged", "bob@example.com"))
	page.await("the mail about Carol", mails("changed to Carol")+" === 1")
	tabTo(page, "#mails")
	tabTo(page, "#list")
	page.do("choose the change before", chromedp.KeyEvent(kb.ArrowDown))
	page.await("the way of Alice's row", wayShows("Alice", "", "CustomerNameChanged", "bob@example.com"))
	tabTo(page, "#latest")
	page.do("follow the latest again", chromedp.KeyEvent(kb.Enter))
	page.await("the way of Carol's row again", wayShows("Carol", "", "CustomerNameChanged", "bob@example.com"))
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
	const enough = 60
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
