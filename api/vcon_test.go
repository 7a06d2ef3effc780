package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

func story(transcript ...events.Utterance) events.Story {
	at := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	return events.Story{
		Entry: events.Entry{
			Key: "calls.RE1", ID: "RE1", Source: "calls", ReceivedAt: at.Add(time.Minute), Stage: events.StageDone,
			Call:  notify.Call{From: "+14155552671", To: "sip:desk@example.com", Agent: "Ana", StartedAt: at, Seconds: 94.5},
			Steps: []events.StepTime{{Step: events.StepRoute, At: at.Add(2 * time.Minute)}},
		},
		Recording: events.Recording{MediaURL: "https://media.example.com/1.wav?sig=hush", MediaToken: "hush", Transcript: transcript},
		Trackers:  []notify.Tracker{{Name: "Sale", Quotes: []notify.Quote{{Text: "a sale", Speaker: "Ana", At: 1, Phrase: "sale", Offset: 2}}}},
	}
}

// vconSchemas are ours and, where TRACKERBELL_VCON_SCHEMA names it, the one that
// the draft's authors publish beside it (vcon_json_schema.json), which is not ours
// to copy.
func vconSchemas(t *testing.T) []*jsonschema.Schema {
	t.Helper()
	files := []string{"testdata/vcon.schema.json"}
	if theirs := os.Getenv("TRACKERBELL_VCON_SCHEMA"); theirs != "" {
		files = append(files, theirs)
	}
	var all []*jsonschema.Schema
	for _, file := range files {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		schema, err := c.Compile(file)
		require.NoError(t, err)
		all = append(all, schema)
	}
	return all
}

func requireVCon(t *testing.T, raw []byte, name string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	for _, schema := range vconSchemas(t) {
		require.NoError(t, schema.Validate(doc), name)
	}
}

// The samples that are taken in are what the draft describes, or the decoder
// would be tested against forms that nobody sends.
func TestTheVConsThatComeInKeepToTheDraft(t *testing.T) {
	raw, err := os.ReadFile("source/testdata/generic/vcon.json")
	require.NoError(t, err)
	var samples []struct {
		Name, ContentType string
		Body              json.RawMessage
	}
	require.NoError(t, json.Unmarshal(raw, &samples))
	require.NotEmpty(t, samples)
	for _, s := range samples {
		if s.ContentType == "application/cloudevents+json" {
			var event struct{ Data json.RawMessage }
			require.NoError(t, json.Unmarshal(s.Body, &event))
			s.Body = event.Data
		}
		requireVCon(t, s.Body, s.Name)
	}
}

func TestVConsKeepToTheDraft(t *testing.T) {
	silent := story()
	silent.Entry.Call, silent.Trackers, silent.Entry.Steps = notify.Call{}, nil, nil
	uuid := story()
	uuid.Entry.ID = "018e3b0a-7c1f-8c3a-9d2e-1f0a2b3c4d5e"
	for name, s := range map[string]events.Story{
		"recording": story(), "nothing known": silent, "an id that is a UUID": uuid,
		"transcript": story(events.Utterance{Speaker: "Ana", Text: "a sale", Start: 1, End: 2}, events.Utterance{Text: "hm", Start: 3, End: 3}, events.Utterance{Speaker: "Bo", Text: "no", Start: 4, End: 5}),
	} {
		v, err := api.NewVCon(s)
		require.NoError(t, err)
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		requireVCon(t, raw, name)
		require.NotContains(t, string(raw), "hush")
		again, err := api.NewVCon(s)
		require.NoError(t, err)
		require.Equal(t, v.UUID, again.UUID)
		var matches []notify.Tracker
		require.NoError(t, json.Unmarshal([]byte(v.Analysis[0].Body), &matches))
		require.Len(t, matches, len(s.Trackers))
	}
	v, err := api.NewVCon(uuid)
	require.NoError(t, err)
	require.Equal(t, uuid.Entry.ID, v.UUID)
}

func TestAVConThatGoesOutComesInAgain(t *testing.T) {
	said := []events.Utterance{{Speaker: "Ana", Text: "a sale", Start: 0, End: 2}, {Speaker: "Bo", Text: "no", Start: 4, End: 5}}
	v, err := api.NewVCon(story(said...))
	require.NoError(t, err)
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	p, err := source.New(config.Source{Provider: "generic", Insecure: true})
	require.NoError(t, err)
	got, err := p.Normalise(source.Request{URL: &url.URL{}, Header: http.Header{"Content-Type": {"application/vcon+json"}}, Body: raw})
	require.NoError(t, err)
	require.Equal(t, said, got.Recordings[0].Transcript)
	require.Equal(t, v.UUID, got.Recordings[0].ID)
}

func TestViewersSeeNoNumbersInVCons(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	a.store.entry = func(key string) (events.Entry, error) {
		if key != "calls.RE1" {
			return events.Entry{}, events.ErrNotFound
		}
		return story().Entry, nil
	}
	for token, shows := range map[string]bool{"op": true, "view": false} {
		w := do(a, request(http.MethodGet, "/api/recordings/calls.RE1/vcon", token))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/vcon+json", w.Header().Get("Content-Type"))
		require.Equal(t, shows, strings.Contains(w.Body.String(), "tel:+14155552671"))
	}
	require.Equal(t, http.StatusNotFound, do(a, request(http.MethodGet, "/api/recordings/calls.none/vcon", "op")).Code)
}

func TestAVConHasWhatWasHeard(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	a.store.transcript = events.Transcript{Whole: true, Lines: []events.Line{{Speaker: "+14155552671", Text: "a sale", Start: 1.5, End: 3}, {Text: "bye", Start: -1}}}
	read := func(token string) (v api.VCon) {
		w := do(a, request(http.MethodGet, "/api/recordings/calls.RE1/vcon", token))
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		requireVCon(t, w.Body.Bytes(), token)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
		return v
	}
	v := read("op")
	require.Len(t, v.Dialog, 2)
	require.Equal(t, "a sale", v.Dialog[0].Body)
	require.InDelta(t, 1.5, v.Dialog[0].Duration, 0.001)
	require.Equal(t, "+14155552671", v.Parties[v.Dialog[0].Parties[0]].Name)
	require.NotContains(t, read("view").Parties[2].Name, "555")

	a.store.transcript.Whole = false
	require.Equal(t, "recording", read("op").Dialog[0].Type, "some sentences are no transcript")
}
