package app

import (
	"strings"

	"frontdoor/internal/chat/console"
	"frontdoor/internal/workflow"
)

// speaks tells whether a report is this process's to say. One that belongs in
// a terminal is said there while the terminal lives, and after that by
// whichever terminal finds it first; without a terminal it waits.
func (b *Bot) speaks(r workflow.Report) bool {
	if b.deliver[r.At.Platform] == nil {
		return false
	}
	if r.At.Platform != console.Platform || b.sessions == nil {
		return true
	}
	session, _, _ := strings.Cut(r.Message, "/")
	return b.sessions.take(session)
}
