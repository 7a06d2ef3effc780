package audio

import "math"

const (
	zeroCrossings = 12   // of the kernel, to each side
	passband      = 0.95 // of the lower of the two Nyquist frequencies
)

// filter is a windowed sinc, cut into the phases at which output samples fall
// between input samples. Channels share it.
type filter struct {
	up, down int       // output rate to input rate, without common factors
	half     int       // input samples to each side of an output sample
	taps     []float32 // 2*half for each of the up phases
}

func newFilter(from, to int) *filter {
	d := gcd(from, to)
	f := &filter{up: to / d, down: from / d}
	cutoff := passband * min(1, float64(to)/float64(from))
	f.half = int(math.Ceil(zeroCrossings / cutoff))
	f.taps = make([]float32, f.up*2*f.half)
	for phase := range f.up {
		taps := f.taps[phase*2*f.half:][:2*f.half]
		between, sum := float64(phase)/float64(f.up), 0.0
		for k := range taps {
			x := float64(k-f.half+1) - between
			w := cutoff * sinc(cutoff*x) * hann(x/float64(f.half))
			taps[k] = float32(w)
			sum += w
		}
		for k := range taps {
			taps[k] /= float32(sum) // silence and a constant stay what they are
		}
	}
	return f
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func hann(x float64) float64 {
	if math.Abs(x) >= 1 {
		return 0
	}
	return (1 + math.Cos(math.Pi*x)) / 2
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// resampler is the state of one channel.
type resampler struct {
	*filter
	held  []float32 // input from half-1 samples before the next output on
	phase int       // of the next output
}

func newResampler(f *filter) *resampler {
	return &resampler{filter: f, held: make([]float32, f.half-1)}
}

// push takes input and appends the output that is complete to out.
func (r *resampler) push(in, out []float32) []float32 {
	r.held = append(r.held, in...)
	at := 0 // of the first tap
	for at+2*r.half <= len(r.held) {
		taps := r.taps[r.phase*2*r.half:][:2*r.half]
		var sum float32
		for k, x := range r.held[at : at+2*r.half] {
			sum += x * taps[k]
		}
		out = append(out, sum)
		r.phase += r.down
		at += r.phase / r.up
		r.phase %= r.up
	}
	r.held = append(r.held[:0], r.held[at:]...)
	return out
}

// flush gives what the end of the input still makes.
func (r *resampler) flush(out []float32) []float32 {
	return r.push(make([]float32, r.half), out)
}
