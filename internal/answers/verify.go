package answers

import (
	"fmt"
	"sort"
	"strings"
	"unicode"

	"frontdoor/internal/docs"
)

// Verify returns what keeps text from being posted: a citation whose page is
// not in the index or lacks the quote, a span that lies outside of the text or
// says something other than its quote, or a part of the text that no span
// supports. It doesn't matter who wrote the text.
func Verify(x *docs.Index, text string, citations []Citation) error {
	runes := []rune(text)
	spans := make([][2]int, 0, len(citations))
	for i, c := range citations {
		page, ok := x.Page(c.Page)
		if !ok {
			return fmt.Errorf("citation %d: there is no page %q", i+1, c.Page)
		}
		if c.Quote == "" || !strings.Contains(collapse(page.Text), c.Quote) {
			return fmt.Errorf("citation %d: %q does not say %q", i+1, c.Page, c.Quote)
		}
		if c.Start < 0 || c.End > len(runes) || c.Start >= c.End {
			return fmt.Errorf("citation %d: the span %d to %d is outside of the text", i+1, c.Start, c.End)
		}
		if said := string(runes[c.Start:c.End]); collapse(said) != c.Quote {
			return fmt.Errorf("citation %d: %q is not what is quoted", i+1, said)
		}
		spans = append(spans, [2]int{c.Start, c.End})
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i][0] < spans[j][0] })
	at := 0
	for _, s := range append(spans, [2]int{len(runes), len(runes)}) {
		for ; at < s[0]; at++ {
			if !unicode.IsSpace(runes[at]) {
				return fmt.Errorf("nothing supports the text from code point %d on", at)
			}
		}
		at = max(at, s[1])
	}
	if len(spans) == 0 {
		return fmt.Errorf("nothing supports the text")
	}
	return nil
}
