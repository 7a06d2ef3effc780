package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// insightQuestion is the type of a question, among other kinds of insights.
const insightQuestion = "question"

// How sure it is that a sentence asks.
const (
	scoreMarked   = 0.95 // it ends in a question mark
	scoreUnmarked = 0.7  // it is worded as a question, in a text without punctuation
)

// question is a sentence that asks (docs.symbl.ai, GET Questions).
type question struct {
	ID         string       `json:"id"`
	Text       string       `json:"text"`
	Type       string       `json:"type"`
	Score      float64      `json:"score"`
	MessageIDs []string     `json:"messageIds"`
	From       symbl.Person `json:"from"`
}

// asker finds questions. It is made once for each engine.
type asker struct {
	sentence *regexp.Regexp
	opening  *regexp.Regexp
}

// newAsker knows the sentence ends of all scripts, and the openings of English
// questions: recognisers of speech often give no punctuation.
func newAsker() asker {
	const (
		filler  = `(?:(?:so|and|but|okay|ok|well|um|uh|now|then|oh|sorry|hi|hello|yes|yeah|no)[, ]+)*`
		persons = `(?:i|you|we|they)`
		subject = `(?:i|you|we|they|he|she|it|there|this|that|these|those|the|your|my|our|his|her|their|any\w*|some\w*)`
		be      = `(?:is|are|was|were|isn't|aren't|wasn't|weren't)`
		can     = `(?:does|did|can|could|will|would|should|shall|has|doesn't|didn't|can't|couldn't|won't|wouldn't|shouldn't|hasn't)`
		do      = `(?:do|have|had|may|might|am|don't|haven't)` // before another subject they begin no question
		aux     = `(?:` + be + `|` + can + `|` + do + `)`
	)
	openings := []string{
		be + ` ` + subject, can + ` ` + subject, do + ` ` + persons,
		`(?:what|where|who|when|why|how) ` + aux, `(?:which|whose|whom) (?:` + can + `|` + do + `|one)`,
		`(?:what|where|who|when|why|how)(?:'s|'re)`,
		`how (?:much|many|long|often|soon|far|old|big|late|early)`,
		`what (?:time|kind|type|sort|day|date|number|name|price|size|colou?r|address)`,
	}
	return asker{
		sentence: regexp.MustCompile(`[^` + terminators + `]*[` + terminators + `]*`),
		opening:  regexp.MustCompile(`(?i)^` + filler + `(?:` + strings.Join(openings, "|") + `)(?:[ ,]|$)`),
	}
}

// ask gives the questions of a message that are at least as sure as the
// threshold.
func (a asker) ask(language string, m symbl.Message, threshold float64) []question {
	var found []question
	for i, text := range a.questions(language, m.Text) {
		if score := scoreOf(text); score >= threshold {
			found = append(found, question{
				ID: questionID(m.ID, i), Text: text, Type: insightQuestion, Score: score,
				MessageIDs: []string{m.ID}, From: m.From,
			})
		}
	}
	return found
}

// questions gives the sentences of a text that ask.
func (a asker) questions(language, text string) []string {
	var asking []string
	marked := false
	for _, sentence := range a.sentence.FindAllString(text, -1) {
		sentence = strings.TrimSpace(sentence)
		if sentence == "" {
			continue
		}
		if isMarked(sentence) {
			asking = append(asking, sentence)
		}
		marked = marked || strings.ContainsAny(sentence, terminators)
	}
	text = strings.TrimSpace(text)
	if !marked && strings.HasPrefix(strings.ToLower(language), "en") && a.opening.MatchString(text) {
		return []string{text}
	}
	return asking
}

const (
	terminators   = ".?!…。！？؟"
	questionMarks = "?？؟"
)

// isMarked tells whether a sentence ends in a question mark, perhaps with
// others: "What?!"
func isMarked(sentence string) bool {
	bare := strings.TrimRight(sentence, terminators)
	return strings.ContainsAny(sentence[len(bare):], questionMarks) && strings.TrimSpace(bare) != ""
}

func scoreOf(sentence string) float64 {
	if isMarked(sentence) {
		return scoreMarked
	}
	return scoreUnmarked
}

// questionID is the same for the same question of the same message.
func questionID(message string, number int) string {
	sum := sha256.Sum256([]byte(message + "/" + strconv.Itoa(number)))
	n := binary.BigEndian.Uint64(sum[:]) % (largestID - smallestID)
	return strconv.FormatUint(smallestID+n, 10)
}

// insights gives the vocabulary entries that were found in questions.
func insights(ctx context.Context, set *match.Set, questions []question, room *room) (map[place][]symbl.InsightRef, error) {
	found := map[place][]symbl.InsightRef{}
	for _, q := range questions {
		hits, err := hitsOf(ctx, set, q.Text, room)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			p := place{h.Tracker, h.Phrase}
			found[p] = append(found[p], symbl.InsightRef{ID: q.ID, Text: q.Text, Offset: h.Offset, Type: q.Type})
		}
	}
	return found, nil
}

// getQuestions is GET /v1/conversations/{id}/questions.
func (e *Engine) getQuestions(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, struct {
		Questions []question `json:"questions"`
	}{c.questions()})
	return nil
}
