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

// trackerKey is what a tracker is known again by.
type trackerKey struct{ id, name string }

func (t Tracker) key() trackerKey { return trackerKey{t.ID, t.Name} }

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
	before int32   // the sense before with the same stem, or -1
}

// likeSense is a sense of the same tracker that is alike.
type likeSense struct {
	sense int32
	like  float64 // of the sense that has it in its list, taken for a phrase's word
}

// compiling makes trackers ready, one after the other.
type compiling struct {
	*reading
	*compiled                   // the tracker at hand
	last      []int32           // by number of a stem: its last sense in the tracker, from 1 on
	pairs     filing[likeSense] // what like is made of
	like      filed[likeSense]  // by sense: those that it is like
}

// compile makes a tracker ready.
func (c *compiling) compile(t Tracker) *compiled {
	t.Vocabulary, t.Languages = slices.Clone(t.Vocabulary), slices.Clone(t.Languages)
	c.compiled = &compiled{source: t, threshold: t.Sensitivity.Threshold(), phrases: make([]phrase, 0, len(t.Vocabulary))}
	for i, text := range t.Vocabulary {
		if p, ok := compilePhrase(c.reading, i, text); ok {
			if t.Sensitivity == Broad {
				p.half = 0 // one word is enough
			}
			c.phrases = append(c.phrases, p)
		}
	}
	if t.Sensitivity != Exact {
		c.setSenses()
		c.setLike()
		c.setShared()
		c.setLength()
		c.setSpread()
	}
	return c.compiled
}
