package workflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/expression"
)

// judge finds the approval rules that hold for the run.
func (f *flow) judge() error {
	f.Needs = nil
	for i, rule := range f.book.Flow.Approval {
		// A comparison with nothing would be false: nobody would have to approve.
		for _, name := range expression.NamesOf(string(rule.When)).Config {
			if f.config[name] == "" {
				return refusef("the configuration has no workflows.config.%s, which decides who has to approve", name)
			}
		}
		ok, err := expression.Holds(string(rule.When), f.env())
		if err != nil {
			return refusef("the approval rule %d of “%s” can't be decided: %v", i+1, f.book.Title, err)
		}
		if ok {
			f.Needs = append(f.Needs, Need{Groups: rule.Groups, Count: max(1, rule.Count), Expires: orDefault(rule.Expires, 24*time.Hour)})
		}
	}
	return nil
}

// rejudge is judge for a run whose approval is void. What changed may call for
// other people, but not for nobody: that is not the way past those who were asked.
func (f *flow) rejudge() {
	before := f.Needs
	if err := f.judge(); err != nil || len(f.Needs) == 0 {
		f.Needs = before
	}
}

// binding is a hash of what an approval is given for: the playbook, the
// resolved inputs, who asked, and the configuration values that it uses.
func (f *flow) binding() string {
	used := map[string]string{}
	source := string(f.book.Source)
	for name, value := range f.config {
		// A playbook can reach a value only by its name, unless it computes one.
		if strings.Contains(source, name) || strings.Contains(source, "config[") {
			used[name] = value
		}
	}
	given := f.given
	if len(given) == 0 {
		given = nil // as none is read back
	}
	// Maps are encoded in the order of their keys.
	text, err := json.Marshal(map[string]any{"playbook": f.book.Hash, "inputs": f.Inputs, "by": f.By.ID, "config": used, "undoes": f.Undoes, "given": given})
	if err != nil {
		return "" // never equal to a binding
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// seek waits for approval where a rule holds; false where none does.
func (f *flow) seek(why string) bool {
	if len(f.Needs) == 0 {
		return false
	}
	f.round++
	f.digest = f.binding()
	expires := f.Needs[0].Expires
	for _, n := range f.Needs {
		expires = min(expires, n.Expires)
	}
	f.wait(ForApproval, f.now.Add(expires))
	f.Due = f.due
	f.note(entry{event: "approval_sought", detail: strings.Join(f.groups(), ", ")})
	f.report(Report{Kind: ReportWaiting, Text: fmt.Sprintf("%sIt waits for the approval of %s, until %s.", why, words(f.Needs), f.due.UTC().Format("2006-01-02 15:04 MST"))})
	return true
}

// words are the rules as a person reads them.
func words(needs []Need) string {
	parts := make([]string, len(needs))
	for i, n := range needs {
		groups := make([]string, len(n.Groups))
		for j, g := range n.Groups {
			groups[j] = code(g)
		}
		parts[i] = strings.Join(groups, " or ")
		if n.Count > 1 {
			parts[i] = fmt.Sprintf("%d people of %s", n.Count, parts[i])
		}
	}
	return strings.Join(parts, " and ")
}

// deciders are the groups of all rules, as a person reads them.
func (f *flow) deciders() string {
	groups := f.groups()
	for i, g := range groups {
		groups[i] = code(g)
	}
	return strings.Join(groups, " or ")
}

// groups are those of all rules, each once.
func (f *flow) groups() []string {
	var out []string
	for _, n := range f.Needs {
		for _, g := range n.Groups {
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// expire ends a run that too few approved; given is how many did.
func (f *flow) expire(given int) {
	why := "nobody approved it in time"
	if given > 0 {
		why = fmt.Sprintf("only %s approved it in time, and it needed the approval of %s", people(given), words(f.Needs))
	}
	f.end(Denied, why, entry{detail: "expired"})
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// stale tells whether what was approved is not what would be done now.
func (f *flow) stale() bool {
	return len(f.Needs) > 0 && (f.digest == "" || f.digest != f.binding())
}
