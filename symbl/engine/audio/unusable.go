package audio

import "fmt"

// UnusableError says why a recording cannot be used. Trying again cannot help.
type UnusableError struct{ Reason string }

// Error is the reason, in words that its submitter understands.
func (e *UnusableError) Error() string { return e.Reason }

func unusable(format string, args ...any) error {
	return &UnusableError{Reason: fmt.Sprintf(format, args...)}
}
