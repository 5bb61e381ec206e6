package main

import (
	"fmt"
	"strings"

	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/engine"
)

type askCmd struct {
	corpusFlag
	jsonFlag
	Question []string `arg:"" optional:"" help:"The question. Without one, JSON lines are read from standard input."`
}

// askAnswer is the answer of cli.md.
type askAnswer struct {
	Answered  bool            `json:"answered"`
	Text      string          `json:"text"`
	Citations []chat.Citation `json:"citations"`
	Reason    *string         `json:"reason"`
}

// Run answers one question, or a batch of them.
func (c *askCmd) Run(s streams, root *cli) error {
	if len(c.Question) == 0 && s.terminal {
		return usagef("ask what? Write `bot ask \"how do I roll back a deploy?\"`")
	}
	corpus, err := openCorpus(s, root, c.corpusFlag)
	if err != nil {
		return err
	}
	answerer := answers.New(corpus.Index)
	if len(c.Question) == 0 {
		return batch(s, "query", func(text string) (any, error) {
			return asked(answerer.Answer(s.ctx, answers.Question{Text: text})), nil
		})
	}
	a := answerer.Answer(s.ctx, answers.Question{Text: strings.Join(c.Question, " ")})
	if err := c.print(s, a); err != nil {
		return err
	}
	if !a.Answered {
		return errNo
	}
	return nil
}

func (c *askCmd) print(s streams, a answers.Answer) error {
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(asked(a)); err != nil {
			return err
		}
		return p.flush()
	}
	if _, err := fmt.Fprintln(s.text(), a.Text); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, x := range a.Citations {
		line := "  ↳ " + where(x) // as the chat says it
		if len(x.Heading) > 0 {
			line = fmt.Sprintf("  ↳ %s (%s)", strings.Join(x.Heading, " › "), where(x))
		}
		if !seen[line] {
			seen[line] = true
			if _, err := fmt.Fprintln(s.text(), line); err != nil {
				return err
			}
		}
	}
	return nil
}

func where(c answers.Citation) string {
	switch {
	case c.URL != "":
		return c.URL
	case c.Anchor != "":
		return c.Page + "#" + c.Anchor
	}
	return c.Page
}

func asked(a answers.Answer) askAnswer {
	out := askAnswer{Answered: a.Answered, Text: a.Text, Citations: engine.Cited(a)}
	if a.Reason != "" {
		out.Reason = &a.Reason
	}
	return out
}
