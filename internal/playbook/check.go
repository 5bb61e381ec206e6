package playbook

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/document"
	"frontdoor/internal/expression"
	"frontdoor/internal/problem"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checker looks for what the shape of one file can't say.
type checker struct {
	playbook *Playbook
	root     *document.Node
	broken   map[string]bool // keys that the shape has refused: they are not judged twice
	found    problem.List
}

func places(found problem.List) map[string]bool {
	out := map[string]bool{}
	for _, p := range found {
		out[p.Key] = true
	}
	return out
}

// inOrder sorts by position.
func inOrder(found problem.List) problem.List {
	slices.SortStableFunc(found, func(a, b problem.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return found
}

func (c *checker) fail(n *document.Node, hint, format string, args ...any) {
	if !c.broken[n.Path()] {
		c.found = append(c.found, n.Problem(hint, format, args...))
	}
}

// failKey blames the key and not the value.
func (c *checker) failKey(n *document.Node, hint, format string, args ...any) {
	if !c.broken[n.Path()] {
		c.found = append(c.found, n.KeyProblem(hint, format, args...))
	}
}

// vague tells whether what lies at the keys below the root could not be read,
// so that nobody knows which names it has: a name that seems to be missing is
// then not told. A key of the last object that nobody knows may be the one
// that is missing.
func (c *checker) vague(keys ...string) bool {
	n := c.root
	for _, key := range keys {
		next := n.Get(key)
		if next == nil {
			return slices.ContainsFunc(n.Pairs, func(p document.Pair) bool { return c.broken[p.Value.Path()] && !workflowKey(p.Key) })
		}
		n = next
		if n.Kind == document.Unread || n.Kind != document.Object && n.Kind != document.List {
			return true
		}
	}
	return false
}

// workflowKey tells whether a workflow may have key.
func workflowKey(key string) bool {
	flow := format().Fields[slices.IndexFunc(format().Fields, func(f document.Field) bool { return f.Name == "workflow" })]
	return slices.ContainsFunc(flow.Shape.Fields, func(f document.Field) bool { return f.Name == key })
}

func didYouMean(word string, known []string) string {
	if near := problem.Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		return "known here: " + strings.Join(known, ", ")
	}
	return ""
}

func (c *checker) check() {
	root := c.root
	answer, flow := root.Get("answer"), root.Get("workflow")
	switch {
	case answer != nil && flow != nil:
		c.failKey(flow, "split it into two playbooks", "a playbook has an answer or a workflow, not both")
	case answer == nil && flow == nil:
		c.fail(root, "add answer: or workflow:", "the playbook has neither an answer nor a workflow")
	}
	c.match(root.Get("match"))
	if answer != nil && answer.Kind == document.Object && !answer.Has("text") && !answer.Has("docs") {
		c.failKey(answer, "add text: or docs:", "the answer has neither a text nor docs")
	}
	if flow != nil && flow.Kind == document.Object {
		c.workflow(flow)
	}
	for _, n := range items(root.Get("tests")) {
		c.test(n)
	}
	c.advise()
}

// advise warns of what is missing without being needed.
func (c *checker) advise() {
	warn := func(n *document.Node, hint, message string) {
		p := n.Problem(hint, "%s", message)
		p.Severity = problem.Warning
		c.found = append(c.found, p)
	}
	if !c.root.Has("product") {
		warn(c.root, "add product: with problem, audience and targets", "product is missing: nobody can tell later whether this was worth building")
	}
	if !c.root.Get("tags").Has("topic") {
		warn(c.root, "add tags: {topic: …}", "the topic is missing: its requests stand under no topic in the reports")
	}
}

// reserved are the words that mean something to the bot by themselves. A
// command comes before them, so one of them would take a confirmation away.
var reserved = []string{"run", "yes", "no", "cancel", "approve", "deny", "status", "retry", "undo", "help"}

// slot is a mark in an example; other braces are what people write.
var slot = regexp.MustCompile(`\{\s*([\p{L}\p{N}_.-]+)\s*\}`)

func (c *checker) inputNames() []string {
	var names []string
	if c.playbook.Flow != nil {
		for _, in := range c.playbook.Flow.Inputs {
			names = append(names, in.Name)
		}
	}
	return names
}

func (c *checker) match(n *document.Node) {
	if n == nil || n.Kind != document.Object {
		return
	}
	if !n.Has("command") && len(n.Get("examples").Texts()) == 0 && !c.broken["match.examples"] {
		c.failKey(n, "add command: or examples:", "match needs a command or an example")
	}
	if command := c.playbook.Match.Command; slices.Contains(reserved, command) {
		c.fail(n.Get("command"), "add a word, such as "+command+" a service", "the word %s alone is the bot's own", command)
	}
	c.slots(items(n.Get("examples")))
	for _, item := range items(n.Get("patterns")) {
		c.pattern(item)
	}
}

// slots checks that each mark names an input.
func (c *checker) slots(examples []*document.Node) {
	if c.vague("workflow", "inputs") {
		return
	}
	inputs := c.inputNames()
	for _, item := range examples {
		text := item.Text()
		for _, m := range slot.FindAllStringSubmatchIndex(text, -1) {
			name := text[m[2]:m[3]]
			if slices.Contains(inputs, name) {
				continue
			}
			hint := didYouMean(name, inputs)
			if len(inputs) == 0 {
				hint = "an answer has no inputs: write the words as people do"
				if c.playbook.Flow != nil {
					hint = "add it to workflow.inputs, or write the words as people do"
				}
			}
			c.found = append(c.found, item.ProblemIn(utf8.RuneCountInString(text[:m[0]]), hint, "the slot {%s} names no input", name))
		}
	}
}

// pattern checks that n is an expression of RE2.
func (c *checker) pattern(n *document.Node) {
	if n == nil || n.Kind != document.String {
		return
	}
	if _, err := regexp.Compile(n.Text()); err != nil {
		message := err.Error()
		hint := ""
		if strings.Contains(message, "invalid or unsupported Perl syntax") {
			hint = "RE2 has no look-around and no back references"
		}
		c.fail(n, hint, "the pattern doesn't compile: %s", strings.TrimPrefix(message, "error parsing regexp: "))
	}
}

func (c *checker) workflow(n *document.Node) {
	for _, p := range pairs(n.Get("inputs")) {
		c.input(p)
	}
	scope := expression.Scope{Inputs: map[string]expression.Type{}, Steps: map[string]expression.Type{}}
	for _, in := range c.playbook.Flow.Inputs {
		scope.Inputs[in.Name] = typeOf(in)
	}
	for _, s := range c.playbook.Flow.Steps {
		scope.Later = append(scope.Later, s.ID)
		scope.AnyStep = scope.AnyStep || s.ID == ""
	}
	scope.AnyInput = c.vague("workflow", "inputs")
	scope.AnyStep = scope.AnyStep || c.vague("workflow", "steps")
	for _, rule := range ruleNodes(n) {
		c.condition(rule.Get("when"), scope)
		c.lasts(rule.Get("expires"))
	}
	c.template(n.Get("lock"), scope)
	seen := map[string]int{}
	for i, step := range items(n.Get("steps")) {
		if step.Kind != document.Object {
			scope.AnyStep = true
			continue
		}
		id := step.Get("id")
		if line := seen[id.Text()]; line > 0 {
			c.fail(id, "give each step its own id", "the step %s stands twice, first on line %d", id.Text(), line)
		} else if id.Text() != "" {
			seen[id.Text()] = id.Line
		}
		c.step(step, c.playbook.Flow.Steps[i], scope)
	}
	if result := n.Get("result"); result != nil {
		c.template(result, scope)
		c.template(result.Get("text"), scope)
		for _, p := range pairs(result.Get("links")) {
			c.template(p.Value, scope)
		}
	}
}

func (c *checker) input(p document.Pair) {
	if !snake.Check(p.Key) {
		c.failKey(p.Value, snake.Hint, "the input %q is not snake_case", p.Key)
	}
	n := p.Value
	if n.Kind != document.Object || c.broken[n.Path()+".type"] {
		return
	}
	in := decodeInput(p.Key, n)
	c.only(n, "options", in.Type == Choice, "a choice")
	c.only(n, "pattern", in.Type == String || in.Type == Text, "a string or text")
	bounded := in.Type == Integer || in.Type == Number || in.Type == String || in.Type == Text
	c.only(n, "min", bounded, "a number or string")
	c.only(n, "max", bounded, "a number or string")
	c.pattern(n.Get("pattern"))
	before := len(c.found)
	if in.Type == Choice && !n.Has("options") {
		c.fail(n, "add options: [one, two]", "a choice needs options")
	}
	options := map[string]bool{}
	for _, o := range items(n.Get("options")) {
		if options[o.Text()] {
			c.fail(o, "keep one of the two", "the option %s stands twice", o.Text())
		}
		options[o.Text()] = true
	}
	if in.Min != nil && in.Max != nil && *in.Min > *in.Max {
		c.fail(n.Get("min"), "swap them", "min %s is more than max %s", plain(*in.Min), plain(*in.Max))
	}
	if d := n.Get("default"); d != nil && len(c.found) == before {
		c.value(d, in, "the default")
	}
}

// value checks that n can be given for the input.
func (c *checker) value(n *document.Node, in Input, called string) {
	typed := map[InputType][]document.Kind{
		Integer: {document.Int, document.Float}, Number: {document.Float, document.Int}, Boolean: {document.Bool},
	}[in.Type]
	if typed == nil {
		typed = []document.Kind{document.String}
	}
	if n.Kind == document.Null && in.Optional {
		return
	}
	if !slices.Contains(typed, n.Kind) {
		hint := ""
		if typed[0] == document.String && n.Kind != document.List && n.Kind != document.Object {
			hint = "put quotes around it"
		}
		if len(typed) == 2 && n.Kind == document.String {
			hint = "write a number without quotes"
		}
		if typed[0] == document.Bool {
			hint = "write true or false without quotes"
		}
		c.fail(n, hint, "%s of %s must be %s, not %s", called, in.Name, typed[0], n.Kind)
		return
	}
	if in.Type == Choice && !slices.Contains(in.Options, n.Text()) {
		c.fail(n, didYouMean(n.Text(), in.Options), "%s of %s is %q, which is none of its options", called, in.Name, n.Text())
		return
	}
	if _, err := in.Accept(n.Tree()); err != nil && !patternError(in) {
		c.fail(n, "write one that the input takes, or change the input", "%s of %s %s", called, in.Name, err)
	}
}

// patternError tells whether the input's own pattern is at fault.
func patternError(in Input) bool {
	_, err := wholePattern(in.Pattern)
	return err != nil
}

// only refuses key where the type of the input gives it no meaning.
func (c *checker) only(n *document.Node, key string, fits bool, what string) {
	if v := n.Get(key); v != nil && !fits {
		c.failKey(v, "remove it", "%s means something for %s only", key, what)
	}
}

// step checks one step and puts its reply into scope for the next.
func (c *checker) step(n *document.Node, s Step, scope expression.Scope) {
	c.oneKind(n, "step", "steps")
	c.lasts(n.Get("timeout"))
	c.lasts(n.Get("every"))
	c.lasts(n.Get("sleep"))
	c.lasts(n.Get("sleep").Get("for"))
	c.condition(n.Get("if"), scope)
	c.action(n, scope)
	if s.ID != "" {
		scope.Steps[s.ID] = c.reply(n)
	}
	c.condition(n.Get("until"), scope)
	if n.Has("every") && !n.Has("until") {
		c.failKey(n.Get("every"), "add until:, or remove it", "every means something with until only")
	}
	if n.Has("until") && (n.Has("sleep") || n.Has("message")) {
		c.failKey(n.Get("until"), "put it on the step that looks", "until means something for http and command only")
	}
	if undo := n.Get("undo"); undo != nil && undo.Kind == document.Object {
		c.oneKind(undo, "undo", "")
		c.action(undo, scope)
	}
}

// lasts checks that the duration n is not nothing.
func (c *checker) lasts(n *document.Node) {
	if n.Text() == "" {
		return
	}
	if d, err := document.ParseDuration(n.Text()); err == nil && d <= 0 {
		c.fail(n, "write more than nothing, or remove it", "%s is no time at all", n.Path())
	}
}

// oneKind checks that exactly one of the kinds is there.
func (c *checker) oneKind(n *document.Node, what, list string) {
	var have []string
	for _, k := range kinds {
		if n.Has(k) {
			have = append(have, k)
		}
	}
	switch {
	case len(have) == 0:
		hint := "add one of http, command, message, sleep"
		for _, p := range n.Pairs {
			if near := problem.Nearest(p.Key, kinds[:4]); near != "" && c.broken[p.Value.Path()] {
				hint = "did you mean " + near + " for " + p.Key + "?"
			}
		}
		c.fail(n, hint, "the %s does nothing: it has no kind", what)
	case len(have) > 1:
		hint := "keep one"
		if list != "" {
			hint = "make " + list + " of them"
		}
		c.failKey(n.Get(have[1]), hint, "the %s has two kinds, %s and %s", what, have[0], have[1])
	}
}

// reply is the type of a step's reply: any, unless it declares a schema.
func (c *checker) reply(step *document.Node) expression.Type {
	schema := step.Get("schema")
	tree, ok := schema.Tree().(map[string]any)
	if !ok {
		switch {
		case step.Has("http"):
			return expression.Likely("status", "json", "text")
		case step.Has("command"):
			return expression.Likely("exit", "json", "text", "stderr", "dir")
		}
		return expression.TypeAny
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no schema is fetched from anywhere
	err := compiler.AddResource("reply.json", tree)
	if err == nil {
		_, err = compiler.Compile("reply.json")
	}
	if err != nil {
		c.fail(schema, "write a JSON Schema", "the schema doesn't compile: %s", firstReason(err))
		return expression.TypeAny
	}
	return expression.Open(map[string]expression.Type{"json": expression.FromSchema(tree)})
}

func firstReason(err error) string {
	if invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		err = invalid.Err
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, "must be one of") { // of several branches the one that helps
			lines = []string{line}
			break
		}
	}
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- ")
}

// tree checks the templates in every string at or below n.
func (c *checker) tree(n *document.Node, scope expression.Scope) {
	if n == nil {
		return
	}
	c.template(n, scope)
	for _, item := range n.Items {
		c.tree(item, scope)
	}
	for _, p := range n.Pairs {
		c.tree(p.Value, scope)
	}
}

func (c *checker) template(n *document.Node, scope expression.Scope) {
	if n != nil && n.Kind == document.String {
		c.expressions(n, expression.TemplateMistakes(n.Text(), scope))
	}
}

func (c *checker) condition(n *document.Node, scope expression.Scope) {
	if n == nil || n.Kind != document.String || c.broken[n.Path()] {
		return
	}
	if text := strings.TrimSpace(n.Text()); strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}") {
		c.fail(n, "write it without ${ and }", "a condition is bare")
		return
	}
	c.expressions(n, expression.Mistakes(n.Text(), scope, expression.Bool))
}

func (c *checker) expressions(n *document.Node, found []*expression.Error) {
	for _, e := range found {
		p := n.ProblemIn(e.Offset, e.Hint, "%s", e.Message)
		if e.Doubt {
			p.Severity = problem.Warning
		}
		c.found = append(c.found, p)
	}
}
