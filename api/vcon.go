package api

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	vconType   = "application/vcon+json"
	vconSyntax = "0.4.0"
	vconVendor = "trackerbell"
	// vconSchema names the form of the analysis: a list of notify.Tracker.
	vconSchema = "trackerbell-matches-v1"
	inbound    = "inbound"
)

// VCon is a recording as the IETF's conversation container, in its unsigned
// form (draft-ietf-vcon-vcon-core-04).
type VCon struct {
	VCon      string         `json:"vcon"`
	UUID      string         `json:"uuid"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at,omitzero"`
	Parties   []VConParty    `json:"parties"`
	Dialog    []VConDialog   `json:"dialog"`
	Analysis  []VConAnalysis `json:"analysis"`
}

// VConParty is one side of the call. Tel is a tel: URL.
type VConParty struct {
	Tel  string `json:"tel,omitempty"`
	SIP  string `json:"sip,omitempty"`
	Name string `json:"name,omitempty"`
}

// VConDialog is one turn of a call; or, where what was said is not known as a whole,
// the recording, without its media, whose URL is a secret. Parties are indices.
type VConDialog struct {
	Type      string    `json:"type"` // recording | text
	Start     time.Time `json:"start"`
	Duration  float64   `json:"duration,omitempty"` // seconds
	Parties   []int     `json:"parties,omitempty"`
	MediaType string    `json:"mediatype,omitempty"`
	Body      string    `json:"body,omitempty"`
	Encoding  string    `json:"encoding,omitempty"`
}

// VConAnalysis is what trackerbell found: Body is JSON, a list of
// notify.Tracker.
type VConAnalysis struct {
	Type      string `json:"type"`
	Dialog    []int  `json:"dialog"`
	MediaType string `json:"mediatype"`
	Vendor    string `json:"vendor"`
	Schema    string `json:"schema"`
	Body      string `json:"body"`
	Encoding  string `json:"encoding"`
}

// vcon is GET /api/recordings/{key}/vcon.
func (h *recordings) vcon(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	story, err := h.store.Story(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if len(story.Recording.Transcript) == 0 { // it came as audio, or long ago
		said, err := h.store.Transcript(c.Request().Context(), key)
		if err != nil {
			return err
		}
		story.Recording.Transcript = utterances(said)
	}
	if h.guard.role(c.Request()) < access.Operator {
		maskStory(&story)
	}
	v, err := NewVCon(story)
	if err != nil {
		return err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, vconType, body)
}

// utterances are the turns of a transcript; none where only some are known.
func utterances(said events.Transcript) []events.Utterance {
	if !said.Whole {
		return nil
	}
	list := make([]events.Utterance, 0, len(said.Lines))
	for _, l := range said.Lines {
		start := max(l.Start, 0)
		list = append(list, events.Utterance{Speaker: l.Speaker, Text: l.Text, Start: start, End: max(l.End, start)})
	}
	return list
}

// maskStory hides phone numbers from a viewer.
func maskStory(s *events.Story) {
	s.Entry.Call, s.Trackers = s.Entry.Call.Masked(), notify.MaskSpeakers(s.Trackers)
	s.Recording.Transcript = slices.Clone(s.Recording.Transcript)
	for i := range s.Recording.Transcript {
		s.Recording.Transcript[i].Speaker = notify.MaskSpeaker(s.Recording.Transcript[i].Speaker)
	}
}

// NewVCon makes a vCon of a recording's story.
func NewVCon(s events.Story) (VCon, error) {
	e := s.Entry
	v := VCon{VCon: vconSyntax, UUID: vconID(e), CreatedAt: e.ReceivedAt, Parties: parties(e.Call)}
	if len(e.Steps) > 0 {
		v.UpdatedAt = e.Steps[len(e.Steps)-1].At
	}
	start := e.Call.StartedAt
	if start.IsZero() {
		start = e.ReceivedAt
	}
	v.addDialogs(s.Recording.Transcript, start, e.Call.Seconds)
	matches := s.Trackers
	if matches == nil {
		matches = []notify.Tracker{}
	}
	body, err := json.Marshal(matches)
	if err != nil {
		return v, err
	}
	found := VConAnalysis{
		Type: "tracker matches", MediaType: "application/json", Vendor: vconVendor, Schema: vconSchema,
		Body: string(body), Encoding: "json",
	}
	for i := range v.Dialog {
		found.Dialog = append(found.Dialog, i)
	}
	v.Analysis = []VConAnalysis{found}
	return v, nil
}

// vconID is the recording's own id where that is a UUID, and else one of
// version 8 that is made of its key.
func vconID(e events.Entry) string {
	if id, err := uuid.Parse(e.ID); err == nil && strings.EqualFold(id.String(), e.ID) {
		return id.String()
	}
	sum := sha256.Sum256([]byte(e.Key))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 8<<4
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// parties are the caller and the one who was called; the agent is the latter of
// a call that came in.
func parties(c notify.Call) []VConParty {
	both := []VConParty{party(c.From), party(c.To)}
	agent := 0
	if c.Direction == inbound || c.Direction == "" {
		agent = 1
	}
	if c.Agent != "" {
		both[agent].Name = c.Agent
	}
	return both
}

func party(address string) VConParty {
	switch {
	case strings.HasPrefix(address, "+") && strings.Trim(address, "+0123456789") == "":
		return VConParty{Tel: "tel:" + address}
	case strings.HasPrefix(address, "sip:"), strings.HasPrefix(address, "sips:"):
		return VConParty{SIP: address}
	}
	return VConParty{Name: address}
}

// addDialogs adds the turns of a transcript, and a party for each speaker that
// is none yet; or the recording.
func (v *VCon) addDialogs(said []events.Utterance, start time.Time, seconds float64) {
	if len(said) == 0 {
		v.Dialog = []VConDialog{{Type: "recording", Start: start, Duration: seconds, Parties: []int{0, 1}}}
		return
	}
	known := map[string]int{}
	for i, p := range v.Parties {
		known[p.Name] = i
	}
	for _, u := range said {
		d := VConDialog{
			Type: "text", Start: start.Add(time.Duration(u.Start * float64(time.Second))).UTC(), Duration: u.End - u.Start,
			MediaType: "text/plain", Body: u.Text, Encoding: "none",
		}
		if u.Speaker != "" {
			at, ok := known[u.Speaker]
			if !ok {
				at = len(v.Parties)
				known[u.Speaker] = at
				v.Parties = append(v.Parties, VConParty{Name: u.Speaker})
			}
			d.Parties = []int{at}
		}
		v.Dialog = append(v.Dialog, d)
	}
}
