package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	operatorToken = "admin-token-of-the-test"
	viewerToken   = "viewer-token-of-the-test"
)

// The tests in a browser are not parallel: a browser keeps a machine busy, and
// others have time limits to keep.

func TestInABrowserACallIsFollowedLiveAndHeard(t *testing.T) {
	s, _ := newAudioService(t, hearsSale)
	s.start()
	b := newBrowser(t, s.admin)
	b.open("/")
	require.Equal(t, "Recordings", b.text("h1"), "on loopback nobody signs in")
	b.waitText("#rows", "No recording has come yet")
	b.axe()

	key := s.sendURL("by-url", recordings(t))
	b.waitText("#rows", "being analysed")
	require.Contains(t, b.text("#rows"), "+1 415 •••• 0137", "the caller is masked")
	b.waitText("#news", key)
	b.follow("#rows a")
	b.waitText("#verdict", "It is being transcribed and searched.")
	s.letHear()
	b.waitText("#timeline", "Alert posted")
	b.waitText("#verdict", "Found: Promotion Mention.\n\nAn alert was posted to #alerts.")
	require.Equal(t, "done", b.text("#state"))
	b.waitText("#transcript mark", "we have a sale right now on")
	require.Contains(t, b.text("#transcript .why"), "said as in the vocabulary")
	require.Contains(t, b.text("#alerts"), "Open in Slack")
	b.axe()
	b.picture("recording")

	b.click("#marks a")
	const plays = "(p => p.readyState >= 2 && p.currentTime >= 13.4 && p.currentTime <= 20)(document.getElementById('player'))"
	require.Eventually(t, func() bool { return eval[bool](b, plays) }, browserSoon, tick, "the mark takes the player there")
	require.Equal(t, 1, deeds(s, events.DeedListen, key), "that somebody listened is known, once")

	b.open("/?live=off")
	b.axe()
	b.picture("recordings")
}

// deeds counts what the audit log says of an object.
func deeds(s *service, action, object string) int {
	s.t.Helper()
	page := s.ask(http.MethodGet, "/api/audit")
	var list struct {
		Deeds []events.Deed `json:"deeds"`
	}
	page.decode(s.t, &list)
	n := 0
	for _, d := range list.Deeds {
		if d.Action == action && d.Object == object {
			n++
		}
	}
	return n
}

func TestInABrowserATokenOpensWhatItsRoleMaySee(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.open("/recordings/" + key)
	b.axe()
	b.picture("login")
	b.signIn("/recordings/"+key, "a-wrong-token-of-the-test")
	require.Contains(t, b.text("form.login"), "neither admin.token nor admin.viewerToken")
	b.signIn("/recordings/"+key, viewerToken)
	require.Contains(t, b.text("h1"), "+1 415 •••• 0137", "after the login comes the page that was asked for")
	require.NotContains(t, b.text("body"), callerNumber)
	require.Empty(t, b.text("#actions"))
	require.False(t, eval[bool](b, "!!document.querySelector('audio')"))
	b.axe()
	refused := `fetch(%q, {method: %q}).then(r => { document.title = "answer " + r.status }); 0`
	for _, try := range []struct{ method, path string }{
		{"POST", "/recordings/" + key + "/replay"}, {"POST", "/recordings/" + key + "/forget"}, {"POST", "/dead"},
		{"GET", "/recordings/" + key + "/media"}, {"GET", "/recordings/" + key + "/events"},
	} {
		eval[int](b, "document.title = ''; "+fmt.Sprintf(refused, try.path, try.method))
		require.Eventually(t, func() bool { return eval[string](b, "document.title") == "answer 403" }, browserSoon, tick, try)
	}
	require.Empty(t, eval[string](b, "document.cookie"), "scripts do not see the session")

	b.submit(".who.opt button")
	require.Equal(t, "Sign in", b.text("h1"))
	b.signIn("/dead", operatorToken)
	require.Equal(t, "Dead letters", b.text("h1"))
	b.open("/recordings/" + key)
	require.Contains(t, b.text("h1"), callerNumber)
	b.submit("#actions form[action$=replay] button")
	b.waitText("[role=status]", "It is tried again.")
	b.waitText("#timeline", "run 1")
	b.waitText("#state", "done")

	b.open("/recordings/" + key + "/events")
	require.Contains(t, b.text("pre"), `"stage": "done"`)
	b.axe()
	require.Equal(t, 1, deeds(s, events.DeedReplay, key))
	require.Equal(t, 2, deeds(s, events.DeedLogin, ""))
}

func TestInABrowserADeadLetterIsReplayed(t *testing.T) {
	s, _ := newFull(t) // whose engine hears nothing
	s.token = operatorToken
	s.start()
	body := hook{ID: "mute", RecordingURL: recordings(t)}.json(t)
	require.Equal(t, http.StatusAccepted, s.do(http.MethodPost, s.public+"/webhooks/pbx", body, signature256(plainSecret, body)).status)
	s.waitStage("pbx.mute", events.StageDead)
	b := newBrowser(t, s.admin)
	b.signIn("/dead", operatorToken)
	require.Contains(t, b.text("tbody"), "engine.transcriber")
	require.Contains(t, b.text("tbody"), "replay it", "and what to do")
	b.axe()
	b.picture("dead")
	b.open("/recordings/pbx.mute")
	b.waitText("#verdict", "It failed:")
	b.axe()
	b.open("/dead")
	b.click("[data-all]")
	b.submit("button[value=replay]")
	require.Contains(t, b.text("[role=status]"), "tried again")
	s.waitStage("pbx.mute", events.StageDead)
	require.Equal(t, 1, deeds(s, events.DeedReplay, "dead letter 1"))
	b.open("/dead")
	b.click("details summary")
	b.axe()
	b.picture("dead-drop")
	b.click("details input[name=sure]")
	b.submit("details button[value=drop]")
	require.Contains(t, b.text("main"), "everything that came in was handled")
	s.waitStage("pbx.mute", events.StageDone)
}

func TestInABrowserTheMenuFitsAPhone(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	for i := range 12 {
		body := hook{ID: fmt.Sprint("mute-", i), RecordingURL: recordings(t)}.json(t)
		require.Equal(t, http.StatusAccepted, s.do(http.MethodPost, s.public+"/webhooks/pbx", body, signature256(plainSecret, body)).status)
		s.waitStage(fmt.Sprint("pbx.mute-", i), events.StageDead)
	}
	b := newBrowser(t, s.admin)
	b.signIn("/dead", operatorToken)
	for _, width := range []int64{360, 390, 430} {
		b.look(look{"phone", width, 780, "light"})
		b.open("/dead")
		b.keep(fmt.Sprint("menu-", width))
		require.Contains(t, b.text("nav"), "12")
		require.Equal(t, 1, eval[int](b, "new Set([...document.querySelectorAll('nav a')].map(a => a.offsetTop)).size"), "lines of the menu at %d", width)
		require.LessOrEqual(t, eval[int64](b, "document.documentElement.scrollWidth"), width)
		require.Equal(t, "Sign out", eval[string](b, "[...document.querySelectorAll('.who button')].filter(e => e.checkVisibility()).map(e => e.textContent).join()"))
		b.tabs()
	}
	b.submit(".who.phone button")
	require.Equal(t, "Sign in", b.text("h1"))
}

func TestInABrowserATrackerIsTriedBeforeItIsSaved(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.signIn("/trackers", operatorToken)
	b.axe()
	b.picture("trackers")
	b.follow("tbody tr:last-child a")
	require.Contains(t, b.text("h1"), "Promotion Mention")
	b.waitText("#preview", "1 sentence in 1 call, of the 3 sentences in the 1 call")
	b.do(chromedp.SendKeys(chromedp.CSS("#vocabulary"), "Then I take it\n"))
	b.waitText("#preview", "1 new")
	require.Contains(t, b.text("#preview mark"), "Then I take it")
	b.axe()
	b.picture("tracker")
	b.submit("form.fields button.main")
	require.Contains(t, b.text("[role=status]"), "The tracker is saved")
	again := s.accept("calls", hook{ID: "taken", Transcript: []said{{"Caller", "Then I take it.", 0, 1}}})
	require.Equal(t, []string{"Promotion Mention"}, s.waitStage(again, events.StageDone).Trackers, "it is looked for from now on")
	require.Equal(t, 1, deeds(s, events.DeedTracker, "Promotion Mention"))

	for _, page := range []string{"insights", "system"} {
		b.open("/" + page)
		b.axe()
		b.picture(page)
	}
	require.Contains(t, b.text("#audit"), "Promotion Mention")
	require.NotContains(t, b.text("body"), operatorToken)
	b.click("details:has(form[action='/system/silences']) summary")
	b.do(chromedp.SendKeys(chromedp.CSS("#destination"), "#promotions"), chromedp.SendKeys(chromedp.CSS("#reason"), "a campaign"))
	b.submit("form[action='/system/silences'] button")
	require.Contains(t, b.text("main"), "a campaign")
	b.axe()
	held := s.accept("calls", saleCall("sale-2"))
	require.Equal(t, "silence", s.waitStage(held, events.StageDone).Alerts[0].Held)
	b.open("/recordings/" + held)
	b.waitText("#verdict", "was held back: somebody had silenced it.")
}

func TestInABrowserTheKeyboardIsEnough(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.open("/?live=off")
	require.Equal(t, "token", eval[string](b, "document.activeElement.id"), "the form waits for the token")
	b.do(chromedp.KeyEvent(operatorToken))
	b.enter()
	require.Equal(t, "Skip to the content", b.press(kb.Tab))
	b.do(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "main", eval[string](b, "document.activeElement.id"))
	b.tabTo("to-" + key)
	b.enter()
	b.waitText("#verdict", "Found: Promotion Mention.")
	require.Equal(t, "0:13: Promotion Mention", eval[string](b, "document.querySelector('#marks a').ariaLabel"))
	b.tabTo(eval[string](b, "document.querySelector('#marks a').id"))
	b.do(chromedp.KeyEvent(kb.Enter))
	require.Contains(t, eval[string](b, "location.hash"), "#line-")
	for _, page := range []string{"/recordings?live=off", "/recordings/" + key, "/recordings/" + key + "/events", "/dead", "/trackers", "/trackers/edit", "/insights?days=7", "/system", "/recordings/calls.nothing"} {
		b.open(page)
		b.tabs()
	}
	b.open("/trackers")
	b.follow("tbody tr:last-child a")
	b.tabs()
	b.open("/recordings/" + key)
	for _, name := range []string{"step", "Replay", "Raw events", "Forget this call …"} {
		b.tabTo(name)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo("yes")
	b.do(chromedp.KeyEvent(" "))
	b.tabTo("Forget")
	b.enter()
	require.Contains(t, b.text("main"), "The call is forgotten")
	require.Equal(t, "status", eval[string](b, "document.activeElement.role"), "what became of it is read out")
}

// enter presses the enter key where that leads to another page.
func (b *browser) enter() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserSoon)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter))
	require.NoError(b.t, err)
	b.do(chromedp.WaitReady(chromedp.CSS("main")))
}

func TestInABrowserThePagesReadAndActWithoutScripts(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	b.signIn("/recordings?q=sale", operatorToken)
	require.Contains(t, b.text("#rows"), "Promotion Mention")
	b.follow("#rows a")
	require.Contains(t, b.text("#verdict"), "Found: Promotion Mention.")
	require.Contains(t, b.text("#transcript mark"), "we have a sale right now on")
	for page, want := range map[string]string{
		"/dead": "everything that came in was handled", "/trackers": "Promotion Mention", "/insights": "1 call · at most 1 a day", "/system": "streams are there",
		"/recordings/" + key + "/events": `"stage": "done"`,
	} {
		b.open(page)
		require.Contains(t, b.text("main"), want, page)
	}
	b.open("/trackers")
	b.follow("tbody tr:last-child a")
	b.do(chromedp.SendKeys(chromedp.CSS("#vocabulary"), "Then I take it\n"))
	b.submit("button[formaction]")
	require.Contains(t, b.text("#preview"), "1 new", "the preview is a page of its own then")
	b.open("/recordings/" + key)
	b.submit("#actions form[action$=replay] button")
	require.Contains(t, b.text("[role=status]"), "It is tried again.")
}

// A call whose every text was written to break the page.
func TestInABrowserHostileTextDoesNothing(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	script := `"'><script>window.broken=1</script><img src=x onerror="window.broken=1">`
	long := fmt.Sprintf("%0500d", 0)
	call := hook{ID: "evil", From: script, To: "\u202e" + script, Agent: script + long, Direction: "inbound", Labels: map[string]string{"<script>window.broken=1</script>": script + long},
		Transcript: []said{{script, saleQuote + script, 0, 1}, {"\u202egnp.exe", "שלום עולם, I want to cancel my account \u202e " + long, 1, 2}}}
	key := s.accept("calls", call)
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.signIn("/recordings/"+key, operatorToken)
	for _, path := range []string{"/recordings/" + key, "/recordings/" + key + "/events", "/recordings?q=" + "%3Cscript%3Ewindow.broken%3D1%3C%2Fscript%3E", "/"} {
		b.open(path)
		require.False(t, eval[bool](b, "'broken' in window"), path)
		require.Equal(t, 0, eval[int](b, "document.querySelectorAll('main script, main img').length"), path)
		b.axe()
	}
	require.Contains(t, b.text("#rows"), "<script>")
	require.NotContains(t, b.text("#rows"), "\u202e")
}

func TestThePreviewFindsWhatTheEngineWouldFindInACall(t *testing.T) {
	said := []string{"we have a sale right now", "nothing"}
	for languages, want := range map[string]int{"": 1, "en-US": 1, "en": 1, "de-DE": 0, "de-DE,en-US": 1} {
		tracker := symbl.Tracker{Name: "Sale", Vocabulary: []string{"a sale"}}
		if languages != "" {
			tracker.Languages = strings.Split(languages, ",")
		}
		require.Len(t, consoleTrackers{}.Match(tracker, said), want, "calls are submitted as English; for %q", languages)
	}
}
