package demo_test

import (
	"fmt"
	"path/filepath"

	"github.com/chromedp/chromedp"

	"telltale/internal/browsertest"
)

// looks checks the page in both colour schemes at the widths of a desk and of a
// telephone, and takes the pictures that are asked for.
func looks(page *browsertest.Tab) {
	page.T.Helper()
	// What is at the top of the pictures that are taken, by look.
	tops := map[string]string{"desktop-light": "body", "phone-dark": "#way"}
	const parts = ".top, main, .panel, .bar, .path, .step, .list, .mails, .story, .sql, .tile"
	page.Looks([]browsertest.Look{
		{Name: "desktop-light", Width: 1400, Height: 1000},
		{Name: "desktop-dark", Width: 1400, Height: 1000, Dark: true},
		{Name: "wide-dark", Width: 1920, Height: 1080, Dark: true},
		{Name: "laptop-light", Width: 1280, Height: 720},
		{Name: "window-light", Width: 1000, Height: 700},
		{Name: "phone-light", Width: 390, Height: 844},
		{Name: "phone-dark", Width: 390, Height: 844, Dark: true},
	}, parts, func(look browsertest.Look) {
		if top := tops[look.Name]; *screenshots != "" && top != "" {
			arrange(page, top)
			page.Picture(filepath.Join(*screenshots, "page-"+look.Name+".png"))
		}
	})
}

// arrange scrolls to an element and every list to its beginning.
func arrange(page *browsertest.Tab, top string) {
	page.T.Helper()
	page.Do("arrange the picture", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
		`document.activeElement.blur(), document.querySelector(%q).scrollIntoView(),
		document.querySelectorAll("#path, #list, #mails, #story").forEach((e) => e.scrollTo(0, 0))`, top)))
}
