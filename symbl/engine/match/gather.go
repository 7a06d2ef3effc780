package match

// gather adds up, for the phrases and trackers that have words of the passage,
// how alike they can be at most.
func (r *reader) gather() {
	for i := range r.passage.tokens {
		if r.passage.same[i] == i {
			r.look(&r.passage.tokens[i], &r.set.index.anchors, true)
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
}

// look adds the postings of a token.
func (r *reader) look(t *token, in *postings, touch bool) {
	stem := r.set.index.stemOf(t)
	if stem != noWord {
		r.add(list(in.byStem, int(stem)), noWord, t.denial, 1, touch)
	}
	for _, g := range t.groups {
		r.add(list(in.byGroup, int(g)), stem, t.meant(), likeSynonym, touch)
	}
	if t.rare {
		for _, other := range r.stemsLike(t) {
			r.add(list(in.byStem, int(other)), stem, t.denial, likeMisspelled, touch)
		}
	}
}

// add adds postings to the phrases, but those of a stem that has been added.
func (r *reader) add(list []posting, but int32, d denial, like float32, touch bool) {
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
		state.recall += p.share * like * float32(polarity(p.denial, d))
	}
}

// lookAtThemes adds what a token has of the trackers' themes.
func (r *reader) lookAtThemes(t *token, serial int32) {
	in := &r.set.index.themes
	stem := r.set.index.stemOf(t)
	if stem != noWord {
		r.addThemes(list(in.byStem, int(stem)), t, t.denial, 1, serial)
	}
	for _, g := range t.groups {
		r.addThemes(list(in.byGroup, int(g)), t, t.meant(), likeSynonym, serial)
	}
	if t.rare {
		for _, other := range r.stemsLike(t) {
			r.addThemes(list(in.byStem, int(other)), t, t.denial, likeMisspelled, serial)
		}
	}
}

// addThemes adds postings to the trackers; of several for one token only the
// best counts.
func (r *reader) addThemes(list []themePosting, t *token, d denial, like float32, serial int32) {
	weight := float32(t.weight)
	for i := range list {
		p := &list[i]
		state := &r.trackers[p.tracker]
		if state.token != serial {
			if state.token == 0 {
				r.reached = append(r.reached, p.tracker)
			}
			state.token, state.pull, state.like = serial, 0, 0
		}
		like := like * float32(polarity(p.denial, d))
		if pull := p.pull * like; pull > state.pull {
			state.theme += (pull - state.pull) * weight
			state.pull = pull
		}
		if like > state.like {
			state.covered += (like - state.like) * weight
			state.like = like
		}
	}
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
