//go:build !unix

package main

// takeLimits has nothing to do where there are no such limits.
func takeLimits() {}
