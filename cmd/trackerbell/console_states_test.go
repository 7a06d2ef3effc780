package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// seen looks at a state of a page as people do who see little, and keeps
// pictures of it.
func (b *browser) seen(name, path, want string) {
	b.t.Helper()
	b.open(path)
	require.Contains(b.t, b.text("main"), want, path)
	b.seenHere(name)
}

func (b *browser) seenHere(name string) {
	b.t.Helper()
	b.axe()
	b.picture("state-" + name)
}

func TestInABrowserAnEmptyInstallationSaysSo(t *testing.T) {
	s, slack := newFull(t)
	s.start()
	b := newBrowser(t, s.admin)
	b.signIn("/", operatorToken)
	b.seen("empty-recordings", "/?live=off", "No recording has come yet")
	b.seen("empty-search", "/recordings?q=acme&source=calls&tracker=none", "Nothing matches.")
	b.seen("empty-dead", "/dead", "There are none")
	b.seen("empty-insights", "/insights", "Nothing was found.")
	b.seen("tracker-new", "/trackers/edit", "Nothing is known yet of what was said")
	slack.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Code: "token_revoked"} })
	b.seen("system-down", "/system", "failing")
	b.seen("error-404", "/recordings/calls.nothing", "There is nothing under this address")
	b.seen("error-400", "/recordings?cursor=x", "cursor is not one")
}

func TestInABrowserAViewerReadsAndIsToldWhatIsRefused(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	body := hook{ID: "mute", RecordingURL: recordings(t), From: callerNumber, Agent: "Anna"}.json(t)
	require.Equal(t, http.StatusAccepted, s.do(http.MethodPost, s.public+"/webhooks/pbx", body, signature256(plainSecret, body)).status)
	s.waitStage("pbx.mute", events.StageDead)
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.signIn("/", viewerToken)
	b.seen("viewer-dead", "/dead", "replay it")
	require.False(t, eval[bool](b, "!!document.querySelector('main form, main input, main button')"))
	b.seen("viewer-trackers", "/trackers", "Promotion Mention")
	b.seen("viewer-system", "/system", "streams are there")
	b.seen("viewer-refused", "/trackers/edit", "The viewer token may only read")
	b.seen("recording-failed", "/recordings/pbx.mute", "It failed:")
	b.seen("insights-filtered", "/insights?days=7&source=calls&agent=Anna", "1 call")
	require.Equal(t, "Anna", eval[string](b, "document.getElementById('agent').value"))
}

// hostileName is what nobody should call a tracker.
const hostileName = "<script>window.broken=1</script>\u202eשלום" + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftshauptversammlungsprotokoll"

func TestInABrowserTrackersAreWrittenAndImported(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	call := saleCall("sale-1")
	call.Agent = hostileName
	s.waitStage(s.accept("calls", call), events.StageDone)
	b := newBrowser(t, s.admin)
	b.signIn("/trackers/edit", operatorToken)
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Symbl.Mine"), chromedp.SendKeys(chromedp.CSS("#vocabulary"), "Then I take it\n"))
	b.waitText("#preview", "1 new")
	b.submit("form.fields button.main")
	require.Contains(t, b.text("[role=alert]"), "those that Symbl manages itself")
	require.Equal(t, "alert", eval[string](b, "document.activeElement.role"), "it is read out")
	b.seenHere("tracker-refused")

	file := s.write("import.yaml", "- name: "+fmt.Sprintf("%q", hostileName)+"\n  description: "+strings.Repeat("long", 100)+"\n  vocabulary: [Then I take it, "+strings.Repeat("verylongword", 20)+"]\n")
	b.open("/trackers")
	b.click("details:has(#file) summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	b.seenHere("tracker-import")
	b.submit("form[action='/trackers/import'] button")
	require.Contains(t, b.text("[role=status]"), "imported")
	b.seenHere("trackers-hostile")
	b.follow("tbody tr:first-child a")
	b.waitText("#preview", "1 sentence")
	require.False(t, eval[bool](b, "'broken' in window"))
	b.seenHere("tracker-hostile")
	again := call
	again.ID = "sale-2"
	s.waitStage(s.accept("calls", again), events.StageDone)
	b.seen("recordings-hostile", "/?live=off", "Donaudampf")
	b.seen("recording-hostile", "/recordings/calls.sale-2", "Donaudampf")
	b.seen("insights-hostile", "/insights", "Donaudampf")
	name := url.QueryEscape(hostileName)
	require.Equal(t, http.StatusCreated, s.ask(http.MethodPost, "/api/silences?for=2h&destination=%23"+name+"&tracker="+name+"&reason="+name).status)
	b.seen("system-hostile", "/system", "Donaudampf")
	require.False(t, eval[bool](b, "'broken' in window"))

	require.NoError(t, os.WriteFile(file, []byte("- name: no vocabulary\n"), 0o600))
	b.open("/trackers")
	b.click("details:has(#file) summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	b.submit("form[action='/trackers/import'] button")
	require.Contains(t, b.text("main"), "vocabulary")
	b.seenHere("import-refused")
}

func TestInABrowserACallInFlightAndAStoreThatIsAway(t *testing.T) {
	n := newNATSProcess(t)
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	yaml := strings.Replace(audioConfig, `nats: {dataDir: "${DATA}"}`, `nats: {url: "${NATS}", replicas: 1}`, 1)
	s := newService(t, yaml, "NATS", "nats://"+n.addr, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_PLAIN", plainSecret, "SECRET_QUERY", "signature-of-the-url")
	s.write("trackers.yaml", testTrackers)
	s.hear(hearsSale)
	s.start()
	key := s.sendURL("by-url", recordings(t))
	s.asked(1)
	b := newBrowser(t, s.admin)
	b.seen("recording-inflight", "/recordings/"+key, "It is being transcribed and searched.")
	b.seen("recordings-inflight", "/?live=off", "being analysed")

	b.open("/recordings/" + key)
	b.tabTo("Forget this call …")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo("yes")
	b.do(chromedp.KeyEvent(" "))
	s.letHear()
	b.waitText("#state", "done")
	require.True(t, eval[bool](b, "document.activeElement.name === 'sure' && document.activeElement.checked"), "what somebody is about to do outlives what happens meanwhile")
	b.seenHere("recording-done")
	mark := eval[string](b, "(m => { m.focus(); return m.id })(document.querySelector('#marks a'))")
	require.Equal(t, http.StatusAccepted, s.ask(http.MethodPost, "/api/recordings/"+key+"/replay").status)
	b.waitText("#timeline", "run 1")
	b.waitText("#state", "done")
	require.Equal(t, mark, eval[string](b, "document.activeElement.id"), "the focus is on the mark of the new run")
	n.kill()
	b.seen("system-away", "/system", "failing")
	b.seen("error-503", "/", "The store does not answer now")
}

func TestInABrowserWhatCannotBeReadIsToldAndDropped(t *testing.T) {
	server := newNATS(t)
	server.start()
	s := newExternal(t, slacktest.New(t), server.url())
	s.start()
	server.poison(t, "<script>window.broken=1</script>", `{"specversion":"1.0","id":"9","type":"io.trackerbell.dead.v9","subject":"calls.a","data":{}}`)
	ledger, err := server.jetstream(t).KeyValue(t.Context(), events.BucketLedger)
	require.NoError(t, err)
	b := newBrowser(t, s.admin)
	b.seen("dead-unreadable", "/dead", "It was not written by this version.")
	require.False(t, eval[bool](b, "'broken' in window"))
	b.click("[data-all]")
	b.submit("button[value=replay]")
	require.Contains(t, b.text("[role=status]"), "What cannot be read can only be dropped")
	b.seenHere("dead-refused")
	b.click("[data-all]")
	b.submit("button[value=drop]")
	require.Contains(t, b.text("main"), "everything that came in was handled")

	_, err = ledger.PutString(t.Context(), "calls.broken", "no entry")
	require.NoError(t, err)
	b.seen("recordings-unreadable", "/?live=off", "calls.broken")
	b.seen("error-500", "/recordings/calls.broken", "This is a fault of the service")
}

// otherSaves has somebody else save the tracker that is edited on the page, and
// gives the status of the answer.
const otherSaves = `fetch(location.href).then(r => r.text()).then(page => {
	const form = new URLSearchParams(new FormData(new DOMParser().parseFromString(page, "text/html").querySelector("form.fields")));
	form.set("sensitivity", "strict");
	form.set("vocabulary", form.get("vocabulary") + "\nhalf price\n" + "Donaudampfschifffahrt".repeat(20));
	return fetch("/trackers/save", {method: "POST", body: form});
}).then(r => r.status)`

func TestInABrowserTwoWhoEditOneTrackerLoseNothing(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	b := newBrowser(t, s.admin)
	b.signIn("/trackers", operatorToken)
	b.follow("tbody tr:last-child a")
	b.do(chromedp.SendKeys(chromedp.CSS("#description"), "what I think it is"))
	require.Equal(t, http.StatusOK, eval[int](b, otherSaves, chromedp.EvalAwaitPromise))
	b.submit("form.fields button.main")
	require.Contains(t, b.text("[role=alert]"), "Phrases added: “half price”")
	require.Equal(t, "alert", eval[string](b, "document.activeElement.role"), "it is read out")
	require.Equal(t, "what I think it is", eval[string](b, "document.getElementById('description').value"))
	require.Contains(t, b.text("[aria-labelledby=now]"), "strict")
	b.seenHere("tracker-conflict")
	b.submit("form.fields button.main")
	require.Contains(t, b.text("[role=status]"), "The tracker is saved")

	b.follow("tbody tr:last-child a")
	require.Equal(t, http.StatusOK, eval[int](b, otherSaves, chromedp.EvalAwaitPromise))
	b.tabTo("Delete this tracker …")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.click("[name=sure]")
	b.submit("button.danger")
	require.Contains(t, b.text("[role=alert]"), "It is not deleted yet")
	b.seenHere("tracker-delete-conflict")
	require.Equal(t, "strict", eval[string](b, "document.getElementById('sensitivity').value"))
	b.do(chromedp.SetValue(chromedp.CSS("#name"), "Renamed"), chromedp.SetValue(chromedp.CSS("#sensitivity"), ""))
	b.submit("form.fields button.main")
	require.Contains(t, b.text("tbody tr:last-child"), "Renamed")
	require.Contains(t, b.text("tbody tr:last-child"), "balanced", "a default is saved with another name, too")
}

func TestInABrowserWhatIsRefusedIsToldAndWhatWasTypedStays(t *testing.T) {
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	b := newBrowser(t, s.admin)
	b.signIn("/recordings/"+key, operatorToken)
	b.submit("#actions form[action$=replay] button")
	b.waitText("#timeline", "run 1")
	b.waitText("#state", "done")
	b.open("/recordings/" + key)
	require.Contains(t, b.text("#alerts"), "Of earlier runs")
	b.seenHere("recording-replayed")
	eval[int](b, "document.getElementById('run').value = 0; 0") // as a page has it that stayed open
	b.submit("#actions form[action$=replay] button")
	require.Contains(t, b.text("main"), "This call was replayed since you opened it")
	b.seenHere("replay-refused")
	b.follow("main a")
	require.Contains(t, b.text("#timeline"), "run 1")

	b.open("/trackers")
	b.click("details:has(#file) summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{s.write("large.yaml", strings.Repeat("# much\n", 3<<20))}))
	b.submit("form[action='/trackers/import'] button")
	require.Contains(t, b.text("main"), "This is more than the 8 MiB")
	b.seenHere("import-too-large")

	b.open("/system")
	b.click("details:has(#reason) summary")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "a campaign"))
	b.submit("form[action='/system/silences'] button")
	require.Equal(t, "Name at least one of destination, tracker and source.", eval[string](b, "document.activeElement.innerText"), "it is read out")
	require.Equal(t, "a campaign", eval[string](b, "document.getElementById('reason').value"))
	b.seenHere("silence-refused")
	require.Equal(t, http.StatusOK, eval[int](b, signOut, chromedp.EvalAwaitPromise))
	b.submit("form[action='/system/silences'] button")
	require.Equal(t, "You are no longer signed in", b.text("h1"))
	b.seenHere("session-ended")
	b.follow("main a")
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), operatorToken))
	b.submit("form.login button")
	require.Equal(t, "System", b.text("h1"))
}
