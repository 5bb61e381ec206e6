package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdoor/internal/commands"
	"frontdoor/internal/playbook"
)

func catalogue(t testing.TB) *playbook.Set {
	t.Helper()
	dir := t.TempDir()
	for id, command := range map[string]string{"db-create": "db create", "db": "db", "service-new": "service new"} {
		text := "id: " + id + "\ntitle: T\nsummary: S.\nowner: o\nmatch: {command: " + command + "}\nanswer: {text: x}\n"
		if err := os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, problems := playbook.Load(dir)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestParse(t *testing.T) {
	set := catalogue(t)
	for text, want := range map[string]commands.Command{
		"help":                           {Verb: commands.Help},
		"Help!":                          {Verb: commands.Help},
		"what can you do?":               {Verb: commands.Help},
		"help databases":                 {Verb: commands.Help, Args: "databases"},
		"/platform db create orders dev": {Verb: commands.Use, Playbook: "db-create", Args: "orders dev"},
		"DB  create":                     {Verb: commands.Use, Playbook: "db-create"},
		"db backup":                      {Verb: commands.Use, Playbook: "db", Args: "backup"},
		"run service-new name=x":         {Verb: commands.Use, Playbook: "service-new", Args: "name=x"},
		"yes":                            {Verb: commands.Yes},
		"ok do it":                       {Verb: commands.Yes},
		"never mind":                     {Verb: commands.No},
		"cancel":                         {Verb: commands.Cancel},
		"cancel it":                      {Verb: commands.Cancel},
		"stop":                           {Verb: commands.No},
		"stop r-7k3mq2ab":                {Verb: commands.Cancel, Run: "r-7k3mq2ab"},
		"actually never mind":            {Verb: commands.No},
		"approve":                        {Verb: commands.Approve},
		"approve the request":            {Verb: commands.Approve},
		"retry it":                       {Verb: commands.Retry},
		"try again":                      {Verb: commands.Retry},
		"undo that":                      {Verb: commands.Undo},
		"deny":                           {Verb: commands.Deny},
		"deny because it is too big":     {Verb: commands.Deny, Args: "it is too big"},
		"deny: too big":                  {Verb: commands.Deny, Args: "too big"},
		"deny r-7k3mq2ab: too big":       {Verb: commands.Deny, Run: "r-7k3mq2ab", Args: "too big"},
		"run":                            {Verb: commands.Use},
		"run nothing-like-it":            {Verb: commands.Use, Args: "nothing-like-it"},
		"run nothing name=x":             {Verb: commands.Use, Args: "nothing name=x"},
		"run DB-Create orders":           {Verb: commands.Use, Playbook: "db-create", Args: "orders"},
		"run db create orders":           {Verb: commands.Use, Playbook: "db-create", Args: "orders"},
		"ask":                            {Verb: commands.Say},
		"ask: where are the logs":        {Verb: commands.Say, Args: "where are the logs"},
		"help with databases":            {Verb: commands.Help, Args: "databases"},
		"help certs and services":        {Verb: commands.Help, Args: "certs and services"},
		"help me":                        {Verb: commands.Help},
		"thanks, that worked":            {Verb: commands.Solved},
		"it works now, thank you!":       {Verb: commands.Solved},
		"great that fixed it thx":        {Verb: commands.Solved},
		"no that didnt help":             {Verb: commands.Unhelpful},
		"hm, that's wrong":               {Verb: commands.Unhelpful},
		"sorry but it doesn’t work":      {Verb: commands.Unhelpful},
		"thanks, that was helpful":       {Verb: commands.Helpful},
		"what can you do for me?":        {Verb: commands.Help},
		"what are you able to do":        {Verb: commands.Help},
		"hey what can I ask you here?":   {Verb: commands.Help},
		"who are you":                    {Verb: commands.Help},
		"what can u do":                  {Verb: commands.Help},
		"how do I use this?":             {Verb: commands.Help},
		"list all playbooks":             {Verb: commands.Help},
		"why did you say that":           {Verb: commands.Why},
		"why this?":                      {Verb: commands.Why},
		"explain that":                   {Verb: commands.Why},
		"how did you come up with that":  {Verb: commands.Why},
		"feedback":                       {Verb: commands.Feedback},
		"feedback helpful":               {Verb: commands.Helpful},
		"feedback unhelpful it was old":  {Verb: commands.Unhelpful, Args: "it was old"},
		"feedback: not helpful, too old": {Verb: commands.Unhelpful, Args: "too old"},
		"feedback I like you":            {Verb: commands.Feedback, Args: "I like you"},
		"not helpful, it was outdated":   {Verb: commands.Unhelpful, Args: "it was outdated"},
		"thumbs up":                      {Verb: commands.Helpful},
		"can I talk to a human please":   {Verb: commands.Escalate},
		"escalate this":                  {Verb: commands.Escalate},
		"get me a person":                {Verb: commands.Escalate},
		"cancel r-7k3mq2ab":              {Verb: commands.Cancel, Run: "r-7k3mq2ab"},
		"cancel r-7k3mq2ab wrong name":   {Verb: commands.Cancel, Run: "r-7k3mq2ab", Args: "wrong name"},
		"cancel because of the freeze":   {Verb: commands.Cancel, Args: "of the freeze"},
		"status":                         {Verb: commands.Status},
		"Status R-7K3MQ2AB":              {Verb: commands.Status, Run: "r-7k3mq2ab"},
		"deny r-7k3mq2ab too big":        {Verb: commands.Deny, Run: "r-7k3mq2ab", Args: "too big"},
		"that solved it!":                {Verb: commands.Solved},
		"I need a human":                 {Verb: commands.Escalate},
		"ask where are the logs":         {Verb: commands.Say, Args: "where are the logs"},
		"why?":                           {Verb: commands.Why},
	} {
		if got, ok := commands.Parse(text, set); !ok || got != want {
			t.Errorf("%q is %+v %v, want %+v", text, got, ok, want)
		}
	}
}

func TestParseLeavesTalkAlone(t *testing.T) {
	set := catalogue(t)
	for _, text := range []string{
		"", "cancel my order", "help my deploy is stuck", "why is it slow", "yes but what does it cost", "status of the payments deploy",
		"run the tests again", "dbcreate", "approve access for bob", "İstanbul db create", "deny access to bob", "explain the deploy process",
		"help the deploy failed", "help me with my deploy", "why is the build red?", "what is this error", "what can I do about a failing build?", "human resources policy",
		"useful links?", "stop the payments service", "undo my last commit", "who are the owners of payments", "feedbackloop", "wrong certificate on the ingress",
	} {
		if got, ok := commands.Parse(text, set); ok {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func TestButtonsComeBack(t *testing.T) {
	for _, c := range []commands.Command{
		{Verb: commands.Yes, Token: "abc"},
		{Verb: commands.No, Token: "abc"},
		{Verb: commands.Choose, Token: "abc", Playbook: "db-create"},
		{Verb: commands.Use, Request: "q1", Playbook: "db-create"},
		{Verb: commands.Cancel, Run: "r-7k3mq2ab"},
		{Verb: commands.Helpful, Request: "q1"},
		{Verb: commands.Escalate, Request: "q1"},
		{Verb: commands.Approve, Run: "r-7k3mq2ab"},
	} {
		if got, ok := commands.ParseButton(c.Button()); !ok || got != c {
			t.Errorf("%q is %+v %v, want %+v", c.Button(), got, ok, c)
		}
	}
	for _, id := range []string{"", "yes", "nothing:x", "choose:abc", "approve:x", "run:a", "cancel:r-!!!!"} {
		if got, ok := commands.ParseButton(id); ok {
			t.Errorf("%q is taken for %+v", id, got)
		}
	}
}

func TestNearest(t *testing.T) {
	set := catalogue(t)
	for typed, want := range map[string]string{"db craete": "db create", "serivce new payments": "service new", "staus": "status", "hepl": "help", "elephants dance": ""} {
		if got := says(commands.Nearest(typed, set, nil, 1)); got != want {
			t.Errorf("%q is near %q, want %q", typed, got, want)
		}
	}
}

func says(near []commands.Near) string {
	var out []string
	for _, n := range near {
		out = append(out, n.Says)
	}
	return strings.Join(out, ",")
}

func TestNearestPlaybooks(t *testing.T) {
	set := catalogue(t)
	for typed, want := range map[string]string{"db-craete": "db-create", "create": "db-create", "servce-new": "service-new", "service": "service-new", "elephants": "", "": ""} {
		got := ""
		if found := commands.NearestPlaybooks(typed, set, nil, 1); len(found) > 0 {
			got = found[0].ID
		}
		if got != want {
			t.Errorf("%q is near %q, want %q", typed, got, want)
		}
	}
	nobody := func(*playbook.Playbook) bool { return false }
	if found := commands.NearestPlaybooks("db-craete", set, nobody, 3); len(found) > 0 {
		t.Errorf("what may not be used is offered: %v", found[0].ID)
	}
}

func FuzzParse(f *testing.F) {
	set := catalogue(f)
	for _, s := range []string{"help", "cancel r-7k3mq2ab", "db create x=1", "İ yes", "\xff\xfe", "/platform", "run db-create \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := commands.Parse(text, set)
		if !ok {
			return
		}
		if utf8.ValidString(text) && !utf8.ValidString(c.Args) {
			t.Errorf("%q was cut in the middle of a letter: %q", text, c.Args)
		}
		if c.Verb == commands.Use && c.Playbook != "" && set.ByID(c.Playbook) == nil {
			t.Errorf("%q is a command of no playbook: %+v", text, c)
		}
		commands.Nearest(text, set, nil, 3)
		commands.NearestPlaybooks(c.Args, set, nil, 3)
		if b, ok := commands.ParseButton(c.Button()); c.Verb == commands.Yes && (!ok || b.Verb != c.Verb) {
			t.Errorf("the button of %+v comes back as %+v", c, b)
		}
	})
}

func TestCorrectedWord(t *testing.T) {
	for typed, want := range map[string]commands.Command{
		"stauts": {Verb: commands.Status}, "cancle": {Verb: commands.Cancel}, "cancle r-7k3mq2ab": {Verb: commands.Cancel, Run: "r-7k3mq2ab"}, "hepl": {Verb: commands.Help}, "sovled": {Verb: commands.Solved},
	} {
		if got, ok := commands.CorrectedWord(typed); !ok || got != want {
			t.Errorf("%q is %+v %v, want %+v", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"🤷", "nu", "dev", "staging", "cancle my order", "ran"} {
		if got, ok := commands.CorrectedWord(typed); ok {
			t.Errorf("%q is taken for %+v", typed, got)
		}
	}
}

func TestLine(t *testing.T) {
	for typed, want := range map[string]string{
		"approve": "`approve RUN`", "Reject": "`deny RUN reason`", "stop": "`never mind`", "revert": "`undo RUN`", "/cancel": "`cancel RUN reason`",
		"unhelpful": "`not helpful`", "nvm": "`never mind`", "yes": "", "databases": "", "": "",
	} {
		if got := commands.Line(typed); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("help on %q is %q, not that of %s", typed, got, want)
		}
	}
}
