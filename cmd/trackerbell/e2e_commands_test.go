package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/symbl"
)

// printed decodes what a command printed.
func printed[T any](t *testing.T, stdout string) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(stdout), &v), stdout)
	return v
}

func TestEndToEndTrackersAreManagedInTheRunningService(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	s.start()
	names := func() (list []string) {
		for _, tracker := range printed[trackerList](t, s.must("trackers", "list", "--output", "json")).Trackers {
			require.NotEmpty(t, tracker.ID)
			list = append(list, tracker.Name)
		}
		return list
	}
	require.ElementsMatch(t, []string{"Promotion Mention", "Cancellation"}, names())

	one := s.write("one.yaml", "name: Refund\nvocabulary: [give me my money back]\ndescription: wants money\nlanguages: [en-US]\n")
	many := s.write("many.json", `[{"name":"Greeting","vocabulary":["good morning"]},{"name":"Goodbye","vocabulary":["have a nice day"]}]`)
	created := printed[trackerList](t, s.must("trackers", "create", one, many, "--output", "json")).Trackers
	require.Len(t, created, 3)
	require.ElementsMatch(t, []string{"Promotion Mention", "Cancellation", "Refund", "Greeting", "Goodbye"}, names())

	byName := printed[symbl.Tracker](t, s.must("trackers", "get", "Refund", "--output", "json"))
	require.Equal(t, created[0].ID, byName.ID)
	require.Equal(t, "wants money", byName.Description)
	require.Equal(t, byName, printed[symbl.Tracker](t, s.must("trackers", "get", byName.ID, "--output", "json")))
	require.Contains(t, s.must("trackers", "get", "Refund"), "give me my money back")

	changed := s.write("changed.yaml", "name: Refund\nvocabulary: [money back, a refund]\n")
	s.must("trackers", "update", "Refund", changed)
	byName = printed[symbl.Tracker](t, s.must("trackers", "get", "Refund", "--output", "json"))
	require.Equal(t, []string{"money back", "a refund"}, byName.Vocabulary)
	require.Empty(t, byName.Description, "update makes the tracker what the file says")

	key := s.accept("calls", hook{ID: "refund", Transcript: []said{{"Caller", "I want a refund.", 1, 2}}})
	require.Equal(t, []string{"Refund"}, s.waitStage(key, events.StageDone).Trackers)
	require.Len(t, slack.Messages("#call-alerts"), 1)

	require.Contains(t, s.must("trackers", "delete", "Refund"), "deleted Refund")
	require.NotContains(t, names(), "Refund")
	for _, args := range [][]string{{"get", "Refund"}, {"delete", "Refund"}, {"update", "Refund", changed}, {"create", many}} {
		r := s.command(append([]string{"trackers"}, args...)...)
		require.Equal(t, 1, r.code, "%q", args)
		require.Regexp(t, `^trackerbell: .+\n$`, r.stderr)
		require.Empty(t, r.stdout)
	}
}

func TestEndToEndTrackersOfTheFileAreAppliedAtStart(t *testing.T) {
	t.Parallel()
	s := newService(t, consoleConfig)
	s.write("trackers.yaml", testTrackers)
	s.start().stop()
	s.write("trackers.yaml", "- name: Promotion Mention\n  vocabulary: [open late]\n")
	s.start()
	list := printed[trackerList](t, s.must("trackers", "list", "--output", "json")).Trackers
	require.Len(t, list, 2, "what the file does not name stays")
	got := printed[symbl.Tracker](t, s.must("trackers", "get", "Promotion Mention", "--output", "json"))
	require.Equal(t, []string{"open late"}, got.Vocabulary)
}

func TestEndToEndSendSignsAsTheProviderWould(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	media, _ := newMedia(t)
	s.start()
	transcripts := map[string]string{
		"call.json": `[{"speaker":"Anna","text":"We have a sale right now on shoes.","start":61,"end":64}]`,
		"call.vtt":  "WEBVTT\n\n00:01:01.000 --> 00:01:04.000\n<v Anna>We have a sale right now on shoes.</v>\n",
		"call.srt":  "1\n00:01:01,000 --> 00:01:04,000\nAnna: We have a sale right now on shoes.\n\n2\n00:01:05,000 --> 00:01:06,000\nBen: Thanks.\n",
	}
	for name, text := range transcripts {
		id := strings.ReplaceAll(name, ".", "-")
		out := s.must("send", "calls", "--transcript", s.write(name, text), "--id", id, "--from", callerNumber)
		require.Equal(t, `202 {"recording":"calls.`+id+`","duplicate":false}`+"\n", out)
		s.waitStage("calls."+id, events.StageDone)
		posted := alertsOf(slack, "#promotions", "calls."+id)
		require.Len(t, posted, 1, name)
		require.Contains(t, blocksText(t, posted[0].Blocks), "Anna · 1:01", name)
	}
	require.Contains(t, s.must("send", "phone", "--recording-url", media.URL+"/a", "--id", "RE9"), `"recording":"phone.RE9"`)
	s.waitStage("phone.RE9", events.StageDead)

	r := s.command("send", "calls", "--transcript", s.write("call.txt", "no transcript at all"))
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "call.txt")
	r = s.command("send", "nobody", "--recording-url", "https://a.example/b")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "calls, pbx, phone")
	r = s.command("send", "calls", "--recording-url", "ftp://a.example/b")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "422")
	require.Contains(t, r.stderr, "recordingUrl")
	r = s.command("send", "calls", "--recording-url", "https://a.example/b", "--url", "http://"+freeAddr(t))
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "no service answers")
}

func TestEndToEndCheckTellsOfEachDependency(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	alone := s.command("check")
	require.Equal(t, 0, alone.code, alone.stderr+alone.stdout)
	p := s.start()
	beside := s.command("check", "--config", s.config)
	require.Equal(t, 0, beside.code, beside.stderr+beside.stdout)
	require.Contains(t, beside.stdout, "running service", "the store is in use")
	for _, out := range []string{alone.stdout, beside.stdout} {
		for _, name := range []string{"configuration", "nats", "symbl", "slack", "clock"} {
			require.Regexp(t, `(?m)^ok +`+name+` `, out)
		}
	}
	p.stop()

	dead := "http://" + freeAddr(t) + "/api/"
	failing := command(t, s.dir, []string{"TRACKERBELL_CONFIG=" + s.config, "TRACKERBELL_SLACK_APIURL=" + dead}, "check")
	require.Equal(t, 1, failing.code)
	require.Regexp(t, `(?m)^failed +slack `, failing.stdout)
	require.Regexp(t, `(?m)^ok +nats `, failing.stdout)
	require.Contains(t, failing.stderr, "1 of 5")

	refused := command(t, s.dir, []string{"TRACKERBELL_CONFIG=" + s.config, "TRACKERBELL_SLACK_TOKEN=xoxb-another",
		"TRACKERBELL_SYMBL_BASEURL=http://" + freeAddr(t), "TRACKERBELL_SYMBL_APPID=a", "TRACKERBELL_SYMBL_APPSECRET=hush-hush-hush"}, "check")
	require.Equal(t, 1, refused.code)
	require.Regexp(t, `(?m)^failed +slack .*invalid_auth\n +Install the Slack app again`, refused.stdout)
	require.Regexp(t, `(?m)^failed +symbl .*\n +Check that symbl.baseURL is right`, refused.stdout)
	require.NotContains(t, refused.stdout+refused.stderr, "xoxb-another")
	require.NotContains(t, refused.stdout+refused.stderr, "hush-hush-hush")
}

func TestCheckAsksTheTranscriberWhetherItIsThere(t *testing.T) {
	t.Parallel()
	whisper := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/v1/models":
			http.NotFound(w, r)
		case r.Header.Get("Authorization") != "Bearer key-of-the-account":
			http.Error(w, `{"error":{"message":"Incorrect API key provided"}}`, http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, `{"data":[{"id":"whisper-1"}]}`)
		}
	}))
	t.Cleanup(whisper.Close)
	for name, c := range map[string]struct {
		url, key, model string
		code            int
		want            string
	}{
		"it is":             {whisper.URL + "/v1", "key-of-the-account", "whisper-1", 0, `(?m)^ok +transcriber +127\S+ has the model whisper-1$`},
		"another model":     {whisper.URL + "/v1", "key-of-the-account", "large", 0, `(?m)^ok +transcriber .*does not list the model large`},
		"no list of models": {whisper.URL, "", "whisper-1", 0, `(?m)^ok +transcriber +127\S+ answers, and does not list`},
		"a wrong key":       {whisper.URL + "/v1", "another-key", "whisper-1", 1, `(?m)^failed +transcriber .*answered 401.*Incorrect API key provided`},
		"nothing there":     {"http://" + freeAddr(t) + "/v1", "", "whisper-1", 1, `(?m)^failed +transcriber .*refused\n +Check engine.openai`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := command(t, t.TempDir(), []string{
				"TRACKERBELL_ENGINE_TRANSCRIBER=openai", "TRACKERBELL_ENGINE_OPENAI_BASEURL=" + c.url, "TRACKERBELL_ENGINE_OPENAI_APIKEY=" + c.key, "TRACKERBELL_ENGINE_OPENAI_MODEL=" + c.model,
			}, "check")
			require.Equal(t, c.code, r.code, r.stdout+r.stderr)
			require.Regexp(t, c.want, r.stdout)
			if c.key != "" {
				require.NotContains(t, r.stdout+r.stderr, c.key)
			}
		})
	}
}

func TestEndToEndDeadLettersAreReplayedAndDropped(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	s.start()
	archived := slack.AddChannel(slacktest.Channel{Name: "promotions", Archived: true})
	require.NotEmpty(t, archived)
	key := s.accept("calls", saleCall("sale-1"))
	r := s.waitStage(key, events.StageDead)
	require.Contains(t, r.Error, "is_archived")

	list := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
	require.Len(t, list, 1)
	require.Equal(t, key, list[0].Recording)
	require.Equal(t, "notify", list[0].Step)
	id := strconv.FormatUint(list[0].ID, 10)
	shown := s.must("dead", "show", id, "--output", "json")
	require.Contains(t, shown, "is_archived")
	require.Equal(t, "alerts.promotions", printed[events.DeadLetter](t, shown).Subject)
	require.Contains(t, s.must("dead", "list"), "is_archived")
	require.Contains(t, s.must("recordings", "show", key), "dead")

	require.Contains(t, s.must("dead", "replay", id), "dead letter "+id+" is replayed")
	var again events.DeadLetter
	require.Eventually(t, func() bool { // it fails again, as a letter of its own
		all := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
		if len(all) == 1 {
			again = all[0]
		}
		return again.ID > list[0].ID
	}, soon, tick)
	require.Equal(t, 1, s.command("dead", "show", id).code)

	s.must("dead", "drop", strconv.FormatUint(again.ID, 10))
	require.Empty(t, printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead)
	require.NotEqual(t, events.StageDead, s.waitFor(key, soon, func(api.RecordingView) bool { return true }).Stage)
	for _, args := range [][]string{{"replay", id}, {"drop", id}} {
		require.Equal(t, 1, s.command(append([]string{"dead"}, args...)...).code)
	}
	requireProblem(t, s.ask(http.MethodGet, "/api/dead/"+id), http.StatusNotFound, "")
}

func TestEndToEndAReplayedDeadLetterPostsItsAlertOnce(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	slack.Fail(func(method, channel string) *slacktest.Fault {
		if method == "chat.postMessage" && channel == "#managers" {
			return &slacktest.Fault{Code: "is_archived"}
		}
		return nil
	})
	s.start()
	key := s.accept("calls", leavingCall("leaving"))
	s.waitFor(key, soon, func(r api.RecordingView) bool {
		return r.Stage == events.StageDead && len(slack.Messages("#retention")) == 1
	})
	slack.Fail(nil)
	require.Contains(t, s.must("dead", "replay", "--all"), "is replayed")
	r := s.waitStage(key, events.StageDone)
	require.Empty(t, r.DeadLetters)
	require.Equal(t, "there are no dead letters\n", s.must("dead", "replay", "--all"))
	require.Len(t, slack.Messages("#managers"), 1)
	require.Len(t, slack.Messages("#retention"), 1, "what was posted is not posted again")

	require.Contains(t, s.must("recordings", "replay", key), "started anew")
	require.Eventually(t, func() bool {
		return len(slack.Messages("#managers")) == 2 && len(slack.Messages("#retention")) == 2
	}, soon, tick, "a replay of the recording is a run of its own")
	require.NotEqual(t, r.JobID, s.waitStage(key, events.StageDone).JobID)
}

func TestEndToEndVersionTellsItsCommit(t *testing.T) {
	t.Parallel()
	r := command(t, t.TempDir(), nil, "version", "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, map[string]string{"version": version, "commit": testCommit, "date": testDate, "go": runtime.Version()},
		printed[map[string]string](t, r.stdout))
}

func TestEndToEndCheckLooksAtEveryChannel(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	for _, name := range []string{"retention", "managers", "emea", "call-alerts"} {
		slack.AddChannel(slacktest.Channel{Name: name})
	}
	slack.AddChannel(slacktest.Channel{Name: "promotions", Outside: true})
	r := s.command("check")
	require.Equal(t, 1, r.code, r.stdout)
	require.Regexp(t, `(?m)^failed +slack +bot .*\n +#promotions: not_in_channel: Invite the app`, r.stdout)

	// What answers for Slack may know less than Slack.
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "conversations.list" {
			return &slacktest.Fault{Status: http.StatusNotFound}
		}
		return nil
	})
	r = s.command("check")
	require.Equal(t, 0, r.code, r.stdout)
	require.Regexp(t, `(?m)^ok +slack .*does not tell of its channels`, r.stdout)
}

func TestEndToEndCheckTellsOfScopesAndTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes []string
		off    time.Duration
		code   int
		wants  []string
	}{
		"as it should be": {
			scopes: []string{"chat:write", "channels:read", "groups:read", "channels:history", "groups:history"},
			wants:  []string{`(?m)^ok +slack +bot trackerbell in Stand-in, member of #alerts$`, `(?m)^ok +clock +within \d+s of that of http`},
		},
		"public channels only": {
			scopes: []string{"chat:write", "channels:read", "channels:history"},
			wants:  []string{`(?m)^ok +slack .*\n +without the scopes groups:read, groups:history,`},
		},
		"may not post": {
			scopes: []string{"channels:read"}, code: 1,
			wants: []string{`(?m)^failed +slack +.*add the scope chat:write`},
		},
		"a clock that runs ahead": {
			scopes: []string{"chat:write"}, off: -10 * time.Minute, code: 1,
			wants: []string{`(?m)^failed +clock +it is (9m59|10m[0-9]+)s off .*set it by NTP`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slack := slacktest.New(t, slacktest.WithScopes(c.scopes...), slacktest.WithToken("xoxb-secret-of-the-bot"),
				slacktest.WithChannels(slacktest.Channel{Name: "alerts"}),
				slacktest.WithClock(func() time.Time { return time.Now().Add(c.off) }))
			s := newService(t, `
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}"}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", defaultChannel: "#alerts"}
`, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot")
			r := s.command("check")
			require.Equal(t, c.code, r.code, r.stdout)
			for _, want := range c.wants {
				require.Regexp(t, want, r.stdout)
			}
		})
	}
}

func TestEndToEndABrokenTrackersFileIsToldBeforeTheStart(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.write("trackers.yaml", "- name: Promotion Mention\n  vocabulary: []\n")
	for _, name := range []string{"serve", "check"} {
		r := s.command(name, "--config", s.config)
		require.Equal(t, 2, r.code, r.stderr)
		require.Regexp(t, `trackerbell\.yaml:\d+: trackers: .*trackers\.yaml:1: tracker 1: .*vocabulary.* 1 to \d+ phrases`, r.stderr)
	}
	require.NoFileExists(t, filepath.Join(s.dir, "data", "trackerbell.lock"), "nothing was opened")
}
