package archtest

// A rule is what one package may import of ours. Tests may also import what
// tests lists: to assemble a room they need its neighbours.
type rule struct {
	may   []string
	tests []string
}

// rules has a line for every package, from the inside to the outside, by its
// path below the module. A package that is not here fails the test: whoever
// adds a room says here where it stands. A room may have its line before it
// is built.
var rules = map[string]rule{
	// Words that everybody shares; they know nobody.
	"internal/problem":  {},
	"internal/chat":     {may: []string{"internal/problem"}},
	"internal/database": {},
	"internal/redact":   {},
	"internal/keyfile":  {},
	"internal/archtest": {},
	"internal/chatter":  {},

	// A real Redis for the tests of whoever needs one.
	"internal/conversation/redistest": {},

	// A Slack for the tests, the measuring and the demonstration of whoever
	// needs one.
	"internal/chat/slack/slacktest": {},

	// The parts that decide.
	"internal/document":   {may: []string{"internal/problem"}},
	"internal/expression": {may: []string{"internal/problem"}},
	"internal/playbook":   {may: []string{"internal/problem", "internal/document", "internal/expression"}},
	"internal/access":     {may: []string{"internal/chat", "internal/document", "internal/problem", "internal/playbook"}},
	"internal/commands":   {may: []string{"internal/chat", "internal/problem", "internal/playbook"}},
	"internal/intents":    {may: []string{"internal/problem", "internal/playbook"}},
	"internal/docs":       {may: []string{"internal/problem"}},
	"internal/llm":        {may: []string{"internal/problem"}},
	"internal/llm/openai": {may: []string{"internal/problem", "internal/llm"}},
	"internal/answers":    {may: []string{"internal/problem", "internal/docs", "internal/llm"}},

	// The parts that remember and do.
	"internal/demand":       {may: []string{"internal/problem", "internal/keyfile", "internal/database", "internal/redact"}, tests: []string{"internal/conversation"}},
	"internal/conversation": {may: []string{"internal/problem", "internal/chat"}, tests: []string{"internal/conversation/redistest"}},
	"internal/workflow":     {may: []string{"internal/problem", "internal/keyfile", "internal/chat", "internal/database", "internal/expression", "internal/playbook", "internal/redact", "internal/workflow/step"}, tests: []string{"internal/workflow/step/command", "internal/workflow/step/http"}},
	"internal/workflow/step": {
		may: []string{"internal/problem", "internal/expression", "internal/playbook", "internal/redact"},
	},
	"internal/workflow/step/http":       {may: []string{"internal/problem", "internal/expression", "internal/playbook", "internal/redact", "internal/workflow/step"}},
	"internal/workflow/step/command":    {may: []string{"internal/problem", "internal/expression", "internal/playbook", "internal/redact", "internal/workflow/step"}},
	"internal/workflow/step/kubernetes": {may: []string{"internal/problem", "internal/expression", "internal/playbook", "internal/redact", "internal/workflow/step"}},
	"internal/workflow/step/github":     {may: []string{"internal/problem", "internal/expression", "internal/playbook", "internal/redact", "internal/workflow/step"}},

	// One message, start to end.
	"internal/engine": {
		may: []string{
			"internal/access", "internal/answers", "internal/chat", "internal/commands", "internal/conversation", "internal/demand", "internal/docs",
			"internal/expression", "internal/intents", "internal/llm", "internal/playbook", "internal/problem", "internal/redact", "internal/workflow",
		},
		tests: []string{"internal/database", "internal/conversation/redistest"},
	},

	// The outside: it knows the inside, and nothing inside knows it.
	"internal/chat/console":  {may: []string{"internal/problem", "internal/chat"}},
	"internal/chat/slack":    {may: []string{"internal/problem", "internal/chat"}, tests: []string{"internal/chat/slack/slacktest"}},
	"internal/chat/discord":  {may: []string{"internal/problem", "internal/chat"}},
	"internal/telemetry":     {may: []string{"internal/problem"}},
	"internal/web":           {may: []string{"internal/problem", "internal/chat", "internal/demand", "internal/workflow", "internal/telemetry"}},
	"internal/kit":           {may: []string{"internal/problem", "internal/document"}},
	"internal/eval":          {may: []string{"internal/problem", "internal/answers", "internal/docs", "internal/intents", "internal/playbook"}},
	"internal/eval/cmd/eval": {may: []string{"internal/eval", "internal/answers", "internal/docs"}},
	"internal/config": {
		may: []string{
			"internal/access", "internal/answers", "internal/chat", "internal/chat/console", "internal/chat/discord", "internal/chat/slack",
			"internal/conversation", "internal/database", "internal/demand", "internal/docs", "internal/document", "internal/engine", "internal/intents", "internal/llm",
			"internal/llm/openai", "internal/playbook", "internal/problem", "internal/redact", "internal/telemetry", "internal/web", "internal/workflow",
			"internal/workflow/step/command", "internal/workflow/step/http",
		},
	},

	// People who talk to the bot, to measure it.
	"internal/bench": {may: []string{"internal/chat", "internal/playbook"}},

	// It asks every room how it is, and nobody asks it but the command.
	"internal/doctor": {may: []string{
		"internal/access", "internal/app", "internal/config", "internal/conversation", "internal/database", "internal/demand", "internal/docs", "internal/engine",
		"internal/playbook", "internal/problem", "internal/workflow",
	}, tests: []string{"internal/chat", "internal/conversation/redistest"}},

	// The wiring; it may know everybody. "*" is every package but cmd.
	"internal/app": {may: []string{"*"}},
	"cmd/bot":      {may: []string{"*"}},
}

// onlyFor are the packages that few may import, whatever the table says.
var onlyFor = map[string][]string{
	"internal/app":          {"cmd/bot", "internal/doctor"},
	"internal/config":       {"internal/app", "cmd/bot", "internal/doctor"},
	"internal/doctor":       {"cmd/bot"},
	"internal/engine":       {"internal/app", "internal/config", "cmd/bot", "internal/doctor"},
	"internal/chat/console": {"internal/app", "internal/config", "cmd/bot"},
	"internal/chat/slack":   {"internal/app", "internal/config", "cmd/bot"},
	"internal/chat/discord": {"internal/app", "internal/config", "cmd/bot"},
	"internal/web":          {"internal/app", "internal/config", "cmd/bot"},
	"internal/bench":        {"internal/app", "cmd/bot"},
	"internal/kit":          {"cmd/bot"},
	"internal/eval":         {"cmd/bot", "internal/eval/cmd/eval"},
}

// longFiles are the Go files of more than maxLines lines that are right as
// they are, each with the reason.
var longFiles = map[string]string{}

// maxLines is where a file begins to hold two things.
const maxLines = 500
