//go:build unix

package intents

import "syscall"

// cpuSeconds is the processor time that this process has used.
func cpuSeconds() (seconds float64, known bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9, true
}
