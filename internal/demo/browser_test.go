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
	"telltale/internal/browsertest"
)

var screenshots = flag.String("screenshots", "", "folder to write the README's pictures of the page to")

// TestBrowser goes through the story as a person does who only has the page.
// It is not parallel: two demos that start at the same moment want the same ports.
func TestBrowser(t *testing.T) {
	binary, dir := binarytest.Build(t), filepath.Join(t.TempDir(), "data")
	demo := start(t, binary, "--dir", dir)
	browser := browsertest.Start(t, demo.page, demo.shop, demo.elsewhere)

	page := browser.Open(t, demo.page+"/")
	page.Do("look at it on a desk", chromedp.EmulateViewport(1400, 1000))
	page.Await("the parts of the demo", allRun)
	before := places(page)
	registerInFrame(page)
	renameInTwoTabs(t, browser, demo, page)
	runByKeyboard(page)
	signInAgain(t, browser, demo, page)
	killTranslator(page)
	takeMailServerAway(page)
	if after := places(page); after != before {
		t.Errorf("the page moved: got %s, want %s", after, before)
	}
	givePhone(t, page)
	looks(page)
	if list := page.Complaints(); len(list) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(list, "\n"))
	}
	lists := browsertest.Evaluate[string](page, listed)
	demo.interrupt(t)
	resumes(page, start(t, binary, "--dir", dir), lists)
}

// registerInFrame follows the page's call, opens an account in the shop's frame
// and waits for what comes of it beside.
func registerInFrame(page *browsertest.Tab) {
	page.T.Helper()
	const button = "form[action='/register'] button"
	page.Do("follow the call", chromedp.Click(chromedp.CSS(`#welcome a[target=shop]`)))
	form := page.Frame(button)
	page.Fill([][2]string{{"name", "Bob"}, {"email", "bob@example.com"}, {"password", "a long enough pass phrase"}}, form)
	page.Do("open the account", chromedp.Click(chromedp.CSS(button), form))
	page.Await("Bob's line", lines("insert customers", "Bob", "CustomerRegistered")+" === 1")
	page.Await("the way of Bob's row", wayShows("insert shop.customers", "customer.yaml:", "CustomerRegistered", "bob@example.com"))
	page.Await("Bob's mail in the mailbox", mails("bob@example.com")+" === 1")
}

// renameInTwoTabs has the same customer change the name in two tabs that show
// the same version: the second is told, and one event comes of it.
func renameInTwoTabs(t *testing.T, browser *browsertest.Browser, demo *child, page *browsertest.Tab) {
	t.Helper()
	first, second := browser.Open(t, demo.shop+"/account"), browser.Open(t, demo.shop+"/account")
	for _, x := range []*browsertest.Tab{first, second} {
		x.Do("see the form", chromedp.WaitVisible(chromedp.CSS("#name")))
	}
	save := chromedp.Click(chromedp.CSS("form[action='/account'] button"))
	first.Fill([][2]string{{"name", "Alice"}})
	first.Do("save Alice", save)
	first.Await("the note that it is saved", `document.body.innerText.includes("Your details are saved.")`)
	second.Fill([][2]string{{"name", "Jim"}})
	second.Do("save Jim", save)
	second.Await("the conflict", `document.querySelector(".sides tr.differs")?.innerText.replace(/\s+/g, " ").trim() === "Name Bob Jim Alice"`)

	page.Await("Alice's line", lines("update customers", "Bob → Alice", "CustomerNameChanged")+" === 1")
	page.Await("the way of Alice's row", wayShows("Alice", "before.name != after.name", "CustomerNameChanged", "bob@example.com"))
	page.Await("the mail about Alice", mails("changed to Alice")+" === 1")
	if n := browsertest.Evaluate[int](page, lines("CustomerNameChanged")); n != 1 {
		t.Errorf("got %d lines of a changed name, want 1", n)
	}
	if got := browsertest.Evaluate[string](page, `document.querySelector("#path .changed").innerText.replace(/\s+/g, " ")`); got != "name Bob Alice" {
		t.Errorf("got %q as the first changed column, want name Bob Alice", got)
	}
	for _, complaint := range append(first.Complaints(), second.Complaints()...) {
		// Chromium calls it an error that a page answers 409.
		if !strings.Contains(complaint, "status of 409") {
			t.Errorf("the browser complains about the shop: %s", complaint)
		}
	}
}

// runByKeyboard changes the row by a statement, with no mouse at all.
func runByKeyboard(page *browsertest.Tab) {
	page.T.Helper()
	page.Do("begin at the top", chromedp.Navigate(browsertest.Evaluate[string](page, "location.href")))
	page.Await("the lines to be back", `document.querySelectorAll("#list .line").length === 2`)
	tabTo(page, "#statement")
	page.Replace("UPDATE customers SET name = 'Carol' WHERE name = 'Alice'")
	tabTo(page, "#sql button[type=submit]")
	page.Do("run it", chromedp.KeyEvent(kb.Enter))
	page.Await("the answer", `document.querySelector("#answer").innerText === "1 row changed."`)
	page.Await("the way of Carol's row", wayShows("Carol", "customer.yaml:", "CustomerNameChanged", "bob@example.com"))
	page.Await("the mail about Carol", mails("changed to Carol")+" === 1")
	tabTo(page, "#mails")
	tabTo(page, "#list")
	page.Do("choose the change before", chromedp.KeyEvent(kb.ArrowDown))
	page.Await("the way of Alice's row", wayShows("Alice", "customer.yaml:", "CustomerNameChanged", "bob@example.com"))
	tabTo(page, "#latest")
	page.Do("follow the latest again", chromedp.KeyEvent(kb.Enter))
	page.Await("the way of Carol's row again", wayShows("Carol", "customer.yaml:", "CustomerNameChanged", "bob@example.com"))
}

// signInAgain signs in at the shop's other door, twice, and then at the usual one,
// which she has not signed in at before: the first time at each a mail comes, in
// this order, and so none came of the second time.
func signInAgain(t *testing.T, browser *browsertest.Browser, demo *child, page *browsertest.Tab) {
	t.Helper()
	signIns := []struct {
		door  string
		mails int
	}{{demo.elsewhere, 1}, {demo.elsewhere, 1}, {demo.shop, 2}}
	for i, s := range signIns {
		signIn(browser.Open(t, s.door+"/"))
		page.Await("the event of the sign-in", fmt.Sprintf(`%s === %d`, lines("insert sign_ins", "CustomerSignedIn"), i+1))
		page.Await("the way of the sign-in", `document.querySelector("#path .data").innerText.includes("user_agent")`)
		page.Await("the mails about sign-ins", fmt.Sprintf(`%s === %d`, mails("New sign-in"), s.mails))
	}
	page.Await("where she signed in, in her history", `document.querySelector("#story").innerText.includes("203.0.113.9")`)
}

// signIn signs Bob, whose name is another by now, in, and out first where that is
// needed.
func signIn(door *browsertest.Tab) {
	door.T.Helper()
	const out, in = "form[action='/sign-out'] button", "form[action='/sign-in'] button"
	if browsertest.Evaluate[bool](door, fmt.Sprintf(`document.querySelector(%q) !== null`, out)) {
		door.Do("sign out", chromedp.Click(chromedp.CSS(out)))
	}
	door.Do("go to the form", chromedp.Click(chromedp.CSS(`a[href="/sign-in"]`)), chromedp.WaitVisible(chromedp.CSS(in)))
	door.Fill([][2]string{{"email", "bob@example.com"}, {"password", "a long enough pass phrase"}})
	door.Do("sign in", chromedp.Click(chromedp.CSS(in)))
	door.Await("to be signed in", fmt.Sprintf(`document.querySelector(%q) !== null`, out))
}

// killTranslator kills the translator, changes a row while it is away, and sees
// both come back.
func killTranslator(page *browsertest.Tab) {
	page.T.Helper()
	translator := tile("translator")
	pid := browsertest.Evaluate[string](page, translator+`.querySelector(".fact").innerText`) // Alone, so far.
	page.Do("kill the translator", chromedp.Click(chromedp.CSS(`[aria-label="Kill translator"]`)))
	page.Await("the page to say so", translator+`.dataset.state === "killed"`)
	runSQL(page, "UPDATE customers SET name = 'Dora' WHERE name = 'Carol'")
	page.Await("the row change that waits", lines("Carol → Dora")+" === 1")
	page.Await("the translator to run again", translator+`.dataset.state === "running"`)
	page.Await("its restart to be counted", translator+`.querySelector(".fact").innerText.includes("1 restart")`)
	if again := browsertest.Evaluate[string](page, translator+`.querySelector(".fact").innerText`); strings.Contains(again, pid) {
		page.T.Errorf("got the process %q after the kill of %q, want another", again, pid)
	}
	page.Await("the way of Dora's row", wayShows("Dora", "customer.yaml:", "CustomerNameChanged", "bob@example.com"))
	page.Await("the mail about Dora", mails("changed to Dora")+" === 1")
}

// takeMailServerAway sees the reason why no mail comes, and then the mail.
func takeMailServerAway(page *browsertest.Tab) {
	page.T.Helper()
	page.Do("take the mail server away", chromedp.Click(chromedp.CSS("#smtp")))
	page.Await("the page to say so", `document.querySelector("#overall").dataset.state !== "running"`)
	runSQL(page, "UPDATE customers SET name = 'Eve' WHERE name = 'Dora'")
	page.Await("the mailer to say what it waits for", tile("mailer")+`.dataset.state === "waiting"`)
	page.Do("bring it back", chromedp.Click(chromedp.CSS("#smtp")))
	page.Await("the mail about Eve", mails("changed to Eve")+" === 1")
	page.Await("all to run", allRun)
}

// runSQL types a statement and runs it with the mouse.
func runSQL(page *browsertest.Tab, statement string) {
	page.T.Helper()
	page.Do("point at the statement", chromedp.Click(chromedp.CSS("#statement")))
	page.Replace(statement)
	page.Do("run it", chromedp.Click(chromedp.CSS("#sql button[type=submit]")))
	page.Await("the answer", `document.querySelector("#answer").innerText === "1 row changed."`)
}

// resumes follows the page into the next process of the demo: it goes on by
// itself, and the lists are as they were, each line once.
func resumes(page *browsertest.Tab, again *child, before string) {
	page.T.Helper()
	if browsertest.Evaluate[string](page, "location.origin") != again.page { // Somebody took the port meanwhile.
		page.Do("open the page", chromedp.Navigate(again.page))
	}
	page.Await("the page to go on", allRun+` && document.querySelector("#notice").hidden`)
	page.Await("the lists as they were", listed+fmt.Sprintf(" === %q", before))
	again.interrupt(page.T)
}

// givePhone has the shop show what the last statement wrote, and gives it a phone
// number.
func givePhone(t *testing.T, page *browsertest.Tab) {
	t.Helper()
	const link, save = `.welcome a[href="/account"]`, "form[action='/account'] button"
	page.Do("show the shop anew", chromedp.Evaluate[chromedp.Void](`(() => {
		const shop = document.querySelector("iframe");
		shop.addEventListener("load", () => { shop.dataset.anew = "yes" }, { once: true });
		shop.src += "";
	})()`))
	page.Await("the shop", `document.querySelector("iframe").dataset.anew === "yes"`)
	page.Do("go to the account", chromedp.Click(chromedp.CSS(link), page.Frame(link)))
	form := page.Frame("#phone")
	if got := browsertest.Query(page, "read the name", chromedp.Value(chromedp.CSS("#name"), form)); got != "Eve" {
		t.Errorf("the shop shows the name %q, want Eve", got)
	}
	page.Fill([][2]string{{"phone", "+47 22 00 00 00"}}, form)
	page.Do("save the number", chromedp.Click(chromedp.CSS(save), form))
	page.Await("the way of the number", wayShows("+47 22 00 00 00", "before.phone != after.phone", "CustomerPhoneChanged", "bob@example.com"))
	page.Await("who did it", `document.querySelector("#way-meta").innerText.includes("by customer:1")`)
}

// tabTo presses Tab until an element has the focus, and asks that it shows so.
func tabTo(page *browsertest.Tab, selector string) {
	page.T.Helper()
	const enough = 60
	for range enough {
		page.Do("press Tab", chromedp.KeyEvent(kb.Tab))
		if browsertest.Evaluate[bool](page, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			if style := browsertest.Evaluate[string](page, `getComputedStyle(document.activeElement).outlineStyle`); style == "none" {
				page.T.Errorf("the focus on %s does not show", selector)
			}
			return
		}
	}
	page.T.Fatalf("pressed Tab %d times without reaching %s", enough, selector)
}
