package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

func TestTheFirstLinesSayWhyThereWasAnAlertOrNone(t *testing.T) {
	posted := events.AlertRecord{Destination: "#a", Trackers: []string{"Sale"}, Post: events.Post{PostedAt: time.Now(), Channel: "C1", TS: "1.2"}}
	held, dropped, waiting := posted, posted, posted
	held.PostedAt, held.Held = time.Time{}, "silence"
	dropped.PostedAt, dropped.Dropped = time.Time{}, true
	waiting.PostedAt = time.Time{}
	for name, c := range map[string]struct {
		change func(*events.Entry)
		want   string
	}{
		"nothing was found":  {func(*events.Entry) {}, "No tracker was found in it, so nobody was alerted."},
		"no route wanted it": {func(e *events.Entry) { e.Trackers = []string{"Sale", "Threat"} }, "Found: Sale, Threat. No route wanted to know, so nobody was alerted"},
		"it was posted":      {func(e *events.Entry) { e.Trackers, e.Alerts = []string{"Sale"}, []events.AlertRecord{posted} }, "An alert was posted to #a."},
		"it was held back":   {func(e *events.Entry) { e.Alerts = []events.AlertRecord{held} }, "The alert to #a was held back: somebody had silenced it."},
		"a digest tells of it": {func(e *events.Entry) {
			held := held
			held.Held, held.HeldUntil = notify.HeldQuietHours, time.Now()
			e.Alerts = []events.AlertRecord{held}
		}, "was held back: it was in quiet hours. A digest tells of it."},
		"it is a digest":        {func(e *events.Entry) { e.Digest = &events.Digest{} }, "This is no call, but a digest"},
		"it was given up":       {func(e *events.Entry) { e.Alerts = []events.AlertRecord{dropped} }, "could not be posted, and its dead letter was dropped"},
		"it waits to be posted": {func(e *events.Entry) { e.Stage, e.Alerts = events.StageProcessed, []events.AlertRecord{waiting} }, "An alert waits to be posted to #a."},
		"it failed to be posted": {func(e *events.Entry) {
			e.Alerts, e.DeadLetters = []events.AlertRecord{waiting}, []uint64{9}
		}, "The alert to #a could not be posted, and waits for somebody to replay or drop its dead letter."},
		"another one failed": {func(e *events.Entry) {
			other := waiting
			other.Destination = "#b"
			e.Stage, e.Alerts, e.DeadLetters = events.StageProcessed, []events.AlertRecord{other, posted}, []uint64{9}
		}, "An alert waits to be posted to #b."},
		"it waits":                 {func(e *events.Entry) { e.Stage, e.Routed = events.StageReady, false }, "It came in and waits to be analysed."},
		"it waits for its media":   {func(e *events.Entry) { e.Stage, e.Routed, e.Error = events.StageReady, false, "404" }, "It is not analysed yet: 404."},
		"it is being analysed":     {func(e *events.Entry) { e.Stage, e.Routed = events.StageSubmitted, false }, "It is being transcribed and searched."},
		"it failed":                {func(e *events.Entry) { e.Stage, e.Routed, e.DeadLetters = events.StageReady, false, []uint64{7} }, "It failed: The recording could not be fetched"},
		"it failed, and is solved": {func(e *events.Entry) { e.Stage, e.Routed, e.DeadLetters = events.StageReady, false, []uint64{8} }, "It came in and waits"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "", "")
			s.letters = []events.DeadLetter{{ID: 7, Recording: key, Step: "submit", Reason: events.ReasonMedia, Error: "404"},
				{ID: 9, Recording: key, Step: "notify", Subject: "alerts." + notify.Slug("#a"), Reason: events.ReasonDestination}}
			c.change(&s.entry)
			require.Contains(t, s.get("/recordings/"+key, "").Body.String(), c.want)
		})
	}
}

func TestEachMatchIsMarkedWithWhatItIs(t *testing.T) {
	s := newSite(t, "", "")
	s.transcript = events.Transcript{Whole: true, Lines: []events.Line{
		{Speaker: "Anna", Role: "agent", Start: 10, End: 20, Text: "We run a big sale now", Found: []events.Found{
			{Tracker: "Sale", Quote: notify.Quote{Phrase: "big sale", Offset: 9}},
			{Tracker: "Hint", Quote: notify.Quote{Phrase: "run offer", Offset: -1, Score: .72, Words: []string{"run", "now"}}},
		}},
		{Speaker: "Ben", Start: 20, End: 40, Text: "<b>no</b>"},
		{Speaker: "Customer", Role: "customer", Start: 40, End: 40, Text: "yes"},
	}}
	s.routes = notify.Explanation{Trackers: []notify.TrackerExplanation{
		{Tracker: "Sale", Quotes: 1, Destinations: []string{"#a"}, Routes: []notify.RouteExplanation{{Route: 2, Matches: true, Why: []string{"the tracker is Sale"}}}},
		{Tracker: "Hint", Quotes: 1, Destinations: []string{"#b"}},
	}}
	page := s.get("/recordings/"+key, "").Body.String()
	for _, want := range []string{
		"We <mark>run</mark> a <mark>big sale now</mark>", "said as in the vocabulary: “<bdi>big sale</bdi>”",
		"similar to “<bdi>run offer</bdi>”, 72 %, by the words <bdi>run, now</bdi>", "&lt;b&gt;no&lt;/b&gt;",
		`data-at="10" data-line="line-1" aria-label="0:10: Sale, Hint"`, `x="247.5"`, "route 2: <strong>takes it</strong>", "the default channel, as no route takes it",
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, ">customer</span>", "where the name says it")
}

func TestAlertsOfEarlierRunsStayKnown(t *testing.T) {
	s := newSite(t, "", "")
	now := time.Now()
	s.entry.ReceivedAt, s.entry.Replay, s.entry.Trackers = now, 1, []string{"Sale"}
	s.entry.Earlier = []events.AlertRecord{
		{AlertID: "a.0", Destination: "#sales", Trackers: []string{"Sale"}, Post: events.Post{PostedAt: now}, Feedback: []notify.Feedback{{Name: "Ben <b>", Useful: true, At: now}, {At: now}}},
		{AlertID: "b.0", Destination: "#lost", Post: events.Post{Intent: now}}, {AlertID: "c.0", Destination: "#quiet", Held: notify.HeldSilence},
	}
	page := s.get("/recordings/"+key, "").Body.String()
	for _, want := range []string{
		"Of earlier runs", "#sales", `id="open-a.0" class="small" href="https://acme.slack.com/archives/C1/p1"`, "useful</span> <bdi>Ben &lt;b&gt;", "false alarm",
		"not known to be posted", "held back: silence",
	} {
		require.Contains(t, page, want)
	}
	s.page.Entries = []events.Entry{s.entry}
	require.Contains(t, s.get("/trackers", "").Body.String(), "50 %", "a replay does not undo what people thought")
	require.Contains(t, s.get("/insights.csv?table=trackers", "").Body.String(), "Sale,1,1,1")
}

func TestWhoPressesReplayTwiceMakesOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "op", "")
		path := "/recordings/" + key
		require.Contains(t, s.get(path, "op").Body.String(), `name="run" value="0"`)
		s.slow = time.Second
		got := make(chan *httptest.ResponseRecorder, 2)
		for _, step := range []string{"submit", "route"} {
			go func() { got <- s.do("POST", path+"/replay", "op", url.Values{"step": {step}, "run": {"0"}}) }()
		}
		first, second := <-got, <-got
		if first.Code > second.Code { // either may be answered first
			first, second = second, first
		}
		require.Equal(t, []int{303, 409}, []int{first.Code, second.Code})
		require.Len(t, s.changed, 1)
		require.Len(t, s.deeds, 1)
		require.Contains(t, second.Body.String(), "replayed since you opened it")
		require.Contains(t, second.Body.String(), `href="`+path+`"`)
		require.Equal(t, 303, s.do("POST", path+"/replay", "op", url.Values{"step": {"submit"}, "run": {"1"}}).Code, "on purpose")
		require.Equal(t, 303, s.do("POST", path+"/replay", "op", url.Values{"step": {"submit"}}).Code, "a program knows of no run")
	})
}

func TestAViewerSeesNoNumberInWhatTheRoutesSay(t *testing.T) {
	s := newSite(t, "op", "view")
	for token, want := range map[string]string{"op": "+14155550188", "view": "+1 415 •••• 0188"} {
		s.routes = notify.Explanation{Trackers: []notify.TrackerExplanation{{
			Tracker: "Sale", Routes: []notify.RouteExplanation{{Why: []string{`the label desk is "+14155550188", not "a"`}}},
		}}}
		require.Contains(t, s.get("/recordings/"+key, token).Body.String(), "the label desk is &#34;"+strings.ReplaceAll(want, "+", "&#43;")+"&#34;", token)
	}
}

func TestTheWayOfARecordingHasItsTimesAndFailures(t *testing.T) {
	s := newSite(t, "", "")
	at := s.entry.ReceivedAt
	s.entry.Stage, s.entry.Routed = events.StageSubmitted, false
	s.entry.Steps = []events.StepTime{{Step: events.StepSubmit, At: at.Add(1500 * time.Millisecond)}}
	s.entry.Attempts = map[string]int{events.StepSubmit: 2, events.StepAwait: 1}
	page := s.get("/recordings/"+key, "").Body.String()
	for _, want := range []string{"1.5 s", "2 failures before", "1 failure", `<li class="now"><strong>Analysed</strong>`, `<li class="open"><strong>Alert posted</strong>`} {
		require.Contains(t, page, want)
	}
	require.Contains(t, page, `sse-connect="/live?key=calls.RE1"`, "it is followed while it changes")
	s.entry.Stage, s.entry.Routed = events.StageDone, true
	require.NotContains(t, s.get("/recordings/"+key, "").Body.String(), "sse-connect")
}

func TestWhatIsDoneToARecordingIsInTheAuditLog(t *testing.T) {
	s := newSite(t, "", "")
	path := "/recordings/" + key
	require.Equal(t, path+"?done=replayed", s.post(path+"/replay", url.Values{"step": {"submit"}}).Header().Get("Location"))
	require.Equal(t, 303, s.post(path+"/replay", url.Values{"step": {"route"}}).Code)
	require.Equal(t, 400, s.post(path+"/replay", url.Values{"step": {"notify"}}).Code)
	require.Equal(t, 400, s.post(path+"/forget", url.Values{}).Code, "without the tick nothing is forgotten")
	require.Equal(t, "/recordings?done=forgotten", s.post(path+"/forget", url.Values{"sure": {"yes"}}).Header().Get("Location"))
	require.Equal(t, []string{"replay " + key, "route " + key, "forget " + key}, s.changed)
	var deeds []string
	for _, d := range s.deeds {
		deeds = append(deeds, d.Role+" "+d.Action+" "+d.Object+" "+d.Detail)
	}
	require.Equal(t, []string{"operator replay " + key + " from submit", "operator replay " + key + " from route", "operator forget " + key + " "}, deeds)
	require.Contains(t, s.get(path+"?done=replayed", "").Body.String(), "It is tried again.")

	s.entry.Key = "calls.left"
	require.Contains(t, s.post("/recordings/calls.left/forget", url.Values{"sure": {"yes"}}).Body.String(), "#a: &lt;b&gt;gone&lt;/b&gt;")
}

func TestRawEventsKeepTheSecretsOfTheMedia(t *testing.T) {
	s := newSite(t, "", "")
	page := s.get("/recordings/"+key+"/events", "").Body.String()
	require.NotContains(t, page, "secret-url")
	require.Contains(t, page, "(secret)")
	require.Equal(t, events.DeedRead, s.deeds[0].Action)
}

func TestListeningIsToldOncePerListener(t *testing.T) {
	s := newSite(t, "", "")
	require.Equal(t, 404, s.get("/recordings/"+key+"/media", "").Code)
	s.sound = "RIFF"
	for range 3 {
		w := s.get("/recordings/"+key+"/media", "")
		require.Equal(t, 200, w.Code)
		require.Equal(t, "RIFF", w.Body.String())
		require.Equal(t, "audio/wav", w.Header().Get("Content-Type"))
		require.Equal(t, "bytes", w.Header().Get("Accept-Ranges"))
	}
	require.Len(t, s.deeds, 1)
	require.Equal(t, events.DeedListen, s.deeds[0].Action)
	require.Equal(t, key, s.deeds[0].Object)

	for header, want := range map[string]int{"": 206, `"a-version"`: 200} {
		r := httptest.NewRequest(http.MethodHead, "http://localhost/recordings/"+key+"/media", nil)
		r.Header.Set("Range", "bytes=0-3")
		r.Header.Set("If-Range", header)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, "HEAD with If-Range %q", header)
		require.Equal(t, "4", w.Header().Get("Content-Length"))
	}

	other := newSite(t, "", "")
	other.sound, other.broken = "RIFF", events.ErrUnavailable
	for range 2 {
		require.Equal(t, 503, other.get("/recordings/"+key+"/media", "").Code, "what the audit log cannot keep is not heard")
	}
}
