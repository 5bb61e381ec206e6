package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/demand"
)

// A follow-up is not told again what was quoted for the request before. Marks
// of the quotations stand in the conversation's state, not their words.

// mark tells one quotation from another.
func mark(page, quote string) string {
	sum := sha256.Sum256([]byte(page + "\x00" + quote))
	return short(sum[:], 8)
}

// beyond is the answer without what was quoted before; spent says that nothing
// is left, neither for the whole question nor for the words of this message
// alone. The answer is then the one before, for where it stands.
func (e *Engine) beyond(ctx context.Context, t *turn, answer answers.Answer, in []string) (_ answers.Answer, spent bool) {
	if left := t.unsaid(answer); left.Answered {
		return left, false
	}
	if onlyPlace(t.text) {
		return answer, true // "and in staging?" asks nothing by itself
	}
	if alone := e.answer(ctx, answers.Question{Text: t.text, In: in}); alone.Answered {
		if left := t.unsaid(alone); left.Answered {
			return left, false
		}
	}
	return answer, true
}

// onlyPlace tells whether the text names an environment and nothing else.
func onlyPlace(text string) bool {
	named := false
	rest := back.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
	for _, w := range strings.FieldsFunc(rest, notWord) {
		switch {
		case demand.Environment(w) != "":
			named = true
		case !fillers[w]:
			return false
		}
	}
	return named
}

// unsaid is the answer's part that was not quoted for this request yet;
// Answered is false where that is nothing.
func (t *turn) unsaid(answer answers.Answer) answers.Answer {
	var left []answers.Citation
	for _, c := range answer.Citations {
		if !slices.Contains(t.talk.Quoted, mark(c.Page, c.Quote)) {
			left = append(left, c)
		}
	}
	switch len(left) {
	case len(answer.Citations):
		return answer
	case 0:
		answer.Answered = false
		return answer
	}
	// The spans count from the beginning of the text, in its order.
	text := []rune(answer.Text)
	inOrder := make([]int, len(left))
	for i := range left {
		inOrder[i] = i
	}
	slices.SortFunc(inOrder, func(a, b int) int { return left[a].Start - left[b].Start })
	var b strings.Builder
	at := 0
	for n, i := range inOrder {
		if n > 0 {
			b.WriteString("\n\n")
			at += 2
		}
		c := &left[i]
		part := text[c.Start:c.End]
		b.WriteString(string(part))
		c.Start, c.End = at, at+len(part)
		at = c.End
	}
	answer.Text, answer.Citations = b.String(), left
	return answer
}

// noMore says that what was quoted is all there is.
func (e *Engine) noMore(t *turn, answer answers.Answer) {
	cited := Cited(answer)
	t.decide("what I found was what I had quoted before")
	text := "I found no more on that than what I quoted above."
	if len(cited) > 0 {
		text = fmt.Sprintf("I found no more on that than what I quoted above. Around it the page may say more: %s", source(cited[0]))
	}
	t.say(chat.Card{Text: text, Buttons: e.judge(t)})
	e.remind(t)
}

// source names where a citation stands, with its address where there is one.
func source(c chat.Citation) string {
	title := strings.Join(c.Heading, " › ")
	if title == "" {
		title = c.Page
	}
	if c.URL != nil {
		return fmt.Sprintf("[%s](%s)", title, *c.URL)
	}
	return fmt.Sprintf("“%s” (`%s`)", title, c.Page)
}
