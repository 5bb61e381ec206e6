package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Kind is what an exchange is for the person who has it.
type Kind string

// The kinds, in the order that results are shown in.
const (
	Commands  Kind = "commands"
	Questions Kind = "questions"
	Workflows Kind = "workflows"
	Chatter   Kind = "chatter"
)

// kinds are all of them.
var kinds = []Kind{Commands, Questions, Workflows, Chatter}

// Mix is how many parts of the exchanges are of each kind, in the order of
// kinds.
type Mix [4]int

// DefaultMix is half commands and workflows, a third questions, a fifth talk:
// what a help channel with slash commands sees.
const DefaultMix = "commands=45,questions=30,workflows=5,chatter=20"

// ParseMix reads `commands=50,questions=30,chatter=20`: parts, not percent; a
// kind that isn't named has none.
func ParseMix(s string) (Mix, error) {
	var m Mix
	total := 0
	for part := range strings.SplitSeq(s, ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if !ok || err != nil || n < 0 || n > 1_000_000 {
			return m, fmt.Errorf("“%s” is no part of a mix; write a kind and a number, as in %s", part, DefaultMix)
		}
		i, known := m.index(Kind(strings.TrimSpace(name)))
		if !known {
			return m, fmt.Errorf("there is no kind “%s”; the kinds are commands, questions, workflows and chatter", strings.TrimSpace(name))
		}
		m[i] += n
		total += n
	}
	if total == 0 {
		return m, fmt.Errorf("“%s” is a mix of nothing; write for example %s", s, DefaultMix)
	}
	return m, nil
}

// String is what ParseMix reads.
func (m Mix) String() string {
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = fmt.Sprintf("%s=%d", k, m[i])
	}
	return strings.Join(parts, ",")
}

func (m Mix) index(k Kind) (int, bool) {
	for i, known := range kinds {
		if k == known {
			return i, true
		}
	}
	return 0, false
}

// draw picks a kind by the parts.
func (m Mix) draw(r *rand.Rand) Kind {
	total := 0
	for _, n := range m {
		total += n
	}
	at := r.IntN(total)
	for i, n := range m {
		if at < n {
			return kinds[i]
		}
		at -= n
	}
	return Chatter
}
