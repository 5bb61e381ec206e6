// Package answers turns a question and the corpus into an answer that is made
// of nothing but sentences of the pages, each with its citation, or into an
// honest refusal.
//
// Answer looks for pages, estimates from how well they cover the question
// whether the corpus answers it at all, picks the sentences that do, and lets
// nothing out that Verify doesn't find in the page it cites. The same question
// over the same index always gets the same answer.
package answers
