// Package archtest holds the tests of the house itself: who may import whom,
// how long a file may be, that every folder says what it is for, and that the
// project speaks only of itself. It has no code of its own.
package archtest
