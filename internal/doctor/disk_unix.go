//go:build darwin || linux

package doctor

import (
	"errors"

	"golang.org/x/sys/unix"
)

// writable tells why we may not write in the directory, nil where we may.
func writable(dir string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err == nil && s.Blocks == 0 && s.Files == 0 {
		return errors.New("it is no disk")
	}
	return unix.Access(dir, unix.W_OK|unix.X_OK)
}

// space is how many bytes we may still write on dir's disk.
func space(dir string) (uint64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:unconvert // the types differ between systems
}
