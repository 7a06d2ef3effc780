package match

// gather adds up, for the phrases and trackers that have words of the passage,
// how alike they can be at most.
func (r *reader) gather() {
	r.grammarWeight, r.hasNumber = 0, false
	for i := range r.passage.tokens {
		t := &r.passage.tokens[i]
		if r.passage.same[i] < i {
			continue
		}
		r.look(t, &r.set.index.anchors, true)
		if t.kind == grammar {
			r.seeGrammar(t)
		}
	}
	if len(r.touched) == 0 {
		return
	}
	for i := range r.passage.tokens {
		if t := &r.passage.tokens[i]; r.passage.same[i] == i {
			r.look(t, &r.set.index.others, false)
			if t.kind != grammar {
				r.lookAtThemes(t, int32(i+1))
			}
		}
	}
	for _, t := range r.reached {
		s := &r.trackers[t]
		s.take()
		s.bound = s.need - themeFactor*float32(r.theme(t))
	}
}

// seeGrammar notes a word of grammar.
func (r *reader) seeGrammar(t *token) {
	r.grammarWeight += t.weight
	if t.isNumber() {
		r.hasNumber = true
	} else if n, ok := r.set.index.grammar[t.stem]; ok {
		r.grammar[n] = true
		r.seen = append(r.seen, n)
	}
}

// look adds the postings of a token.
func (r *reader) look(t *token, in *postings, touch bool) {
	stem := r.set.index.stemOf(t)
	if stem != noWord {
		r.add(list(in.byStem, int(stem)), noWord, t, t.denial, 1, touch)
	}
	for _, g := range t.groups {
		r.add(list(in.byGroup, int(g)), stem, t, t.meant(), likeSynonym, touch)
	}
	if t.rare {
		for _, other := range r.stemsLike(t) {
			r.add(list(in.byStem, int(other)), stem, t, t.denial, likeMisspelled, touch)
		}
	}
}

// add adds postings to the phrases, but those of a stem that has been added.
func (r *reader) add(list []posting, but int32, t *token, d denial, like float32, touch bool) {
	weight := float32(t.weight)
	for i := range list {
		p := &list[i]
		if p.stem == but {
			continue
		}
		state := &r.phrases[p.phrase]
		if state.recall == 0 {
			if !touch {
				continue
			}
			r.touched = append(r.touched, p.phrase)
		}
		like := like * float32(polarity(p.denial, d))
		state.recall += p.share * like
		state.covered += weight * like
		state.top = max(state.top, p.top)
	}
}

// lookAtThemes adds what a token has of the trackers' themes.
func (r *reader) lookAtThemes(t *token, serial int32) {
	in := &r.set.index.themes
	stem := r.set.index.stemOf(t)
	if stem != noWord {
		r.addThemes(list(in.byStem, int(stem)), noWord, t, t.denial, 1, serial)
	}
	for _, g := range t.groups {
		r.addThemes(list(in.byGroup, int(g)), stem, t, t.meant(), likeSynonym, serial)
	}
	if !t.rare {
		return
	}
	for _, other := range r.stemsLike(t) {
		for _, p := range list(in.byStem, int(other)) {
			if misspelled(r.set.trackers[p.tracker].senses[p.sense].folded, t.folded) {
				r.addThemes([]themePosting{p}, stem, t, t.denial, likeMisspelled, serial)
			}
		}
	}
}

// addThemes adds postings to the trackers, but those of a stem that has been
// added; of several for one token only the best counts.
func (r *reader) addThemes(list []themePosting, but int32, t *token, d denial, like float32, serial int32) {
	for i := range list {
		p := &list[i]
		if p.stem == but {
			continue
		}
		state := &r.trackers[p.tracker]
		if state.token != serial {
			if state.token == 0 {
				r.reached = append(r.reached, p.tracker)
			}
			state.take()
			state.token, state.weight = serial, float32(t.weight)
		}
		state.pull = max(state.pull, p.pull*like*float32(polarity(p.denial, d)))
	}
}

// take adds the best of the last token to the theme.
func (s *trackerState) take() {
	s.theme += s.pull * s.weight
	s.pull = 0
}

// stemOf is the number of a token's stem, noWord if no term has it.
func (x *index) stemOf(t *token) int32 {
	if n, ok := x.stems[t.stem]; ok {
		return n
	}
	return noWord
}

// stemsLike gives the stems of the terms that a word may be a misspelling of.
func (r *reader) stemsLike(t *token) []int32 {
	r.similar = r.set.index.spellings.find(t.folded, r.similar[:0])
	return r.similar
}
