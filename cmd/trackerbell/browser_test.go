package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// browserSoon is soon for a browser, which several tests may start at once.
const browserSoon = 60 * time.Second

// browser is a real Chromium without a window, with one tab. What its console
// says of errors fails the test.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	problems []string
}

// newBrowser starts a Chromium, or skips the test where none is installed. Its
// test is not parallel.
func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path := chromium()
	switch {
	case testing.Short():
		t.Skip("-short: a browser takes its time")
	case path == "":
		t.Skip("no chromium is installed (Debian's package chromium): the console is not tested in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(browserSoon), chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	allocator, stopAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &browser{t: t, ctx: ctx, base: base}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // it may have crashed, and the test has said so
		stop()
		stopAll()
		require.Empty(t, b.problems, "what the browser's console says")
	})
	require.NoError(t, chromedp.Listen(ctx, b.listen)) // which starts the browser, for as long as its context lives
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		return err
	}))
	b.look(looks()[0])
	return b
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// listen keeps errors of scripts and of the policies that the pages live under.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *log.EventEntryAdded:
		// What is refused on purpose is an error of the network.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.problems = append(b.problems, e.Entry.Text)
		}
	}
}

// do runs actions, within a limit.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserSoon)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, actions...))
}

// open goes to a page.
func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// eval gives the value of an expression.
func eval[T any](b *browser, expression string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserSoon)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
	require.NoError(b.t, err, expression[:min(len(expression), 200)])
	return value
}

// text is what a reader sees of an element; "" where there is none.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("(document.querySelector(%q) || {innerText: ''}).innerText", selector))
}

// waitText waits until an element shows a text.
func (b *browser) waitText(selector, text string) {
	b.t.Helper()
	until := time.Now().Add(browserSoon)
	for now := b.text(selector); !strings.Contains(now, text); now = b.text(selector) {
		require.True(b.t, time.Now().Before(until), "%s shows %q, not %q", selector, now, text)
	}
}

// click clicks on an element, and submit on one that leads to another page.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *browser) submit(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserSoon)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector)))
	require.NoError(b.t, err)
	b.do(chromedp.WaitReady(chromedp.CSS("main")))
}

// press presses a key, and gives the element that has the focus then: by its
// id, or by what it says.
func (b *browser) press(key string) string {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
	return eval[string](b, "(e => e.id || e.value || (e.getAttribute('aria-label') || e.innerText).trim())(document.activeElement)")
}

// tabTo presses the tabulator until an element has the focus, which must show.
func (b *browser) tabTo(name string) {
	b.t.Helper()
	for range 60 {
		if b.press(kb.Tab) == name {
			require.NotEqual(b.t, "0px none", eval[string](b, "(s => s.outlineWidth + ' ' + s.outlineStyle)(getComputedStyle(document.activeElement))"), "the focus on %s shows", name)
			return
		}
	}
	require.Fail(b.t, "no key reaches "+name)
}

// follow goes where a link leads, which may be replaced at any moment.
func (b *browser) follow(selector string) {
	b.t.Helper()
	b.open(eval[string](b, fmt.Sprintf("document.querySelector(%q).getAttribute('href')", selector)))
}

// signIn signs in with a token on the page that asks for it.
func (b *browser) signIn(path, token string) {
	b.t.Helper()
	b.open(path)
	require.Equal(b.t, "Sign in", b.text("h1"))
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), token))
	b.submit("form.login button")
}

// axeRun gives the violations as JSON, each with the elements that it is about.
const axeRun = `axe.run().then(r => JSON.stringify(r.violations.map(v => (
	{id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + " " + n.failureSummary)}))))`

// axe looks for what keeps people from using the page, by axe-core, on a large
// screen in light and on a phone in dark.
func (b *browser) axe() {
	b.t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	require.NoError(b.t, err)
	for _, look := range []look{looks()[0], looks()[3]} {
		b.look(look)
		eval[int](b, string(script)+";0")
		found := eval[string](b, axeRun, chromedp.EvalAwaitPromise)
		var violations []map[string]any
		require.NoError(b.t, json.Unmarshal([]byte(found), &violations))
		require.Empty(b.t, violations, "%s, %s", b.text("title"), look.name)
		require.LessOrEqual(b.t, eval[int64](b, "document.documentElement.scrollWidth"), look.width, "%s: nothing stands out of the page", look.name)
	}
	b.look(looks()[0])
}

// look is a way to look at a page.
type look struct {
	name          string
	width, height int64
	scheme        string
}

func looks() []look {
	return []look{{"light", 1280, 900, "light"}, {"dark", 1280, 900, "dark"}, {"phone-light", 375, 812, "light"}, {"phone-dark", 375, 812, "dark"}}
}

func (b *browser) look(l look) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(l.width, l.height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
		})
		return err
	}))
}

// picture keeps pictures of the page, for people, in the directory that
// TRACKERBELL_PICTURES names.
func (b *browser) picture(name string) {
	b.t.Helper()
	if os.Getenv("TRACKERBELL_PICTURES") == "" {
		return
	}
	for _, look := range looks() {
		b.look(look)
		b.keep(name + "-" + look.name)
	}
	b.look(looks()[0])
}

// keep keeps a picture of the page as it is looked at.
func (b *browser) keep(name string) {
	b.t.Helper()
	dir := os.Getenv("TRACKERBELL_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

// tabs goes through the page by the tabulator: it reaches
// all that can be used, in the order in which it is read, and the focus shows.
func (b *browser) tabs() {
	b.t.Helper()
	reach := eval[int](b, markTabbable)
	next := 0
	for range 6 * (reach + 1) { // a date and the player take several steps
		b.do(chromedp.KeyEvent(kb.Tab))
		at := eval[tabStop](b, whereFocused)
		switch {
		case at.Index == next:
			require.True(b.t, at.Shows, "%s: the focus on %s shows", b.text("title"), at.What)
			require.False(b.t, at.Back, "%s: the focus goes back to %s", b.text("title"), at.What)
			next++
		case at.What == "BODY":
			require.Equal(b.t, reach, next, "%s: what is not reached", b.text("title"))
			return
		default: // a part of what was reached, or a box that only scrolls
			require.Contains(b.t, []int{next - 1, -1}, at.Index, "%s: %s comes out of turn", b.text("title"), at.What)
		}
	}
	require.Fail(b.t, "the tabulator comes to no end", b.text("title"))
}

// tabStop is where the focus is: Index counts what markTabbable marked.
type tabStop struct {
	Index int
	What  string
	Shows bool // inside of the window and with an outline
	Back  bool // above the one before, in the same column
}

const markTabbable = `(() => {
	const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, audio, [tabindex='0']")]
		.filter(e => e.checkVisibility() && !e.closest("details:not([open]) > :not(summary)"));
	all.forEach((e, i) => { e.inTurn = i; });
	document.body.tabIndex = -1;
	document.body.focus(); // the tabulator goes on from here
	document.body.removeAttribute("tabindex");
	delete window.boxBefore;
	return all.length;
})()`

const whereFocused = `(() => {
	const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect(), before = window.boxBefore;
	if (e === document.body) return {Index: -1, What: "BODY"};
	const y = {top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left, right: box.right};
	window.boxBefore = y;
	return {
		Index: e.inTurn ?? -1, What: e.outerHTML.slice(0, 120),
		Shows: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0,
		Back: !!before && y.bottom <= before.top && y.left < before.right,
	};
})()`
