package match

// part is an index of some trackers of a set.
type part struct {
	*index
	at []int32 // by tracker of the index: its position in the set; noWord if it is no more
}

// mostLoose is the share of an index's phrases that are put into an index of
// their own, or are left behind in it, before all are indexed anew.
const mostLoose = 1.0 / 16

// indexed indexes the trackers of a set; nil stands for none. The first part of
// the set before is kept if it has most of them.
func indexed(l *language, trackers []*compiled, before []part) []part {
	if len(before) > 0 {
		first := before[0].index
		places, rest := seat(trackers, first.trackers)
		if loose := first.gone(places) + rest.phrases(); float64(loose) <= mostLoose*float64(len(first.phrases)) {
			kept := []part{{first, places}}
			if len(rest.trackers) > 0 {
				kept = append(kept, part{newIndex(first, l, rest.trackers), rest.at})
			}
			return kept
		}
	}
	_, all := seat(trackers, nil)
	return []part{{newIndex(nil, l, all.trackers), all.at}}
}

// seated are trackers and their positions in a set.
type seated struct {
	trackers []*compiled
	at       []int32
}

func (s *seated) phrases() int {
	n := 0
	for _, c := range s.trackers {
		n += len(c.phrases)
	}
	return n
}

// seat gives the positions of those trackers of a set that an index has, and
// the others.
func seat(trackers, has []*compiled) (places []int32, rest seated) {
	numbers := make(map[*compiled]int, len(has))
	places = make([]int32, len(has))
	for n, c := range has {
		numbers[c] = n
		places[n] = noWord
	}
	for i, c := range trackers {
		if c == nil {
			continue
		}
		if n, ok := numbers[c]; ok {
			places[n] = int32(i)
		} else {
			rest.trackers = append(rest.trackers, c)
			rest.at = append(rest.at, int32(i))
		}
	}
	return places, rest
}

// gone counts the phrases of the index whose trackers have no place any more.
func (x *index) gone(places []int32) int {
	n := 0
	for i, at := range places {
		if at == noWord {
			n += len(x.trackers[i].phrases)
		}
	}
	return n
}
