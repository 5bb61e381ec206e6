package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
	"frontdoor/internal/document"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

type playbooksNewCmd struct {
	catalogueFlag
	jsonFlag
	Kind     string   `help:"answer or workflow." placeholder:"KIND"`
	Title    string   `help:"A few words, as a person reads them."`
	Owner    string   `help:"The team that answers for it."`
	Example  []string `help:"A message that it is for; {name} marks an input. Repeatable." sep:"none"`
	Text     string   `help:"Of an answer: the answer, in Markdown."`
	Page     []string `help:"Of an answer: a page to answer from, with wildcards. Repeatable." sep:"none"`
	Input    []string `help:"Of a workflow: NAME, NAME:TYPE or NAME:one,two,three. Repeatable." sep:"none"`
	Group    []string `help:"A group that may use it; everybody by default. Repeatable."`
	ID       string   `name:"id" help:"kebab-case; made of the title by default."`
	Command  string   `help:"The words after the bot's name; made of the id by default."`
	Summary  string   `help:"One sentence on what comes of it."`
	Topic    string   `help:"A topic of taxonomy.yaml; the likeliest by default."`
	Action   string   `help:"An action of taxonomy.yaml; the likeliest by default."`
	Problem  string   `help:"The problem that it solves."`
	Audience string   `help:"Who has the problem."`
}

// Help implements kong.HelpProvider.
func (c *playbooksNewCmd) Help() string {
	return "At a terminal it asks for what the flags leave out. Elsewhere it reads one JSON object with the same keys from standard input: kind, title, owner, examples, text, docs, inputs ({name: type}), groups, id, command, summary, topic, action, problem, audience. It writes ID.yaml below the playbooks, and nothing where something is wrong."
}

// written is what `playbooks new --json` prints.
type written struct {
	File     string   `json:"file"`
	ID       string   `json:"id"`
	Topic    *string  `json:"topic"`
	Action   *string  `json:"action"`
	Warnings []string `json:"warnings"`
}

// errNothing ends the command after an interruption.
var errNothing = errors.New("nothing is written")

// Run writes one playbook that passes lint and its own tests.
func (c *playbooksNewCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, corpusFlag{})
	if err != nil {
		return err
	}
	set := &playbook.Set{}
	if _, err := os.Stat(cfg.Playbooks.Dir); !errors.Is(err, os.ErrNotExist) {
		var problems problem.List
		if set, problems = app.LoadPlaybooks(cfg); problems.Err() != nil {
			return app.Refused{What: "the playbooks that there are", Found: problems.Errors()}
		}
	}
	sketch, err := c.sketch()
	if err != nil {
		return err
	}
	if in, ok := s.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		err = (&interview{s: s, set: set, lines: readLines(s.in)}).fill(sketch)
	} else if sketch.Title == "" {
		err = readSketch(s.in, sketch)
	}
	if err != nil {
		return err
	}
	if err := sketch.Complete(set); err != nil {
		return usagef("%w (flags, or a JSON object on standard input; `bot playbooks new --help`)", err)
	}
	return c.write(s, cfg, set, sketch)
}

// sketch is what the flags say.
func (c *playbooksNewCmd) sketch() (*playbook.Sketch, error) {
	out := &playbook.Sketch{
		Kind: c.Kind, ID: c.ID, Title: c.Title, Summary: c.Summary, Owner: c.Owner, Topic: c.Topic, Action: c.Action, Problem: c.Problem,
		Audience: c.Audience, Command: c.Command, Examples: c.Example, Text: c.Text, Docs: c.Page, Groups: c.Group,
	}
	if c.Kind != "" && c.Kind != "answer" && c.Kind != "workflow" {
		return nil, usagef("--kind %s: write answer or workflow", c.Kind)
	}
	return out, addInputs(out, c.Input)
}

// addInputs reads NAME, NAME:TYPE and NAME:one,two.
func addInputs(sketch *playbook.Sketch, inputs []string) error {
	for _, in := range inputs {
		name, kind, _ := strings.Cut(in, ":")
		name, kind = strings.TrimSpace(name), strings.TrimSpace(kind)
		if name == "" {
			return usagef("--input %s: write NAME or NAME:TYPE", in)
		}
		if sketch.Inputs == nil {
			sketch.Inputs = map[string]string{}
		}
		if kind == "" {
			kind = string(playbook.String)
		}
		sketch.Inputs[name] = kind
		sketch.Order = append(sketch.Order, name)
	}
	return nil
}

// readSketch reads the object on standard input; nothing is nothing.
func readSketch(in io.Reader, sketch *playbook.Sketch) error {
	src, err := io.ReadAll(io.LimitReader(in, document.MaxSize+1))
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	d, found := document.Parse("standard input", src)
	if d.Root != nil && len(found) == 0 {
		found = document.Decode(d.Root, sketch, nil)
		for _, p := range d.Root.Pairs {
			if p.Key == "inputs" {
				for _, in := range p.Value.Pairs {
					sketch.Order = append(sketch.Order, in.Key)
				}
			}
		}
	}
	if found.Err() != nil {
		return app.Refused{What: "the object on standard input", Found: found}
	}
	return nil
}

// write tries the playbook among the others and puts it into its place.
func (c *playbooksNewCmd) write(s streams, cfg config.Config, set *playbook.Set, sketch *playbook.Sketch) error {
	file := filepath.Join(cfg.Playbooks.Dir, sketch.ID+".yaml")
	if sketch.ID != filepath.Base(sketch.ID) {
		return usagef("the id %s can't name a file", sketch.ID)
	}
	if first := set.ByID(sketch.ID); first != nil {
		return usagef("the id %s is taken by %s: choose another with --id", sketch.ID, first.File)
	}
	if _, err := os.Lstat(file); err == nil {
		return usagef("%s exists already: choose another id with --id", file)
	}
	src := sketch.Source(schemaNear(cfg.Playbooks.Dir))
	catalogue, problems := app.Trial(set, file, src)
	if problems.Err() != nil {
		return app.Refused{What: "what you said", Found: problems.Errors()}
	}
	outcomes, err := playbook.RunTests(s.ctx, catalogue.Set, app.Rehearsal(cfg, catalogue))
	if err != nil {
		return err
	}
	failed := 0
	for _, o := range outcomes {
		if o.Playbook == sketch.ID && !o.OK {
			failed++
			fmt.Fprintf(s.err, "%s:%d: %s\n", o.File, o.Line, o.Message)
		}
	}
	if failed > 0 {
		fmt.Fprintln(s.err, "bot: nothing is written: word the examples so that they are taken for this playbook and no other")
		return errNo
	}
	known, err := app.Known(s.ctx, cfg, catalogue.Set)
	if err != nil {
		return err
	}
	if err := put(file, src); err != nil {
		return err
	}
	return c.report(s, file, sketch, slices.Concat(playbook.Lint(catalogue.Set, known), app.Overlaps(catalogue)))
}

// put writes a file that isn't there, whole or not at all.
func put(file string, src []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the directory of playbooks: %w", err)
	}
	// A name that begins with a dot is no playbook to a bot that is running.
	half, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return fmt.Errorf("write the playbook: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(half.Name())) }()
	_, err = half.Write(src)
	if err = errors.Join(err, half.Chmod(0o644), half.Sync(), half.Close()); err != nil {
		return fmt.Errorf("write the playbook: %w", err)
	}
	if err := os.Link(half.Name(), file); err != nil { // unlike a rename it never replaces
		return fmt.Errorf("write the playbook: %w", err)
	}
	return nil
}

func (c *playbooksNewCmd) report(s streams, file string, sketch *playbook.Sketch, found problem.List) error {
	out := written{File: file, ID: sketch.ID, Topic: null(sketch.Topic), Action: null(sketch.Action), Warnings: []string{}}
	for _, p := range found {
		if p.File == file {
			out.Warnings = append(out.Warnings, p.String())
		}
	}
	if c.JSON {
		p := newPrinter(s.out)
		return errors.Join(p.print(out), p.flush())
	}
	if _, err := fmt.Fprintln(s.text(), file); err != nil {
		return err
	}
	for _, w := range out.Warnings {
		fmt.Fprintln(s.err, w)
	}
	fmt.Fprintf(s.err, "bot: it is checked and its tests pass; try it with `bot match %q`\n", sketch.Said(sketch.Examples[0]))
	return nil
}

// schemaNear is the schema for editors that an author keeps in the directory of
// the playbooks or in the one above, as a file in dir names it; "" for none.
func schemaNear(dir string) string {
	for _, name := range []string{"playbook.schema.json", "../playbook.schema.json"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return name
		}
	}
	return ""
}

// interview asks for what a sketch lacks.
type interview struct {
	s     streams
	set   *playbook.Set
	lines <-chan string
}

// readLines reads in the background, so that an interruption ends a question.
func readLines(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return lines
}

// ask asks one question; what says the default, "" is none.
func (i *interview) ask(question, otherwise string) (string, error) {
	if otherwise != "" {
		question += " [" + otherwise + "]"
	}
	fmt.Fprintf(i.s.err, "%s ", question)
	select {
	case text, ok := <-i.lines:
		if !ok {
			fmt.Fprintln(i.s.err)
			return "", errNothing
		}
		if text = strings.TrimSpace(text); text == "" {
			text = otherwise
		}
		return text, nil
	case <-i.s.ctx.Done():
		fmt.Fprintln(i.s.err)
		return "", errNothing
	}
}

// need asks until there is an answer that check takes.
func (i *interview) need(field *string, question, otherwise string, check func(string) string) error {
	for *field == "" {
		text, err := i.ask(question, otherwise)
		if err != nil {
			return err
		}
		if why := check(text); why != "" {
			fmt.Fprintln(i.s.err, "  "+why)
			continue
		}
		*field = text
	}
	return nil
}

func needed(text string) string {
	if text == "" {
		return "It is needed."
	}
	return ""
}

// fill asks for everything that the sketch lacks, the likeliest as default.
func (i *interview) fill(s *playbook.Sketch) error {
	if err := i.need(&s.Kind, "An answer or a workflow?", "answer", func(text string) string {
		if text != "answer" && text != "workflow" {
			return "Write answer or workflow."
		}
		return ""
	}); err != nil {
		return err
	}
	if err := i.need(&s.Title, "Its title, in a few words?", "", needed); err != nil {
		return err
	}
	free := func(id string) string {
		switch {
		case id != playbook.Kebab(id) && id != strings.Trim(strings.ToLower(id), "-"):
			return "Write small letters, digits and hyphens."
		case i.set.ByID(id) != nil:
			return "That id is taken by " + i.set.ByID(id).File + "."
		}
		return needed(id)
	}
	if err := i.need(&s.ID, "Its id, for ever?", playbook.Kebab(s.Title), free); err != nil {
		return err
	}
	for _, q := range []struct {
		field     *string
		question  string
		otherwise string
	}{
		{&s.Summary, "One sentence on what comes of it?", strings.TrimRight(s.Title, ".!?") + "."},
		{&s.Owner, "Which team answers for it?", ""},
		{&s.Problem, "What do people do today without it?", "They have to ask somebody for it."},
		{&s.Audience, "Who has that problem?", "engineers"},
	} {
		if err := i.need(q.field, q.question, q.otherwise, needed); err != nil {
			return err
		}
	}
	if err := i.examples(s); err != nil {
		return err
	}
	if err := i.command(s); err != nil {
		return err
	}
	if err := i.content(s); err != nil {
		return err
	}
	return i.tags(s)
}

// examples asks for messages until an empty line.
func (i *interview) examples(s *playbook.Sketch) error {
	if len(s.Examples) > 0 {
		return nil
	}
	fmt.Fprintln(i.s.err, "What do people write when they want it? One message a line, an empty line ends; {name} marks an input of a workflow.")
	for {
		text, err := i.ask(" -", "")
		switch {
		case err != nil:
			return err
		case text != "":
			s.Examples = append(s.Examples, text)
		case len(s.Examples) > 0:
			return nil
		default:
			fmt.Fprintln(i.s.err, "  At least one is needed.")
		}
	}
}

func (i *interview) command(s *playbook.Sketch) error {
	return i.need(&s.Command, "The command for it?", strings.ReplaceAll(s.ID, "-", " "), func(text string) string {
		if first := i.set.ByCommand(strings.ToLower(strings.Join(strings.Fields(text), " "))); first != nil {
			return "That command is taken by " + first.File + "."
		}
		return needed(text)
	})
}

// content asks what an answer answers with, or who may start a workflow.
func (i *interview) content(s *playbook.Sketch) error {
	if s.Kind == "workflow" {
		group := strings.Join(s.Groups, ",")
		if err := i.need(&group, "Which groups may start it? (separated by commas; * is everybody)", "*", needed); err != nil {
			return err
		}
		s.Groups = strings.FieldsFunc(group, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	}
	if s.Text != "" || len(s.Docs) > 0 {
		return nil
	}
	text, err := i.ask("The answer in one line? (empty: answer from the docs)", "")
	if err != nil || text != "" {
		s.Text = text
		return err
	}
	page := ""
	err = i.need(&page, "From which page of the docs?", "", needed)
	s.Docs = []string{page}
	return err
}

// tags proposes the likeliest words of the taxonomy.
func (i *interview) tags(s *playbook.Sketch) error {
	topic, action := i.set.Propose(*s)
	for _, q := range []struct {
		field    *string
		what     string
		proposal string
		known    []playbook.Tag
	}{{&s.Topic, "topic", topic, i.set.Topics()}, {&s.Action, "action", action, i.set.Actions()}} {
		if *q.field != "" || len(q.known) == 0 && q.proposal == "" {
			continue
		}
		ids := make([]string, len(q.known))
		for n, t := range q.known {
			ids[n] = t.ID
		}
		if len(ids) > 0 {
			fmt.Fprintf(i.s.err, "Known %ss: %s\n", q.what, strings.Join(ids, ", "))
		}
		check := func(text string) string {
			if len(ids) > 0 && !slices.Contains(ids, text) {
				if near := problem.Nearest(text, ids); near != "" {
					return "Did you mean " + near + "?"
				}
				return "Take one of those."
			}
			return needed(text)
		}
		if err := i.need(q.field, "Its "+q.what+"?", q.proposal, check); err != nil {
			return err
		}
	}
	return nil
}
