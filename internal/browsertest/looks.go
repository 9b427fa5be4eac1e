package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is how somebody looks at a page.
type Look struct {
	// Name names a look in errors and files.
	Name string
	// Width and Height are the window's, in CSS pixels.
	Width, Height int64
	// Dark is set for somebody who prefers dark pages.
	Dark bool
}

// Looks checks that in each look nothing is wider than its place, the ground is as
// dark as was asked for and every text stands out from it. parts selects the
// elements, beside the document itself, that must hold what is in them. See is
// called in each look, where it is not nil.
func (x *Tab) Looks(looks []Look, parts string, see func(Look)) {
	x.T.Helper()
	for _, look := range looks {
		x.Do("look at "+look.Name, chromedp.EmulateViewport(look.Width, look.Height), prefer(look.Dark))
		x.Await("the width", fmt.Sprintf(`innerWidth === %d`, look.Width))
		x.Await("the end of all animations", still)
		if wide := Evaluate[[]string](x, fmt.Sprintf(overflowing, parts)); len(wide) > 0 {
			x.T.Errorf("%s: wider than their place: %s", look.Name, strings.Join(wide, ", "))
		}
		const black, white = 0.2, 0.8
		if got := Evaluate[float64](x, lightness); look.Dark && got > black || !look.Dark && got < white {
			x.T.Errorf("%s: got a ground of lightness %.2f of 1", look.Name, got)
		}
		if low := Evaluate[[]string](x, illegible); len(low) > 0 {
			x.T.Errorf("%s: contrast below 4.5: %s", look.Name, strings.Join(low, ", "))
		}
		if see != nil {
			see(look)
		}
	}
}

// prefer emulates the colour scheme that a person chose.
func prefer(dark bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// Picture writes what is in the window to a PNG file, once nothing moves. It makes
// the folder.
func (x *Tab) Picture(path string) {
	x.T.Helper()
	x.write(path, chromedp.CaptureScreenshot())
}

// FullPicture writes the whole page, however long, to a PNG file. It makes the
// folder.
func (x *Tab) FullPicture(path string) {
	x.T.Helper()
	const lossless = 100
	x.write(path, chromedp.FullScreenshot(lossless))
}

func (x *Tab) write(path string, take chromedp.Action[[]byte]) {
	x.T.Helper()
	x.Await("the end of all animations", still)
	picture := Query(x, "take a picture", take)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		x.T.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		x.T.Fatal(err)
	}
}

const (
	// still is true when nothing moves and no colour changes any more.
	still = `document.getAnimations().every((a) => a.playState === "finished")`

	// overflowing names what has more in it than its width shows.
	overflowing = `[document.documentElement, ...document.querySelectorAll(%q)]
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
