package playbook

import (
	"slices"

	"frontdoor/internal/document"
)

// test checks one test that the file carries.
func (c *checker) test(n *document.Node) {
	if n.Kind != document.Object {
		return
	}
	say, run, expect := n.Get("say"), n.Get("run"), n.Get("expect")
	switch {
	case say != nil && run != nil:
		c.failKey(run, "make two tests of it", "a test has say or run, not both")
	case say == nil && run == nil:
		c.fail(n, "add say: or run:", "the test neither says nor runs anything")
	}
	if expect != nil && expect.Kind == document.Object && len(expect.Pairs) == 0 {
		c.failKey(expect, "add playbook: or result:", "the test expects nothing, so it can't fail")
	}
	if run != nil && c.playbook.Flow == nil {
		c.failKey(run, "write say:", "an answer can't be run")
		return
	}
	for _, key := range []string{"approval", "result", "links", "state", "failed", "refused"} {
		if v := expect.Get(key); v != nil && say != nil && run == nil {
			c.failKey(v, "write run: in place of say:", "%s comes of a run only", key)
		}
	}
	if v := expect.Get("playbook"); v != nil && run != nil && say == nil {
		c.failKey(v, "write say: in place of run:", "playbook is where a message goes")
	}
	c.values(run, !expect.Get("refused").True())
	if id := expect.Get("playbook").Text(); id == "" || id == c.playbook.ID {
		c.values(expect.Get("inputs"), false)
	}
	ids := c.stepIDs()
	if c.vague("workflow", "steps") || slices.Contains(ids, "") {
		return
	}
	for _, p := range pairs(n.Get("replies")) {
		if !slices.Contains(ids, p.Key) {
			c.failKey(p.Value, didYouMean(p.Key, ids), "there is no step %s", p.Key)
		}
	}
	if f := expect.Get("failed"); f != nil && f.Text() != "" && !slices.Contains(ids, f.Text()) {
		c.fail(f, didYouMean(f.Text(), ids), "there is no step %s", f.Text())
	}
}

func (c *checker) stepIDs() []string {
	var ids []string
	if c.playbook.Flow != nil {
		for _, s := range c.playbook.Flow.Steps {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// values checks inputs by name. Where strict, also that each value is one that
// the input takes: a message can be expected to give a wrong one.
func (c *checker) values(n *document.Node, strict bool) {
	names := c.inputNames()
	if c.vague("workflow", "inputs") {
		return
	}
	for _, p := range pairs(n) {
		in, ok := c.playbook.Flow.Input(p.Key)
		switch {
		case !ok:
			c.failKey(p.Value, didYouMean(p.Key, names), "there is no input %s", p.Key)
		case strict && !c.broken["workflow.inputs."+p.Key] && in.Type != "" && !c.broken["workflow.inputs."+p.Key+".type"]:
			c.value(p.Value, in, "the value")
		}
	}
}
