//go:build race

package main

// raceEnabled has the program built with the race detector too.
const raceEnabled = true
