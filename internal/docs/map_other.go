//go:build !unix

package docs

import "os"

// mapFile reads a file; mapping it is only done where it is simple.
func mapFile(name string) ([]byte, func(), error) {
	data, err := os.ReadFile(name)
	return data, func() {}, err
}
