package match

const (
	// lookEvery is how many steps there are between two looks at whether to stop: some
	// milliseconds, also where a step compares the longest phrase.
	lookEvery = 4096
	// symbolBytes of a text are searched in a step.
	symbolBytes = 256
)

// patience counts the steps of reading a text, each a comparison with a phrase, which a
// long text and many phrases make long, and looks now and then whether it shall stop.
type patience struct {
	stop    func() bool // nil: it never shall
	left    int         // steps until the next look
	stopped bool
}

// reset counts anew.
func (p *patience) reset(stop func() bool) { *p = patience{stop: stop, left: lookEvery} }

// spent takes steps, and tells whether to stop.
func (p *patience) spent(steps int) bool {
	p.left -= steps
	return p.left < 0 && p.look()
}

// look is what spent does now and then. Once stopped it stays so.
func (p *patience) look() bool {
	if p.stopped = p.stopped || p.stop != nil && p.stop(); !p.stopped {
		p.left = lookEvery
	}
	return p.stopped
}
