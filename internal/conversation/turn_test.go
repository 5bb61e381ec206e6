package conversation_test

import (
	"testing"

	"frontdoor/internal/conversation"
)

// A message goes the whole way, and state, reply and event arrive as written.
func TestTurn(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		said, recorded := newNotes(), newNotes()
		accept(t, s, message("c", "m1", "one"))
		work(t, s, echo(s))
		hear(t, s, said)
		recordInto(t, s, recorded)
		accept(t, s, message("c", "m2", "two"), message("c", "m3", "three"))
		equal(t, said.wait(t, 3), []string{"m1/1 one;", "m2/1 one;two;", "m3/1 one;two;three;"})
		equal(t, recorded.wait(t, 3), []string{`{"id":"m1","inputs":{}}`, `{"id":"m2","inputs":{}}`, `{"id":"m3","inputs":{}}`})
		eventually(t, "everything is dealt with", func() bool { return stats(t, s) == conversation.Stats{} })
	})
}
