package playbook

import (
	"frontdoor/internal/document"
	"frontdoor/internal/expression"
)

// The forms of names.
var (
	kebab = document.Matches("kebab-case", "write small letters and digits with - between words, such as postgres-create",
		`^[a-z0-9]+(-[a-z0-9]+)*$`)
	snake = document.Matches("snake_case", "write small letters and digits with _ between words, such as size_gb",
		`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	words = document.Matches("the words of a command", "write the words that people type after the bot's name, such as db create; inputs follow them as name=value",
		`^[^\s={}/][^\s={}]*(\s+[^\s={}]+)*$`)
	secretName = document.Matches("the name of a secret", "name it, such as db_api_token; its value stands under workflows.secrets of the configuration",
		`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	method   = document.Matches("a method of HTTP", "write GET, POST, PUT, PATCH or DELETE", `^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$`)
	variable = document.Matches("a name of an environment variable", "write letters, digits and _, such as DB_NAME", `^[A-Za-z_][A-Za-z0-9_]*$`)
)

// shapes builds the parts of the format that stand in several places.

// condition is an expression; true and false are some that YAML reads itself.
func condition(doc string) *document.Shape { return either(filled(doc), flag(doc)) }

func text(doc string) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.String}}
}

func filled(doc string) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.String}, Filled: true}
}

func formatted(doc string, f *document.Format) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.String}, Format: f}
}

func oneOf(doc string, words ...string) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.String}, Enum: words}
}

func duration(doc string) *document.Shape {
	return formatted(doc, document.DurationFormat())
}

func whole(doc string, least float64) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.Int}, Min: &least}
}

func number(doc string) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.Int, document.Float}}
}

func flag(doc string) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.Bool}}
}

func list(doc string, items *document.Shape) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.List}, Items: items}
}

func someOf(doc string, items *document.Shape) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.List}, Items: items, Filled: true}
}

func object(doc string, fields ...document.Field) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.Object}, Fields: fields}
}

func mapOf(doc string, values *document.Shape) *document.Shape {
	return &document.Shape{Doc: doc, Is: []document.Kind{document.Object}, Values: values}
}

func anything(doc string) *document.Shape { return &document.Shape{Doc: doc} }

// either is first, or second for another kind of value.
func either(first, second *document.Shape) *document.Shape {
	both := *first
	both.Kinds = append(both.Kinds, second)
	return &both
}

// argv marks a list whose words people write as one line.
func argv(s *document.Shape) *document.Shape {
	s.Words = true
	return s
}

func unbuilt(kind string) *document.Shape {
	return &document.Shape{Doc: "not built yet", Unbuilt: "step kind " + kind + " is not built yet", Instead: "use http, command, message or sleep"}
}

func must(name string, s *document.Shape) document.Field {
	return document.Field{Name: name, Required: true, Shape: s}
}

func may(name string, s *document.Shape) document.Field {
	return document.Field{Name: name, Shape: s}
}

// by gives s the value that counts where none is written.
func by(value any, s *document.Shape) *document.Shape {
	s.Default = value
	return s
}

// such gives s values to begin with.
func such(s *document.Shape, examples ...any) *document.Shape {
	s.Examples = examples
	return s
}

// one says that exactly one of the keys is wanted, some that at least one is.
func one(s *document.Shape, keys ...string) *document.Shape {
	s.One = keys
	return s
}

func some(s *document.Shape, keys ...string) *document.Shape {
	s.Some = keys
	return s
}

// kinds are the keys of a step that say what it does.
var kinds = []string{"http", "command", "message", "sleep", "kubernetes", "github", "playbook", "approval"}

// shape is the whole format.
func shape() *document.Shape {
	return one(object("A playbook: one thing that the platform offers.",
		must("id", such(formatted("kebab-case, unique and never reused: the tag in the demand records.", kebab), "postgres-create")),
		must("title", filled("A few words, as a person reads them.")),
		must("summary", filled("One sentence on what comes of it.")),
		must("owner", filled("The team that answers for it, and that an escalation reaches.")),
		may("tags", such(mapOf("topic and action, from taxonomy.yaml beside the playbooks.", filled("A tag.")), map[string]any{"topic": "databases", "action": "provision"})),
		may("product", object("What problem, for whom, and how we will know.",
			may("problem", text("The problem that it solves, as people have it today.")),
			may("audience", text("Who has the problem.")),
			may("targets", object("What the owner promises to reach.",
				may("people_per_quarter", whole("Distinct people in a quarter.", 0)),
				may("satisfaction", share("Positive feedback, from 0 to 1.")),
				may("time_to_value", such(duration("From the first message to the outcome, such as 15m."), "15m")))),
			may("shipped", formatted("The day it went live, such as 2026-11-01.", document.DateFormat())))),
		must("match", some(object("How people ask for it: a command, examples, or both.",
			may("command", such(formatted("The words after the bot's command, such as db create.", words), "db create")),
			may("examples", list("What people really write; {input} marks a slot.", filled("One message."))),
			may("not", list("Near misses that must not match.", filled("One message."))),
			may("patterns", list("Regular expressions (RE2) that match a message.", filled("One expression.")))), "command", "examples")),
		may("access", object("Who may use it. Without it nobody may start a workflow, and everybody may read an answer.",
			may("groups", such(list("Groups of the configuration; '*' is everybody.", filled("A group.")), []any{"engineering"}, []any{"*"})),
			may("channels", by([]any{"*"}, list("Channels by name, with wildcards; '*' is everywhere.", filled("A channel.")))))),
		may("answer", some(object("A fixed text, or the pages to answer from.",
			may("text", filled("The answer, in Markdown.")),
			may("docs", such(someOf("Pages to answer from, with wildcards.", filled("A page, such as handbook/deploying.md.")), []any{"handbook/deploying.md"})),
			may("offer", list("Workflows offered as buttons under the answer.", filled("The id of a workflow.")))), "text", "docs")),
		may("workflow", workflowShape()),
		may("tests", list("Tests that `bot playbooks test` runs.", testShape())),
	), "answer", "workflow")
}

func share(doc string) *document.Shape {
	s := number(doc)
	least, most := 0.0, 1.0
	s.Min, s.Max = &least, &most
	return s
}

func workflowShape() *document.Shape {
	rule := object("An approval rule.",
		may("when", such(condition("A condition; without it the rule always holds."), `inputs.environment == "prod"`)),
		must("groups", someOf("Groups whose people may approve; never the requester.", filled("A group."))),
		may("count", by(1, whole("How many must agree; 1 by default.", 1))),
		may("expires", by("24h", duration("When it counts as denied; 24h by default."))))
	rules := list("Who must agree before it runs.", rule)
	return object("A straight list of steps with typed inputs.",
		may("inputs", mapOf("Typed questions, in the order in which they are asked.", inputShape())),
		may("approval", either(rules, rule)),
		may("lock", filled("One run at a time per lock, across playbooks, such as db/${inputs.name}.")),
		must("steps", someOf("What is done, in order.", stepShape())),
		may("result", either(
			filled("What is said when it has succeeded."),
			object("What is said when it has succeeded.",
				may("text", text("Markdown with ${…}.")),
				may("links", mapOf("Addresses by label.", filled("An address with ${…}.")))))))
}

func inputShape() *document.Shape {
	question := object("A question.",
		must("type", oneOf("What may be given.", inputTypes()...)),
		may("ask", filled("The question; without it the name is asked for.")),
		may("help", text("A second line under the question.")),
		may("pattern", filled("A regular expression (RE2) that the whole value must match.")),
		may("options", someOf("The values of a choice.", filled("A value."))),
		may("default", anything("The value where none is given: then it is not asked for.")),
		may("min", number("The least number, or length of a string.")),
		may("max", number("The greatest number, or length of a string.")),
		may("optional", by(false, flag("It may stay empty."))))
	question.When = []document.Condition{{Key: "type", Value: string(Choice), Needs: []string{"options"}}}
	return question
}

// actionFields are the step kinds.
func actionFields() []document.Field {
	template := text("A string with ${…}.")
	return []document.Field{
		may("http", object("One HTTP request. It carries Idempotency-Key: RUN/STEP.",
			may("method", such(formatted("GET by default; POST where there is a body.", method), "GET", "POST", "PUT", "PATCH", "DELETE")),
			must("url", such(filled("The address; values in its path and query are escaped."), "${config.api}/things/${inputs.name}")),
			may("query", mapOf("Query parameters.", template)),
			may("headers", mapOf("Headers.", template)),
			may("json", anything("The body as JSON; strings in it may have ${…}.")),
			may("body", text("The body as it is, in place of json.")),
			may("auth", object("How it identifies itself.", must("bearer", formatted("The name of a secret of the configuration.", secretName)))),
			may("expect", either(list("Statuses that succeed; 2xx by default.", status()), status())))),
		may("command", either(
			argv(someOf("An argv, never a shell. The executable must be allowed by the configuration.", template)),
			object("A command with its surroundings.",
				must("argv", argv(someOf("The executable and its arguments.", template))),
				may("dir", filled("The working directory below the work directory; the run's own by default.")),
				may("env", mapOf("Environment variables.", template)),
				may("stdin", text("What it reads.")),
				may("secrets", mapOf("Environment variables that hold a secret, each with the secret's name.", formatted("The name of a secret.", secretName)))))),
		may("message", either(
			filled("A line said in the conversation."),
			object("A line said in the conversation.", must("text", filled("Markdown with ${…}."))))),
		may("sleep", either(
			duration("A pause that survives restarts, such as 5s."),
			object("A pause that survives restarts.", must("for", duration("How long, such as 5s."))))),
		may("kubernetes", unbuilt("kubernetes")),
		may("github", unbuilt("github")),
		may("playbook", unbuilt("playbook")),
		may("approval", unbuilt("approval")),
	}
}

func status() *document.Shape {
	s := whole("A status, such as 201.", 100)
	most := 599.0
	s.Max = &most
	return s
}

func stepShape() *document.Shape {
	fields := []document.Field{
		must("id", formatted("snake_case, unique in the workflow.", snake)),
		may("title", filled("What the progress line says; the id by default.")),
	}
	fields = append(fields, actionFields()...)
	fields = append(fields,
		may("timeout", such(duration("Of one attempt, or of the whole wait with until."), "30s", "10m")),
		may("retry", object("How often it is tried.",
			may("attempts", by(1, whole("At least 1.", 1))),
			may("backoff", by("2s", duration("The wait before the second attempt; it doubles with each further one."))))),
		may("if", condition("A condition; where it doesn't hold the step is skipped.")),
		may("until", such(condition("A condition; the step is repeated until it holds."), `steps.ready.json.status == "ready"`)),
		may("every", by("5s", duration("The wait between two looks with until."))),
		may("on_unknown", by(string(Retry), oneOf("What to do when a crash interrupted it.", string(Retry), string(Ask), string(Fail)))),
		may("undo", one(object("What takes it back.", actionFields()...), kinds[:4]...)),
		may("schema", mapOf("JSON Schema of the reply's json, so that expressions over it are checked.", nil)))
	return one(object("One thing done: exactly one of http, command, message and sleep.", fields...), kinds[:4]...)
}

func testShape() *document.Shape {
	reply := object("A reply.",
		may("status", status()),
		may("json", anything("The body, or what a command printed, as JSON.")),
		may("text", text("The body, or what a command printed.")),
		may("exit", whole("The exit code of a command.", 0)),
		may("error", filled("The step fails with this, and is not tried again.")),
		may("timeout", flag("The call does not answer in time.")))
	return one(object("A test: what is said and where it goes, or what is run and what comes of it.",
		may("say", filled("A message.")),
		may("run", mapOf("Inputs to run the workflow with.", nil)),
		may("as", object("Who asks.",
			may("name", filled("A person.")),
			may("groups", list("Their groups.", filled("A group."))))),
		may("replies", mapOf("What each step gets, by step id: a reply, or a list of them for successive calls, the last one for good.", either(reply, someOf("Replies to successive calls.", reply)))),
		must("expect", object("What must come of it.",
			may("playbook", &document.Shape{Doc: "The id of the playbook that it goes to; none is none.", Is: []document.Kind{document.String, document.Null}}),
			may("inputs", mapOf("Inputs taken from the message.", nil)),
			may("approval", list("The groups that must approve; an empty list is nobody.", filled("A group."))),
			may("denied", flag("The person may not.")),
			may("refused", flag("The inputs of run are not taken.")),
			may("result", text("What is said at the end.")),
			may("links", mapOf("Addresses of the result, by label.", filled("An address."))),
			may("state", oneOf("How the run ends.", "succeeded", "failed")),
			may("failed", filled("The id of the step that fails."))))), "say", "run")
}

func inputTypes() []string {
	return []string{string(String), string(Text), string(Integer), string(Number), string(Boolean), string(Choice), string(Date), string(Someone)}
}

// typeOf is what an expression sees of an input.
func typeOf(in Input) expression.Type {
	if in.Optional && in.Default == nil {
		return expression.TypeAny
	}
	switch in.Type {
	case Integer:
		return expression.TypeInt
	case Number:
		return expression.TypeNumber
	case Boolean:
		return expression.TypeBool
	case Choice:
		return expression.Choice(in.Options)
	case String, Text, Date, Someone:
		return expression.TypeString
	}
	return expression.TypeAny
}

// Schema is the JSON Schema (draft 7) of a playbook file, so that an
// editor completes and checks it.
func Schema() ([]byte, error) {
	return shape().Schema("", "Playbook")
}
