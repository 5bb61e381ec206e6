//go:build !race

package main

// many is how many lines are said at once.
const many = 10_000
