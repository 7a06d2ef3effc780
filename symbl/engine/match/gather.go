package match

// trackerState is what is known of a tracker in a passage.
type trackerState struct {
	theme        float32 // how near the passage is, times its length
	token        int32   // that is looked at, counted from 1
	pull, weight float32 // of that token
}

// gather adds up, for the phrases and trackers that have words of the passage,
// how alike they can be at most.
func (r *reader) gather() {
	r.grammarWeight, r.hasNumber = 0, false
	r.perWeight = precisionFactor / float32(r.passage.weight)
	x := r.set.index
	for i := range r.passage.tokens {
		t := &r.passage.tokens[i]
		if r.passage.same[i] < i {
			continue
		}
		r.look(t, &x.anchors, true)
		if t.kind == grammar {
			r.seeGrammar(t)
		}
	}
	if len(r.touched) == 0 {
		return
	}
	for i := range r.passage.tokens {
		if t := &r.passage.tokens[i]; r.passage.same[i] == i {
			r.look(t, &x.others, false)
			if t.kind != grammar {
				r.lookAtThemes(t, &x.themes, int32(i+1))
			}
		}
	}
}

// seeGrammar notes a word of grammar.
func (r *reader) seeGrammar(t *token) {
	r.grammarWeight += t.weight
	if t.isNumber() {
		r.hasNumber = true
	} else if n := t.place.grammar; n != noWord {
		r.grammar[n] = true
		r.seen = append(r.seen, n)
	}
}

// look adds the postings of a token.
func (r *reader) look(t *token, in *postings, touch bool) {
	r.add(in.byStem.list(t.place.stem), noWord, t, t.denial, 1, touch)
	for _, g := range t.groups {
		r.add(in.byGroup.list(int32(g)), t.place.stem, t, t.meant(), likeSynonym, touch)
	}
	for _, other := range t.place.similar {
		r.add(in.byStem.list(other), t.place.stem, t, t.denial, likeMisspelled, touch)
	}
}

// add adds postings to the phrases, but those of a stem that has been added.
func (r *reader) add(list []posting, but int32, t *token, d denial, like float32, touch bool) {
	precision, left := float32(t.weight)*r.perWeight, polarities(d)
	for i := range list {
		p := &list[i]
		if p.stem == but {
			continue
		}
		sum := &r.sums[p.phrase]
		if *sum == 0 {
			if !touch {
				continue
			}
			r.touched = append(r.touched, p.phrase)
		}
		*sum += (p.recall+precision)*like*left[p.denial] + p.top
	}
}

// polarities are by the denial of the word of a phrase.
func polarities(text denial) (left [unwanted + 1]float32) {
	for d := range left {
		left[d] = float32(polarity(denial(d), text))
	}
	return left
}

// lookAtThemes adds what a token has of the trackers' themes.
func (r *reader) lookAtThemes(t *token, in *themePostings, serial int32) {
	stem := t.place.stem
	r.addThemes(in.byStem.list(stem), noWord, t, t.denial, 1, serial)
	for _, g := range t.groups {
		r.addThemes(in.byGroup.list(int32(g)), stem, t, t.meant(), likeSynonym, serial)
	}
	for _, other := range t.place.similar {
		list := in.byStem.list(other)
		for i := range list {
			if misspelled(r.set.index.folded[list[i].spelled], t.folded) {
				r.addThemes(list[i:i+1], stem, t, t.denial, likeMisspelled, serial)
			}
		}
	}
}

// addThemes adds postings to the trackers, but those of a stem that has been
// added; of several for one token only the best counts.
func (r *reader) addThemes(list []themePosting, but int32, t *token, d denial, like float32, serial int32) {
	weight, left := float32(t.weight), polarities(d)
	for i := range list {
		p := &list[i]
		if p.stem == but {
			continue
		}
		s := &r.trackers[p.tracker]
		if s.token != serial {
			s.theme += s.pull * s.weight
			s.token, s.pull, s.weight = serial, 0, weight
		}
		if pull := p.pull * like * left[p.denial]; pull > s.pull {
			s.pull = pull
		}
	}
}
