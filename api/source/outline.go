package source

import "errors"

// check tells what an outline lacks.
func (o Outline) check() error {
	switch {
	case o.ID == "":
		return errors.New("the call needs an id")
	case (o.RecordingURL == "") == (len(o.Transcript) == 0):
		return errors.New("the call needs either a recording URL or a transcript")
	}
	return nil
}
