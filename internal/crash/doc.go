// Package crash lets a test end the program between any two of its steps. It
// does nothing unless the program is built with the tag "crash"; then At(point)
// kills the process the first time it passes the point that the environment
// variable TRACKERBELL_CRASH names, and pauses it at that of TRACKERBELL_PAUSE.
//
// It may know nothing of ours.
package crash
