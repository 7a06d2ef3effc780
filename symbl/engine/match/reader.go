package match

// reader reads one text after another. It keeps its memory between them: what
// it holds for each phrase and tracker is made once.
type reader struct {
	*reading
	passage passage
	desks   []*desk
	serial  uint32 // of the text or passage that is read, less than lastSerial
	start   uint32 // serial of the text
	hits    []finding
	spoken  []int32 // words that carry matches; reused
	patience
}

// lastSerial is where serials begin anew: twice as much must fit 32 bits.
const lastSerial = 1 << 31

// finding is a hit before it is known whether it is reported.
type finding struct {
	tracker, phrase int32 // position in the set, number in the vocabulary
	offset          int
	score, recall   float64
	first           int    // for similar wording: the first token of the passage
	carried         uint32 // and the tokens from there that carry it
}

func newReader(s *Set) *reader {
	last := s.parts[len(s.parts)-1]
	r := &reader{reading: newReading(s.lang, last.dictionary)}
	r.passage.stems, r.passage.groups = make([]carriers, last.dictionary.stems.next), make([]uint32, s.lang.groups()+1)
	for _, p := range s.parts {
		r.desks = append(r.desks, newDesk(p))
	}
	return r
}

// read finds the phrases that a text holds; none if it was stopped.
func (r *reader) read(text string) []Hit {
	r.begin(text)
	r.readLiterals(text)
	r.eachPassage(r.readSimilar)
	if r.stopped {
		return nil
	}
	return r.report(text)
}

// begin takes a text apart.
func (r *reader) begin(text string) {
	r.hits = r.hits[:0]
	r.reading.read(text)
	if uint64(r.serial)+uint64(len(r.tokens))+1 >= lastSerial {
		r.serial = 0
		clear(r.passage.stems)
		for _, d := range r.desks {
			d.forget()
		}
	}
	r.serial++
	r.start = r.serial
}

// eachPassage goes through the passages of the text.
func (r *reader) eachPassage(do func()) {
	for at := 0; at < len(r.tokens); at += passageTokens / 2 {
		end := min(len(r.tokens), at+passageTokens)
		r.serial++
		r.passage.set(r.serial, at, r.tokens[at:end])
		do()
		if end == len(r.tokens) || r.spent(passageTokens) {
			return
		}
	}
}

// readLiterals finds the phrases that stand in the text as they are.
func (r *reader) readLiterals(text string) {
	for _, d := range r.desks {
		for i := range r.words {
			opens := d.openings.list(r.words[i].number)
			if len(opens) == 0 {
				continue
			}
			r.tryLiterals(d, text, i, openedBy(opens, noWord))
			if i+1 < len(r.words) && r.words[i+1].number != noWord {
				r.tryLiterals(d, text, i, openedBy(opens, r.words[i+1].number))
			}
			if r.stopped {
				return
			}
		}
		if len(d.symbols) == 0 {
			continue
		}
		plain := straight(text)
		for _, id := range d.symbols {
			if r.spent(len(text) / symbolBytes) {
				return
			}
			if at := d.phrases[id].literal.symbolOffset(plain); at >= 0 {
				r.keep(d, id, finding{offset: at, score: 1, recall: 1})
			}
		}
	}
}

// tryLiterals looks for phrases at a word.
func (r *reader) tryLiterals(d *desk, text string, at int, of []opening) {
	for _, o := range of {
		if r.spent(1) {
			return
		}
		l := &d.phrases[o.phrase].literal
		if r.hit(d, o.phrase) == nil && l.standsAt(r.words[at:]) {
			r.keep(d, o.phrase, finding{offset: l.offset(text, r.words[at]), score: 1, recall: 1})
		}
	}
}

// hit is that of a phrase in the text that is read; nil if there is none.
func (r *reader) hit(d *desk, id int32) *finding {
	if f := d.found[id]; f.serial >= r.start {
		return &r.hits[f.hit]
	}
	return nil
}

// keep adds a hit, or puts it in the place of that of the same phrase.
func (r *reader) keep(d *desk, id int32, f finding) {
	e := &d.phrases[id]
	f.tracker, f.phrase = d.at[e.tracker], e.number
	if f.tracker == noWord {
		return
	}
	if last := r.hit(d, id); last != nil {
		*last = f
		return
	}
	d.found[id] = found{r.serial, int32(len(r.hits))}
	r.hits = append(r.hits, f)
}

// slack is more than the sums can be rounded down.
const slack = 1e-4

// readSimilar finds the phrases that the passage is similar to.
func (r *reader) readSimilar() {
	r.passage.setVisits(r.desks)
	for _, d := range r.desks {
		d.gather(&r.passage)
		for _, id := range d.candidates[:d.waiting] {
			s := &d.sieve[id]
			missing := s.need - d.rest - int32(d.sums[id].score)
			if missing <= 0 || missing <= int32(unitsUp(themeFactor*d.theme(s.tracker, &r.passage))) {
				if r.spent(1) {
					return
				}
				r.judge(d, id)
			}
		}
	}
}

// judge compares the phrase with the passage, and keeps the hit if there is
// none or a lesser one.
func (r *reader) judge(d *desk, id int32) {
	l, ok := d.compare(id, &r.passage)
	if !ok || l.alone {
		return
	}
	score := l.score()
	if score < d.limits[d.sieve[id].tracker].threshold {
		return
	}
	if last := r.hit(d, id); last == nil || last.score < score {
		r.keep(d, id, finding{offset: Similar, score: score, recall: l.recall, first: r.passage.first, carried: l.carried})
	}
}
