package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
)

// Sent is a message and the playbook that it asks for; "" is none of any pool.
type Sent struct{ Text, Playbook string }

// Pool is what small catalogues are drawn from.
type Pool struct {
	Name      string
	Playbooks []*playbook.Playbook
	Messages  []Sent // none of them an example
}

// ReadPool makes a pool of labelled messages, JSON lines of {"text","intent"}:
// a playbook a label, its examples from the file train, messages from test,
// oos for none. Labels of fewer than five examples are left out. Every other
// playbook is a workflow.
func ReadPool(name, train, test string) (Pool, error) {
	examples, order, err := readLabels(train)
	if err != nil {
		return Pool{}, err
	}
	sent, labels, err := readLabels(test)
	if err != nil {
		return Pool{}, err
	}
	p := Pool{Name: name}
	for _, label := range order {
		if label == intents.OutOfScope || len(examples[label]) < 5 {
			continue
		}
		made := &playbook.Playbook{
			ID:    strings.ToLower(strings.ReplaceAll(label, "_", "-")),
			Title: strings.ToLower(strings.ReplaceAll(label, "_", " ")),
			Match: playbook.Match{Examples: examples[label]},
		}
		if len(p.Playbooks)%2 == 0 {
			made.Flow = &playbook.Workflow{}
		} else {
			made.Answer = &playbook.Answer{Text: made.Title}
		}
		p.Playbooks = append(p.Playbooks, made)
	}
	for _, label := range labels {
		id := strings.ToLower(strings.ReplaceAll(label, "_", "-"))
		if label == intents.OutOfScope {
			id = ""
		} else if !slices.ContainsFunc(p.Playbooks, func(q *playbook.Playbook) bool { return q.ID == id }) {
			continue
		}
		for _, text := range sent[label] {
			if !slices.Contains(examples[label], text) {
				p.Messages = append(p.Messages, Sent{Text: text, Playbook: id})
			}
		}
	}
	return p, nil
}

func readLabels(name string) (texts map[string][]string, order []string, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read labelled messages: %w", err)
	}
	texts = make(map[string][]string)
	in := bufio.NewScanner(bytes.NewReader(b))
	for line := 1; in.Scan(); line++ {
		var row struct{ Text, Intent string }
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, nil, fmt.Errorf("%s line %d: %w", name, line, err)
		}
		if _, seen := texts[row.Intent]; !seen {
			order = append(order, row.Intent)
		}
		texts[row.Intent] = append(texts[row.Intent], row.Text)
	}
	if err := in.Err(); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	return texts, order, nil
}

// FirstPool is the pool of the first of the files test that is there.
func FirstPool(name, train string, tests ...string) (Pool, error) {
	for _, test := range tests {
		p, err := ReadPool(name, train, test)
		if !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	return Pool{}, fs.ErrNotExist
}

// Draw says which small catalogues are drawn.
type Draw struct {
	Playbooks int    // of each
	Examples  int    // of each playbook, at most
	Times     int    // how many catalogues
	Seed      uint64 // another one draws others
}

// How many messages a drawn catalogue is asked.
const (
	perPlaybook = 4  // in scope, of each playbook
	perOutside  = 40 // of playbooks that it lacks, of no playbook, and of chatter each
	perWord     = 20 // single words of its examples
)

// Decided counts decisions of one kind of message.
type Decided struct{ Match, Clarify, None int }

func (d *Decided) add(decision string) {
	switch decision {
	case intents.Matched:
		d.Match++
	case intents.Clarify:
		d.Clarify++
	default:
		d.None++
	}
}

// String is the shares in percent.
func (d Decided) String() string {
	n := float64(max(1, d.Match+d.Clarify+d.None)) / 100
	return fmt.Sprintf("%4.1f/%4.1f/%4.1f", float64(d.Match)/n, float64(d.Clarify)/n, float64(d.None)/n)
}

// Matching are the figures over drawn catalogues; ratios from 0 to 1.
type Matching struct {
	Draw
	Right   float64 // in scope: matched, and the right one
	Wrong   float64 // in scope: matched, and another one
	Asked   float64 // in scope: asked back, with the right one among the candidates
	Top     float64 // in scope: the best candidate is right, whatever the decision
	Unknown Decided // messages of playbooks that the catalogue lacks
	Foreign Decided // messages of no playbook
	Talk    Decided // chatter and general questions
	Word    Decided // one word out of the examples
	Empty   Decided // one word that says nothing
	// AUROC is the area under the curve of the confidence of messages in scope
	// over those outside, words left out.
	AUROC float64
	// Precision is the share of the matches that are right, with all messages but words.
	Precision float64
	// ECE is the expected calibration error of the confidence that the best
	// candidate is right, in ten bins.
	ECE float64
	// Sure is the share of right ones among messages with confidence of at
	// least 0.9, of which there are SureOf.
	Sure   float64
	SureOf int
}

// Match draws catalogues from p and measures the matcher on them.
func Match(p Pool, d Draw) (Matching, error) {
	out := Matching{Draw: d}
	var t tally
	for n := range d.Times {
		random := rand.New(rand.NewPCG(d.Seed, uint64(n)))
		if err := t.catalogue(&out, p, random); err != nil {
			return Matching{}, err
		}
	}
	in := float64(max(1, t.in))
	out.Right, out.Wrong, out.Asked, out.Top = float64(t.right)/in, float64(t.wrong)/in, float64(t.asked)/in, float64(t.top)/in
	out.Precision = float64(t.right) / float64(max(1, t.matched))
	out.AUROC = area(t.ins, t.outs)
	for b := range t.score {
		out.ECE += math.Abs(t.score[b]-t.correct[b]) / float64(max(1, len(t.ins)+len(t.outs)))
	}
	out.Sure, out.SureOf = float64(t.sureRight)/float64(max(1, t.sure)), t.sure
	return out, nil
}

type tally struct {
	in, right, wrong, asked, top, matched, sure, sureRight int

	ins, outs      []float64
	score, correct [10]float64
}

func (t *tally) catalogue(out *Matching, p Pool, random *rand.Rand) error {
	var drawn []*playbook.Playbook
	has := make(map[string]bool)
	for _, i := range random.Perm(len(p.Playbooks))[:min(out.Playbooks, len(p.Playbooks))] {
		q := *p.Playbooks[i]
		q.Match.Examples = nil
		for _, j := range random.Perm(len(p.Playbooks[i].Match.Examples)) {
			if len(q.Match.Examples) < out.Examples {
				q.Match.Examples = append(q.Match.Examples, p.Playbooks[i].Match.Examples[j])
			}
		}
		drawn, has[q.ID] = append(drawn, &q), true
	}
	m, err := intents.NewMatcher(drawn, nil)
	if err != nil {
		return fmt.Errorf("make a matcher of %s: %w", p.Name, err)
	}
	asked := make(map[string]int)
	unknown, foreign := 0, 0
	for _, i := range random.Perm(len(p.Messages)) {
		s := p.Messages[i]
		switch {
		case has[s.Playbook]:
			if asked[s.Playbook]++; asked[s.Playbook] <= perPlaybook {
				t.inside(m.Match(s.Text, nil), s.Playbook)
			}
		case s.Playbook == "":
			if foreign++; foreign <= perOutside {
				t.outside(m.Match(s.Text, nil), &out.Foreign)
			}
		default:
			if unknown++; unknown <= perOutside {
				t.outside(m.Match(s.Text, nil), &out.Unknown)
			}
		}
	}
	for _, i := range random.Perm(len(talk))[:min(perOutside, len(talk))] {
		t.outside(m.Match(talk[i], nil), &out.Talk)
	}
	for _, w := range empty {
		out.Empty.add(m.Match(w, nil).Decision)
	}
	for range perWord {
		q := drawn[random.IntN(len(drawn))]
		words := strings.Fields(q.Match.Examples[random.IntN(len(q.Match.Examples))])
		longest := slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })
		if len(longest) > 3 && len(words) > 1 && !strings.Contains(longest, "{") {
			out.Word.add(m.Match(longest, nil).Decision)
		}
	}
	return nil
}

func (t *tally) inside(got intents.Match, want string) {
	t.in++
	t.ins = append(t.ins, got.Confidence)
	best := len(got.Candidates) > 0 && got.Candidates[0].Playbook == want
	if best {
		t.top++
	}
	switch {
	case got.Decision == intents.Matched:
		t.matched++
		if got.Playbook == want {
			t.right++
		} else {
			t.wrong++
		}
	case got.Decision == intents.Clarify && slices.ContainsFunc(got.Candidates, func(c intents.Candidate) bool { return c.Playbook == want }):
		t.asked++
	}
	t.bin(got.Confidence, best)
}

func (t *tally) outside(got intents.Match, d *Decided) {
	t.outs = append(t.outs, got.Confidence)
	d.add(got.Decision)
	if got.Decision == intents.Matched {
		t.matched++
	}
	t.bin(got.Confidence, false)
}

func (t *tally) bin(confidence float64, right bool) {
	b := min(9, int(confidence*10))
	t.score[b] += confidence
	if right {
		t.correct[b]++
	}
	if confidence >= 0.9 {
		t.sure++
		if right {
			t.sureRight++
		}
	}
}

// area is the probability that a random member of in is above one of out;
// equal ones count half.
func area(in, out []float64) float64 {
	sum := 0.0
	for _, a := range in {
		for _, b := range out {
			switch {
			case a > b:
				sum++
			case a == b:
				sum += 0.5
			}
		}
	}
	return sum / float64(max(1, len(in)*len(out)))
}

// MatchingHead names the columns of Matching's String.
const MatchingHead = "books x examples  right wrong asked   top  AUROC  prec   ECE  sure         unknown m/c/n    foreign m/c/n       talk m/c/n       word m/c/n      empty m/c/n"

// String is the figures in one line, in percent.
func (m Matching) String() string {
	return fmt.Sprintf("%5d x %-8d  %5.1f %5.1f %5.1f %5.1f  %5.1f %5.1f %5.1f %5.1f of %-4d %s   %s   %s   %s   %s",
		m.Playbooks, m.Examples, 100*m.Right, 100*m.Wrong, 100*m.Asked, 100*m.Top, 100*m.AUROC, 100*m.Precision, 100*m.ECE,
		100*m.Sure, m.SureOf, m.Unknown, m.Foreign, m.Talk, m.Word, m.Empty)
}
