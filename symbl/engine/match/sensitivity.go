package match

import "fmt"

// Sensitivity is how far the wording may be from a tracker's vocabulary.
type Sensitivity string

// The sensitivities, from the most certain matches to the most matches. The
// empty Sensitivity is Balanced.
const (
	Exact    Sensitivity = "exact"    // the words as written, nothing similar
	Strict   Sensitivity = "strict"   // few false alarms
	Balanced Sensitivity = "balanced" // as many false alarms as misses
	Broad    Sensitivity = "broad"    // few misses
)

// The scores from which wording is similar.
const (
	strictThreshold   = 0.62
	balancedThreshold = 0.52
	broadThreshold    = 0.42
)

// ParseSensitivity reads a Sensitivity; the error lists what there is.
func ParseSensitivity(s string) (Sensitivity, error) {
	switch v := Sensitivity(s); v {
	case "":
		return Balanced, nil
	case Exact, Strict, Balanced, Broad:
		return v, nil
	}
	return "", fmt.Errorf("must be %s, %s, %s or %s", Exact, Strict, Balanced, Broad)
}

// Threshold is the score from which wording is similar: above 1, which no
// wording reaches, for Exact.
func (s Sensitivity) Threshold() float64 {
	switch s {
	case Exact:
		return 2
	case Strict:
		return strictThreshold
	case Broad:
		return broadThreshold
	}
	return balancedThreshold
}
