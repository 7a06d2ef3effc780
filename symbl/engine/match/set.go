package match

import "sync"

// Hit is one vocabulary entry that was found in a text.
type Hit struct {
	Tracker int      // index in the trackers that were compiled
	Phrase  int      // index in the tracker's vocabulary
	Offset  int      // code points before the first occurrence; Similar for similar wording
	Score   float64  // 1 for a literal match; for a similar one above 0, at most 1
	Words   []string // words of the text that carried a similar match, in text order, as written
}

// Similar is the Offset of a hit that is not literal.
const Similar = -1

// Set is a number of trackers made ready for matching. It never changes and is
// safe for concurrent use. What one tracker hits does not depend on the others.
type Set struct {
	tag      string
	lang     *language
	trackers []*compiled // nil where a tracker does not apply to the language
	parts    []part      // most trackers, and those that came since
	readers  *sync.Pool  // of *reader
}

// Compile makes the trackers that apply to the language of a conversation (a
// BCP-47 tag; empty: every tracker applies) ready for matching.
func Compile(lang string, trackers []Tracker) *Set {
	s := &Set{tag: lang, lang: languageOf(lang)}
	return s.Update(trackers)
}

// Update makes a set of other trackers for the same language. Those that the
// receiver has already are neither compiled nor, unless much has changed,
// indexed again.
func (s *Set) Update(trackers []Tracker) *Set {
	known := make(map[trackerKey]*compiled, len(s.trackers))
	for _, c := range s.trackers {
		if c != nil {
			known[c.source.key()] = c
		}
	}
	compiler := &compiling{reading: newReading(s.lang, nil)}
	next := &Set{tag: s.tag, lang: s.lang, trackers: make([]*compiled, len(trackers))}
	for i, t := range trackers {
		if !applies(t.Languages, s.tag) {
			continue
		}
		if c := known[t.key()]; c != nil && c.source.same(t) {
			next.trackers[i] = c
			delete(known, t.key()) // another one of that name is not in the index
		} else {
			next.trackers[i] = compiler.compile(t)
		}
	}
	next.parts = indexed(s.lang, next.trackers, s.parts)
	next.readers = &sync.Pool{New: func() any { return newReader(next) }}
	return next
}

// Match finds the vocabulary entries that the text holds: at most one hit per
// entry, ordered by tracker and then by phrase. A tracker that has several
// entries like the text gives the best, and others only if most of them is
// there.
func (s *Set) Match(text string) []Hit {
	hits, _ := s.MatchUntil(text, nil)
	return hits
}

// MatchUntil is Match that gives up, and gives false, soon after stop has told it to.
// It asks stop now and then: a long text and a large vocabulary can take minutes.
func (s *Set) MatchUntil(text string, stop func() bool) ([]Hit, bool) {
	r, _ := s.readers.Get().(*reader)
	r.reset(stop)
	hits := r.read(text)
	ok := !r.stopped
	r.reset(nil)
	s.readers.Put(r)
	return hits, ok
}
