package audio

import "fmt"

// Unusable says why a recording cannot be used. Trying again cannot help.
type Unusable struct{ Reason string }

// Error is the reason, in words that its submitter understands.
func (e *Unusable) Error() string { return e.Reason }

func unusable(format string, args ...any) error {
	return &Unusable{Reason: fmt.Sprintf(format, args...)}
}
