package playbook

import (
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/expression"
)

// action checks the templates of what a step does.
func (c *checker) action(n *document.Node, scope expression.Scope) {
	if h := n.Get("http"); h != nil {
		for _, key := range []string{"url", "query", "headers", "json", "body"} {
			c.tree(h.Get(key), scope)
		}
		if h.Has("json") && h.Has("body") {
			c.failKey(h.Get("body"), "keep one of the two", "a request has json or a body, not both")
		}
		if m := h.Get("method").Text(); (m == "GET" || m == "HEAD") && (h.Has("json") || h.Has("body")) {
			c.fail(h.Get("method"), "write POST, PUT or PATCH", "a %s request has no body", m)
		}
		c.address(h.Get("url"))
	}
	if cmd := n.Get("command"); cmd != nil {
		argv := cmd
		if cmd.Kind == document.Object {
			argv = cmd.Get("argv")
			for _, key := range []string{"dir", "env", "stdin"} {
				c.tree(cmd.Get(key), scope)
			}
			for _, key := range []string{"env", "secrets"} {
				for _, p := range pairs(cmd.Get(key)) {
					if !variable.Check(p.Key) {
						c.failKey(p.Value, variable.Hint, "%q is no name of an environment variable", p.Key)
					}
				}
			}
		}
		c.tree(argv, scope)
		if list := items(argv); len(list) > 0 {
			c.executable(list[0])
		}
	}
	if m := n.Get("message"); m != nil {
		c.template(m, scope)
		c.template(m.Get("text"), scope)
	}
}

// executable checks argv[0]: the operator allows executables by name, so it
// can't be computed, and a line for a shell is no executable.
func (c *checker) executable(n *document.Node) {
	switch {
	case expression.IsTemplate(n.Text()):
		c.fail(n, "write its name", "the executable must be named, not computed")
	case strings.TrimSpace(n.Text()) == "" && n.Kind == document.String:
		c.fail(n, "write its name", "the executable is empty")
	case strings.ContainsAny(n.Text(), " |;&<>"):
		c.fail(n, "write each word as an item of the list: [git, clone, …]", "%q is a line for a shell, and a command is an argv", n.Text())
	}
}

// address checks what can be told of an address without running.
func (c *checker) address(n *document.Node) {
	text := n.Text()
	if text == "" || strings.HasPrefix(text, "${") {
		return
	}
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		c.fail(n, "begin with https:// or ${config.NAME}", "%q is no web address", text)
	}
}
