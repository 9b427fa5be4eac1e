package demo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

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
		{"wide-dark", 1920, 1080, "dark", 0, 0.2, ""},
		{"laptop-light", 1280, 720, "light", 0.8, 1, ""},
		{"window-light", 1000, 700, "light", 0.8, 1, ""},
		{"phone-light", 390, 844, "light", 0.8, 1, ""},
		{"phone-dark", 390, 844, "dark", 0, 0.2, "#way"},
	} {
		page.do("look at "+look.name, chromedp.EmulateViewport(look.width, look.height), prefer(look.scheme))
		page.await("the width", fmt.Sprintf(`innerWidth === %d`, look.width))
		page.await("the end of all animations", still)
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
		`document.activeElement.blur(), document.querySelector(%q).scrollIntoView(),
		document.querySelectorAll("#path, #list, #mails, #story").forEach((e) => e.scrollTo(0, 0))`, top)))
	page.await("the end of all animations", still)
	picture := query(page, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		page.t.Fatal(err)
	}
}

const (
	// still is true when nothing moves and no colour changes any more.
	still = `document.getAnimations().every((a) => a.playState === "finished")`

	// overflowing names what has more in it than its width shows.
	overflowing = `[...document.querySelectorAll("html, .top, main, .panel, .bar, .path, .step, .list, .mails, .story, .sql, .tile")]
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
