//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// takeLimits has a write beyond the greatest file (ulimit -f) fail like one on
// a full disk. Without it the signal would end the process in mid-write.
func takeLimits() { signal.Ignore(syscall.SIGXFSZ) }
