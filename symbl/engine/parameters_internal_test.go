package engine

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestParametersMeanTheSameInABodyAndInAQuery(t *testing.T) {
	want := parameters{
		Name:                "call 7",
		WebhookURL:          "https://example.com/hook",
		ConversationType:    "sales",
		Language:            "en-GB",
		Start:               time.Date(2020, 7, 21, 16, 2, 19, 10e6, time.UTC),
		Metadata:            []byte(`{"salesStage":"close"}`),
		Trackers:            []symbl.Tracker{{ID: "5123033831841280"}, {Name: "Sale", Vocabulary: []string{"sale"}}},
		ConfidenceThreshold: 0.6,
		CustomVocabulary:    []string{"Trackerbell"},
		Mode:                "phone",
		SeparateChannels:    true,
		Channels: []channel{
			{Channel: 1, Speaker: symbl.Person{Name: "Ann", Email: "ann@example.com"}},
			{Channel: 2},
		},
		Diarize:  true,
		Speakers: 2,
	}
	body, err := parseForm([]byte(`{
		"name": "call 7", "webhookUrl": "https://example.com/hook", "conversationType": ["sales", "other"],
		"languageCode": "en-GB", "startTime": "2020-07-21T16:02:19.010Z", "metadata": {"salesStage":"close"},
		"trackers": [{"id": "5123033831841280"}, {"name": "Sale", "vocabulary": ["sale"]}], "enableAllTrackers": true,
		"confidenceThreshold": 0.6, "customVocabulary": ["Trackerbell"], "mode": "phone",
		"enableSeparateRecognitionPerChannel": true,
		"channelMetadata": [{"channel": 1, "speaker": {"name": "Ann", "email": "ann@example.com"}}, {"channel": "2"}],
		"enableSpeakerDiarization": true, "diarizationSpeakerCount": 2, "features": {}, "sentiment": "true"}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, readParameters(body, true)))
	require.NoError(t, body.done())

	query := queryForm(url.Values{
		"name": {"from the file", "call 7"}, "webhookUrl": {"https://example.com/hook"}, "conversationType": {"sales"},
		"languageCode": {"en-GB"}, "startTime": {"2020-07-21T16:02:19.010Z"}, "metadata": {`{"salesStage":"close"}`},
		"trackers":          {`[{"id":"5123033831841280"},{"name":"Sale","vocabulary":["sale"]}]`},
		"enableAllTrackers": {"True"}, "confidenceThreshold": {"0.600000"}, "customVocabulary": {`["Trackerbell"]`},
		"mode": {"phone"}, "enableSeparateRecognitionPerChannel": {"true"},
		"channelMetadata":          {`[{"channel":1,"speaker":{"name":"Ann","email":"ann@example.com"}},{"channel":2}]`},
		"enableSpeakerDiarization": {"1"}, "diarizationSpeakerCount": {"2"},
	})
	require.Empty(t, cmp.Diff(want, readParameters(query, true)))
	require.NoError(t, query.done())

	// As symbl-go-sdk sends it.
	repeated := queryForm(url.Values{"customVocabulary": {"Trackerbell", "JetStream"}})
	require.Equal(t, []string{"Trackerbell", "JetStream"}, readParameters(repeated, true).CustomVocabulary)
	require.NoError(t, repeated.done())
}

func TestATextInAQueryIsTakenAsItStands(t *testing.T) {
	for _, text := range []string{`[2]`, `{"a":1}`, `["a"]`, ` [2]`, `"x"`, `2`, `null`, `true`, `[2`, `{}`} {
		f := queryForm(url.Values{"name": {"first", text}, "metadata": {`{"a":1}`}, "customVocabulary": {`["a","b"]`}})
		p := readParameters(f, true)
		require.NoError(t, f.done())
		require.Equal(t, text, p.Name)
		require.JSONEq(t, `{"a":1}`, string(p.Metadata))
		require.Equal(t, []string{"a", "b"}, p.CustomVocabulary)

		f = queryForm(url.Values{"languageCode": {text}})
		readParameters(f, true)
		require.ErrorContains(t, f.done(), `"languageCode" must be a language`)
	}
	f := queryForm(url.Values{"customVocabulary": {`[2]`}})
	readParameters(f, true)
	require.ErrorContains(t, f.done(), `"customVocabulary" must be an array of strings`)
}

func TestParametersThatAreNotGiven(t *testing.T) {
	f := queryForm(nil)
	require.Empty(t, cmp.Diff(parameters{AllTrackers: true, ConfidenceThreshold: 0.5}, readParameters(f, false)))
	require.NoError(t, f.done())
}

func TestParametersOfRecordingsAreRefusedByName(t *testing.T) {
	tests := map[string]struct{ query, field string }{
		"channels that are no array":  {`channelMetadata=both`, `"channelMetadata"`},
		"a channel that is no object": {`channelMetadata=[1]`, `"channelMetadata[0]"`},
		"a channel without a number":  {`channelMetadata=[{"speaker":{}}]`, `"channelMetadata[0].channel"`},
		"channel zero":                {`channelMetadata=[{"channel":0}]`, `"channelMetadata[0].channel"`},
		"a channel twice":             {`channelMetadata=[{"channel":1},{"channel":1}]`, `"channelMetadata[1].channel"`},
		"an ill-typed speaker":        {`channelMetadata=[{"channel":1,"speaker":{"name":7}}]`, `"channelMetadata[0].speaker.name"`},
		"an unknown field":            {`channelMetadata=[{"channel":1,"gain":2}]`, `"channelMetadata[0].gain"`},
		"half a speaker":              {`diarizationSpeakerCount=1.5`, `"diarizationSpeakerCount"`},
		"no speaker":                  {`diarizationSpeakerCount=-1`, `"diarizationSpeakerCount"`},
		"an ill-typed flag":           {`enableSpeakerDiarization=2`, `"enableSpeakerDiarization"`},
		"an unknown parameter":        {`enableAllTracker=true`, `"enableAllTracker"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(tt.query)
			require.NoError(t, err)
			f := queryForm(query)
			readParameters(f, true)
			require.ErrorContains(t, f.done(), tt.field)
		})
	}
}
