package match

import "slices"

// Tracker is a name and the phrases that are examples of what it watches for.
type Tracker struct {
	ID          string
	Name        string
	Vocabulary  []string
	Languages   []string // BCP-47 tags that it applies to; none means every language
	Sensitivity Sensitivity
}

func (t Tracker) key() string { return t.ID + "\x00" + t.Name }

// same tells whether two trackers find the same.
func (t Tracker) same(o Tracker) bool {
	return t.Sensitivity == o.Sensitivity && slices.Equal(t.Vocabulary, o.Vocabulary) && slices.Equal(t.Languages, o.Languages)
}

// compiled is a tracker made ready. It does not depend on other trackers, and
// never changes.
type compiled struct {
	threshold float64
	spread    float64 // how alike the phrases are, less what is usual
	length    float64 // of the senses as a vector, times how near its phrases are to it
	phrases   []phrase
	senses    []sense // distinct words of all phrases
	source    Tracker
}

// sense is a word of a tracker: the theme of the tracker are all of them but
// grammar, weighed by how many phrases have them.
type sense struct {
	token
	pull   float64 // 0 for grammar
	before int     // the sense before with the same stem, or -1
	like   []likeSense
}

// likeSense is a sense of the same tracker that is alike.
type likeSense struct {
	sense int
	like  float64 // of the sense that has it in its list, taken for a phrase's word
}

// compile makes a tracker ready.
func compile(l *reading, t Tracker) *compiled {
	t.Vocabulary, t.Languages = slices.Clone(t.Vocabulary), slices.Clone(t.Languages)
	c := &compiled{source: t, threshold: t.Sensitivity.Threshold(), phrases: make([]phrase, 0, len(t.Vocabulary))}
	for i, text := range t.Vocabulary {
		if p, ok := compilePhrase(l, i, text); ok {
			c.phrases = append(c.phrases, p)
		}
	}
	if t.Sensitivity != Exact {
		c.setSenses()
		c.setLength()
		c.setSpread()
	}
	return c
}
