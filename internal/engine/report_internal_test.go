package engine

import "testing"

// An undo that is refused has held two runs: the one that it was about, whose
// reports go on, and the one that was to take it back.
func TestReleaseAllThatWasHeld(t *testing.T) {
	t.Parallel()
	var s starting
	turn := &turn{}
	s.hold(turn, "r-done")
	s.hold(turn, "r-undo")
	s.release(turn)
	for _, run := range []string{"r-done", "r-undo"} {
		s.mu.Lock()
		_, waits := s.runs[run]
		s.mu.Unlock()
		if waits {
			t.Errorf("the reports of %s wait for ever", run)
		}
	}
}
