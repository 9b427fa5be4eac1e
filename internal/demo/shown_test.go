package demo_test

import (
	"fmt"
	"strings"

	"telltale/internal/browsertest"
)

// places tells where the page's parts are and how large.
func places(page *browsertest.Tab) string {
	return browsertest.Evaluate[string](page, `JSON.stringify(["iframe", "#way", "#changes", "#sql", "#mailbox", "#stages"].map((s) => {
		const r = document.querySelector(s).getBoundingClientRect();
		return [s, r.x, r.y, r.width, r.height].join(" ");
	}))`)
}

// allRun is an expression that is true when the page says that everything runs.
const allRun = `document.querySelector("#overall").dataset.state === "running"`

// listed is an expression for the texts of the lists.
const listed = `[...document.querySelectorAll("#list .gist, #list .events, #mails .subject")].map((e) => e.innerText).join("\n")`

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

// tile is an expression for a stage's tile.
func tile(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#parts .tile")].find((e) => e.querySelector("h3").innerText === %q)`, name)
}
