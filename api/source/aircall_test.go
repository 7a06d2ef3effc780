package source_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const aircallToken = "45XXYYZZa08"

func aircallKit() kit {
	insert := func(r *source.Request, token string) {
		if len(r.Body) > 0 && r.Body[0] == '{' {
			r.Body = append([]byte(`{"token":"`+token+`",`), r.Body[1:]...)
		}
	}
	return kit{
		secret: aircallToken, other: "another token", short: "ninebytes", bodyFree: true,
		sign: func(r *source.Request, secret string, _ time.Time) { insert(r, secret) },
		tamper: func(r *source.Request) {
			r.Body = append([]byte(nil), r.Body...)
			r.Body[len(`{"token":"`)] ^= 1
		},
	}
}

func TestAircallsTokenGoesNoFurther(t *testing.T) {
	k := aircallKit()
	p := build(t, config.Source{Provider: "aircall", Secret: aircallToken})
	for _, s := range samples(t, "aircall") {
		r := s.request(t, now())
		k.sign(&r, aircallToken, now())
		got, err := p.Normalise(r)
		if err != nil {
			require.NotContains(t, err.Error(), aircallToken)
			continue
		}
		raw, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotContains(t, string(raw), aircallToken)
	}
}

func TestAircallURLsAreRenewedByTheAPI(t *testing.T) {
	const ask = "GET https://api.aircall.io/v1/calls/812345 Basic aWQ6aHVzaA=="
	w := &web{t: t, answers: map[string]string{ask: `200 {"call":{"recording":"https://assets.example/fresh.mp3"}}`}}
	rec := events.Recording{ID: "812345", MediaURL: "https://assets.example/1.mp3", ReceivedAt: time.Now()}
	p := build(t, config.Source{Provider: "aircall", Secret: aircallToken, Credentials: config.Credentials{Username: "id", Password: "hush"}})
	m, err := source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Equal(t, events.Media{URL: rec.MediaURL, Private: true, Renewable: true}, m)
	m, err = source.Locate(t.Context(), p, rec, true, w)
	require.NoError(t, err)
	require.Equal(t, events.Media{URL: "https://assets.example/fresh.mp3", Private: true}, m)

	w.answers[ask] = `200 {"call":{"recording":null}}`
	_, err = source.Locate(t.Context(), p, rec, true, w)
	require.ErrorIs(t, err, events.ErrNoMedia)
	w.answers[ask] = "429 "
	_, err = source.Locate(t.Context(), p, rec, true, w)
	require.EqualError(t, err, "Aircall's calls API answers 429 Too Many Requests")
}
