package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
)

func TestInABrowserNoCallIsBetweenALiveListAndTheOlderOnes(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	b := newBrowser(t, s.admin)
	b.signIn("/", operatorToken)
	b.waitText("#rows", "No recording has come yet")
	send := func(from, to int) {
		for i := from; i < to; i++ {
			s.accept("calls", hook{ID: fmt.Sprint("call-", i), Transcript: []said{{"Caller", "Hello.", 0, 1}}})
		}
		for i := from; i < to; i++ {
			s.waitStage(fmt.Sprint("calls.call-", i), events.StageDone)
		}
	}
	sent := 0
	for _, n := range []int{52, 70} { // it comes to have a link, which then goes on
		send(sent, n)
		sent = n
		seen := func() int {
			older := eval[string](b, "(document.querySelector('#older a') || document.createElement('a')).getAttribute('href') || ''")
			return eval[int](b, fmt.Sprintf(countRows, older), chromedp.EvalAwaitPromise)
		}
		require.Eventually(t, func() bool { return seen() == n }, browserSoon, tick, "each of the %d calls is on this page or on the next one", n)
	}
	b.axe()
}

// countRows counts the calls of the page and of the one that its link leads to.
const countRows = `fetch(%q || location.href).then(r => r.text()).then(next => {
	const keys = doc => [...doc.querySelectorAll("#rows a[id]")].map(a => a.id);
	return new Set([...keys(document), ...keys(new DOMParser().parseFromString(next, "text/html"))]).size;
})`

// signOut ends the session under the page, and gives the status of the answer.
const signOut = `fetch("/logout", {method: "POST", body: new URLSearchParams(new FormData(document.querySelector(".who form")))}).then(r => r.status)`

func TestInABrowserAPageIsLiveWhileSomebodyLooksAtIt(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	b := newBrowser(t, s.admin)
	b.signIn("/", operatorToken)
	b.waitText("[data-live]", "Live")
	look := func(hidden bool) {
		eval[int](b, fmt.Sprintf("Object.defineProperty(document, 'hidden', {configurable: true, get: () => %t}); document.dispatchEvent(new Event('visibilitychange')); 0", hidden))
	}
	eval[int](b, "(close => { EventSource.prototype.close = function () { window.closings++; close.call(this) } })(EventSource.prototype.close); 0")
	leave := func() {
		eval[int](b, "window.closings = 0")
		look(true)
		require.Eventually(t, func() bool { return eval[int](b, "window.closings") == 1 }, browserSoon, tick, "others have its connection now")
	}
	leave()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	require.NotContains(t, b.text("#rows"), "Promotion Mention")
	look(false)
	b.waitText("#rows", "Promotion Mention")

	leave()
	require.Equal(t, http.StatusOK, eval[int](b, signOut, chromedp.EvalAwaitPromise))
	look(false)
	b.waitText("[data-live]", "Not live: you are no longer signed in. Sign in")
	b.seenHere("recordings-signed-out")
	b.submit("[data-live] a")
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), operatorToken))
	b.submit("form.login button")
	b.waitText("[data-live]", "Live")
}

func TestInABrowserAPageSaysThatItIsNotLive(t *testing.T) {
	s, _ := newFull(t)
	p := s.start()
	b := newBrowser(t, s.admin)
	b.signIn("/", operatorToken)
	b.waitText("[data-live]", "Live")
	p.stop()
	b.waitText("[data-live]", "Not live: reconnecting …")
	s.start()
	b.waitText("[data-live]", "Live")
}
