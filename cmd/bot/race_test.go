//go:build race

package main

// many is how many lines are said at once: under the race detector each takes
// ten times as long.
const many = 2_000
