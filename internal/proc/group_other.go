//go:build !linux

package proc

import "os/exec"

// tie leaves the child as it is: only the program itself is killed when the
// context ends.
func tie(*exec.Cmd) {}

func kill(*exec.Cmd) {}
