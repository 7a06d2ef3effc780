package notify_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

func TestQuotesAreSortedExactFirstThenByTime(t *testing.T) {
	tracker := notify.Tracker{Quotes: []notify.Quote{
		{Text: "similar, late", Offset: -1, At: 9},
		{Text: "similar, early", Offset: -1, At: 0},
		{Text: "exact, unknown", Offset: 3, At: -1},
		{Text: "exact, late", Offset: 0, At: 50},
		{Text: "exact, early", Offset: 7, At: 5},
		{Text: "exact, early too", Offset: 7, At: 5},
	}}
	tracker.Sort()
	var got []string
	for _, q := range tracker.Quotes {
		got = append(got, q.Text)
	}
	require.Equal(t, []string{"exact, early", "exact, early too", "exact, late", "exact, unknown", "similar, early", "similar, late"}, got)
}

func TestNumbersAreMasked(t *testing.T) {
	for number, want := range map[string]string{
		"+14155550137":                   "+1 415 •••• 0137",
		"+1 (415) 555-0137":              "+1 415 •••• 0137",
		"+442079460958":                  "+44 20 •••• 0958",
		"+4915112345678":                 "+49 1511 •••• 5678",
		"+33612345678":                   "+33 6 •••• 5678",
		"+81312345678":                   "+81 3 •••• 5678",
		"+6591234567":                    "+65 •••• 4567",
		"4155550137":                     "•••• 0137",
		"5550137":                        "•••• 0137",
		"0049 151 1234 5678 9":           "•••• 6789",
		"+999123456789":                  "•••• 6789",
		"101":                            "101",
		"+911":                           "+911",
		"anonymous":                      "anonymous",
		"Restricted":                     "Restricted",
		"client:anna":                    "client:anna",
		"sip:alice@pbx.example":          "sip:••••@pbx.example",
		"sip:+14155550137:x@pbx.example": "sip:••••@pbx.example",
		"alice@pbx.example":              "••••@pbx.example",
		"+1415555\u202e0137\n":           "+1 415 •••• 0137",
		"":                               "",

		"SIP:alice@pbx.example;user=phone":                 "sip:••••@pbx.example",
		`"+1 415 555 0137" <sip:+14155550137@pbx.example>`: "••••@pbx.example",
		"4155550137:secret@pbx.example":                    "••••@pbx.example",
		"alice@pbx.example;ext=4155550137":                 "••••@pbx.example",

		"sip:" + strings.Repeat("alice.", 20) + "@pbx.example": "sip:••••@pbx.example",
		strings.Repeat("alice.", 20) + "@pbx.example":          "••••@pbx.example",
		strings.Repeat("the office of ", 9) + "+14155550137":   "+1 415 •••• 0137",
		"alice@" + strings.Repeat("p", 90):                     "••••@" + strings.Repeat("p", 35) + "…",
		strings.Repeat("anna ", 20):                            strings.TrimSpace(strings.Repeat("anna ", 12)) + "…",
	} {
		require.Equal(t, want, notify.Mask(number), "%q", number)
	}
}

func FuzzMaskNeverShowsAWholeNumber(f *testing.F) {
	for _, s := range []string{"+14155550137", "4155550137", "sip:a@b", "+999123456789", "٠١٢٣٤٥٦٧٨"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, number string) {
		count := func(s string) (n int) { // letters too: they stand for digits, as in +1 800 FLOWERS
			for _, r := range s {
				if unicode.In(r, unicode.L, unicode.Nd) {
					n++
				}
			}
			return n
		}
		got := notify.Mask(number)
		requireVisible(t, got)
		digits := strings.IndexFunc(number, unicode.IsLetter) < 0 && count(number) >= 7
		if digits && count(number) < 40 && !strings.Contains(number, "@") {
			require.Less(t, count(got), count(number), "%q shows as %q", number, got)
		}
	})
}

func TestACallIsMaskedWhereverANumberStandsForAName(t *testing.T) {
	call := notify.Call{
		Source: "calls", From: "+14155550137", To: "4155550138", Agent: "+1 (415) 555-0139",
		Labels: map[string]string{"caller": "tel:+442079460958", "order": "20261128001", "team": "North +1", "note": "Ring +44 20 7946 0958 or sip:anna@pbx.example", "at": "https://maps.example/@52.5200066,13.4049540"},
	}
	require.Equal(t, notify.Call{
		Source: "calls", From: "+1 415 •••• 0137", To: "•••• 0138", Agent: "+1 415 •••• 0139",
		Labels: map[string]string{"caller": "+44 20 •••• 0958", "order": "20261128001", "team": "North +1", "note": "Ring +44 20 •••• 0958 or sip:••••@pbx.example", "at": "https://maps.example/@52.5200066,13.4049540"},
	}, call.Masked())
	require.Equal(t, "tel:+442079460958", call.Labels["caller"], "the call itself stays as it is")
	require.Nil(t, notify.Call{}.Masked().Labels)
	require.Equal(t, "+1 415 •••• 0137", notify.MaskName("\u202e+14155550137"))

	trackers := []notify.Tracker{{Name: "Sale", Quotes: []notify.Quote{{Speaker: "+14155550137"}, {Speaker: "Anna"}}}}
	got := notify.MaskSpeakers(trackers)
	require.Equal(t, "+1 415 •••• 0137", got[0].Quotes[0].Speaker)
	require.Equal(t, "Anna", got[0].Quotes[1].Speaker)
	require.Equal(t, "+14155550137", trackers[0].Quotes[0].Speaker)
}

func TestSpeakersAreMaskedWhereTheyAreKnownByANumber(t *testing.T) {
	for name, want := range map[string]string{
		"+14155550137": "+1 415 •••• 0137", "(415) 555-0137": "•••• 0137", "415.555.0137": "•••• 0137", "٤١٥٥٥٥٠١٣٧": "•••• ٠١٣٧",
		"\u202e+14155550137": "+1 415 •••• 0137", "+1415\u200d5550137": "•••• 0137", "+1\u00a0415–555–0137": "+1 415 •••• 0137",
		"+1 415 555 0137 ext. 12": "+1 415 •••• 0137 ext. 12", "(415) 555-0137 x12": "•••• 0137 x12",
		"tel:+14155550137": "+1 415 •••• 0137", "Tel: +1 415 555 0137": "+1 415 •••• 0137", "TEL:+14155550137;ext=12": "+1 415 •••• 0137;ext=12",
		"tel:+14155550137@pbx.example": "••••@pbx.example",
		"sip:+14155550137@pbx.example": "sip:••••@pbx.example", "SIP:alice@pbx.example": "sip:••••@pbx.example", "sips:4155550137": "sips:••••",
		"<sip:+14155550137@pbx.example;user=phone>":          "<sip:••••@pbx.example>",
		`"+1 415 555 0137" <sip:+14155550137@pbx.example>`:   `"+1 415 •••• 0137" <sip:••••@pbx.example>`,
		`Anna <tel:+14155550137>, Ben <sip:ben@pbx.example>`: "Anna <+1 415 •••• 0137>, Ben <sip:••••@pbx.example>",
		"+14155550137@pbx.example":                           "••••@pbx.example", "4155550137@pbx.example": "••••@pbx.example", "+1 415 555 0137@pbx.example": "••••@pbx.example",
		"+1 415 555 0137 (Anna)": "+1 415 •••• 0137 (Anna)", "Anna 4155550137": "Anna •••• 0137", "Anna4155550137": "Anna•••• 0137", "Desk 12345678": "Desk •••• 5678",

		"Anna(+14155550137@pbx.example)": "Anna(••••@pbx.example)", "+14155550137;ext=12@pbx.example": "+1 415 •••• 0137;ext=••••@pbx.example",
		"caller=+14155550137@pbx": "caller=••••@pbx", "Anna/+14155550137@pbx": "Anna/••••@pbx", "anna@acme.com;+14155550137": "anna@acme.com;+1 415 •••• 0137",
		"anna@acme.com/+14155550137": "anna@acme.com/+1 415 •••• 0137", "anna@+14155550137": "anna@+1 415 •••• 0137", "anna@4155550137": "anna@••••",
		"sip:anna@pbx/+14155550137": "sip:••••@pbx", "sip:anna@+14155550137": "sip:••••@", "sip:anna@4155550137": "sip:••••@••••", "anna+14155550137@acme.com": "anna••••@acme.com",
		"415−555−0137": "•••• 0137", "+1·415·555·0137": "•••• 0137", "[415] 555 0137": "[•••• 0137", "＋14155550137": "+1 415 •••• 0137",

		"bob@example.com-14155550137": "bob@example.com-••••", "bob@x.com:4155550137": "bob@x.com:••••", "anna@415.555.0137": "anna@••••",
		"bob@sip.4155550137": "bob@sip.••••", "sip:anna@415-555-0137:5060": "sip:••••@••••", "sip:anna@192.168.100.200:5060": "sip:••••@192.168.100.200:5060",
		"anna@[2001:db8::1]": "anna@[2001:db8::1]", "anna@pbx.example:5060": "anna@pbx.example:5060",

		"email:anna@acme.com": "email:anna@acme.com", "https://medium.com/@anna": "https://medium.com/@anna", "anna@192.168.100.200": "anna@192.168.100.200",
		"anna@acme.com": "anna@acme.com", "anna12345678@acme.com": "anna12345678@acme.com", "Anna <anna@acme.com>": "Anna <anna@acme.com>",
		"Hotel: Anna": "Hotel: Anna", "Max": "Max", "Speaker 1": "Speaker 1", "Desk 123456": "Desk 123456", "Anna": "Anna", "1": "1", "": "",
	} {
		require.Equal(t, want, notify.MaskSpeaker(name), name)
	}
}
