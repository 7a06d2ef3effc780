package match

// filing collects things under numbers.
type filing[P any] struct {
	under  []int32
	things []P
}

// reserve makes room for n things.
func (f *filing[P]) reserve(n int) {
	f.under, f.things = make([]int32, 0, n), make([]P, 0, n)
}

// reset forgets what was collected.
func (f *filing[P]) reset() { f.under, f.things = f.under[:0], f.things[:0] }

func (f *filing[P]) add(number int32, p P) {
	f.under = append(f.under, number)
	f.things = append(f.things, p)
}

// filed holds things by number, those of one number beside each other.
type filed[P any] struct {
	ends   []int32 // of each number's things
	things []P
}

// sorted files what was collected, what has the same number in the order in
// which it came.
func (f *filing[P]) sorted() filed[P] {
	most := int32(-1)
	for _, n := range f.under {
		most = max(most, n)
	}
	s := filed[P]{make([]int32, most+2), make([]P, len(f.things))}
	for _, n := range f.under {
		s.ends[n+1]++
	}
	for n := range most + 1 {
		s.ends[n+1] += s.ends[n]
	}
	for i, n := range f.under {
		s.things[s.ends[n]] = f.things[i]
		s.ends[n]++
	}
	return s
}

// list gives the things of a number; none for noWord.
func (s *filed[P]) list(number int32) []P {
	if number < 0 || int(number) >= len(s.ends) {
		return nil
	}
	start := int32(0)
	if number > 0 {
		start = s.ends[number-1]
	}
	return s.things[start:s.ends[number]]
}
