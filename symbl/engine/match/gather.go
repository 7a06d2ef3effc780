package match

import "math"

// desk is what a reader keeps for one index.
type desk struct {
	*index
	at         []int32 // by tracker of the index: its position in the set; noWord if it is no more
	sums       []sum   // by phrase
	found      []found // by phrase
	near       []near  // by tracker of the index
	candidates []int32 // phrases that the passage may be similar to, the first so many
	waiting    int     // so many
	rest       int32   // what a phrase can score by precision but for its anchors
}

// sum is what a phrase has of a passage, at most: its anchors' part of the
// score, with their precision.
type sum struct {
	score  uint32 // in units
	serial uint32 // of the passage, times two; plus one once it is a candidate
}

// near is how near a passage is to a tracker's theme, times its length.
type near struct {
	sum  float32
	best uint32 // of the token that is looked at, as the bits of a float32: they compare as it does
}

// found tells where the hit of a phrase is.
type found struct {
	serial uint32 // of the passage that it was found in, or of its text
	hit    int32  // place in the hits
}

func newDesk(p part) *desk {
	return &desk{
		index: p.index, at: p.at, near: make([]near, len(p.trackers)),
		sums: make([]sum, len(p.phrases)), found: make([]found, len(p.phrases)), candidates: make([]int32, len(p.phrases)+1),
	}
}

// forget makes all serials free again.
func (d *desk) forget() {
	clear(d.sums)
	clear(d.found)
}

// Bounds of a score are sums of whole units, rounded to the safe side: adding
// those needs no branch, which is what makes it fast.
const units = 1 << 18

func unitsUp(x float64) uint32  { return uint32(math.Ceil(x * units)) }
func unitsDown(x float64) int32 { return int32(math.Floor(x * units)) }

// gather finds the candidates: phrases that the passage has two anchors of, or
// one that can carry them, and adds up how much they can score.
func (d *desk) gather(in *passage) {
	d.waiting = 0
	for _, stem := range in.visits {
		d.add(d.anchors.list(stem), unitsUp(in.stems[stem].weight*in.perWeight), in.serial)
	}
	if d.waiting > 0 {
		d.setRest(in)
		d.gatherThemes(in)
	}
}

// add adds what anchors can reach that a word of the text is like.
func (d *desk) add(list []posting, precision, serial uint32) {
	sums, candidates, n := d.sums, d.candidates, d.waiting
	for _, p := range list {
		s := &sums[p.phrase>>1]
		again := uint32(0)
		if s.serial>>1 == serial {
			again = 1
		}
		listed := s.serial & again
		candidate := p.phrase&1 | again
		*s = sum{s.score&-again + p.reach + precision, serial<<1 | candidate}
		candidates[n] = int32(p.phrase >> 1)
		n += int(candidate &^ listed)
	}
	d.waiting = n
}

// setRest sums up the tokens that can be like a term which is no anchor.
func (d *desk) setRest(in *passage) {
	counted, rest := uint32(0), 0.0
	for i := range in.tokens {
		first := in.same[i]
		if bit := uint32(1) << first; counted&bit == 0 && d.likeAnother(&in.tokens[i]) {
			counted |= bit
			rest += in.tokens[first].weight * in.perWeight
		}
	}
	d.rest = int32(unitsUp(rest))
}

// likeAnother tells whether a token can be like a term that is no anchor.
func (d *desk) likeAnother(t *token) bool {
	if d.isOther(t.number) {
		return true
	}
	for _, w := range t.similar {
		if d.isOther(w.stem) {
			return true
		}
	}
	for _, g := range t.groups {
		if d.otherGroups[g] {
			return true
		}
	}
	return false
}

func (d *desk) isOther(stem int32) bool {
	return stem != noWord && int(stem) < len(d.others) && d.others[stem]
}

// gatherThemes adds up what the passage has of the trackers' themes.
func (d *desk) gatherThemes(in *passage) {
	clear(d.near)
	for i := range in.tokens {
		t := &in.tokens[i]
		if in.same[i] < i || t.kind == grammar {
			continue
		}
		d.eachTheme(t, d.raise)
		d.eachTheme(t, d.settle)
	}
}

// eachTheme goes through the words of themes that are like a token.
func (d *desk) eachTheme(t *token, do func(list []themePosting, skip uint32, weight [4]float32)) {
	do(d.themes.list(t.number), 0, likes(1, t.weight, t.denial))
	for _, w := range t.similar {
		list, weight := d.themes.list(w.stem), likes(likeMisspelled, t.weight, t.denial)
		for i, spelled := range d.spelled.list(w.stem) {
			if spelled == w.number {
				do(list[i:i+1], 0, weight)
			}
		}
	}
	for _, g := range t.groups {
		weight := likes(likeSynonym, t.weight, t.meant())
		for _, stem := range d.kin.list(int32(g)) {
			if stem != t.number {
				do(d.themes.list(stem), strangeTheme, weight)
			}
		}
		list := d.strangeThemes.list(int32(g))
		for i, stem := range d.strangeStems.list(int32(g)) {
			if stem != t.number {
				do(list[i:i+1], 0, weight)
			}
		}
	}
}

// likes gives what a word of that likeness and weight counts, by the denial of
// the word of the theme.
func likes(like, weight float64, text denial) (of [4]float32) {
	for d := affirmed; d <= unwanted; d++ {
		of[d] = float32(like * weight * polarity(d, text))
	}
	return of
}

// raise keeps for each tracker the word of its theme that is likest to a token.
func (d *desk) raise(list []themePosting, skip uint32, weight [4]float32) {
	for _, p := range list {
		if p.tracker&skip == 0 {
			n := &d.near[p.tracker>>themeBits]
			n.best = max(n.best, math.Float32bits(p.pull*weight[p.tracker&themeDenial]))
		}
	}
}

// settle adds what raise has kept.
func (d *desk) settle(list []themePosting, _ uint32, _ [4]float32) {
	for _, p := range list {
		n := &d.near[p.tracker>>themeBits]
		n.sum += math.Float32frombits(n.best)
		n.best = 0
	}
}

// theme is how near the passage is to all phrases of a tracker: 1 if it is as
// near as the tracker's own phrases are.
func (d *desk) theme(tracker int32, in *passage) float64 {
	if in.length == 0 {
		return 0
	}
	return min(1, float64(d.near[tracker].sum)/in.length)
}
