package answers

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdoor/internal/docs"
)

var pages = map[string]string{
	"rollbacks.md": "# Rollbacks\n\nA rollback puts the previous version back. It takes a minute.\n\n## Roll back a deploy\n\nRoll back a deploy with `hb rollback`. Anybody in the team may do it.\n\n1. Say so in the channel first.\n2. Watch the error rate\n",
	"costs.md":     "# Costs\n\nEach team sees its costs every Monday. A budget is set in January.\n",
	"vpn.md":       "# VPN\n\n{{< note >}}\nThe {{< tip >}} is filled in.\n{{< /note >}}\n\nConnect to the VPN with `hb vpn up`. The profile lasts 30 days.\n",
	"tables.md":    "# Zebra table\n\n| zebra | stripes |\n| --- | --- |\n| one | zebra stripes |\n",
}

func TestAnswer(t *testing.T) {
	x := indexed(t, pages)
	a := New(func() *docs.Index { return x })
	for _, c := range []struct {
		name, question string
		in             []string
		page, anchor   string // "" where it is refused
		reason         string
	}{
		{name: "a heading says it", question: "How do I roll back a deploy?", page: "rollbacks.md", anchor: "roll-back-a-deploy"},
		{name: "from the beginning of a page", question: "when do teams see costs", page: "costs.md", anchor: "costs"},
		{name: "beside a shortcode", question: "connect to the vpn", page: "vpn.md", anchor: "vpn"},
		{name: "not in the pages", question: "what is on the menu in the canteen", reason: NotCovered},
		{name: "only in other pages", question: "How do I roll back a deploy?", in: []string{"costs.md"}, reason: NotCovered},
		{name: "misspelt", question: "how do i rol bakc a deplyo", page: "rollbacks.md", anchor: "roll-back-a-deploy"},
		{name: "no such pages", question: "How do I roll back a deploy?", in: []string{"other/*.md"}, reason: NoDocs},
		{name: "nothing that may be quoted", question: "zebra stripes", reason: NotCovered},
		{name: "empty", question: "", reason: NotCovered},
		{name: "not UTF-8", question: "\xff\xfe", reason: NotCovered},
		{name: "a megabyte", question: strings.Repeat("how to connect to the printer ", 40000), reason: NotCovered},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := a.Answer(t.Context(), Question{Text: c.question, In: c.in})
			if got.Answered != (c.page != "") || got.Reason != c.reason || got.Text == "" {
				t.Fatalf("got %+v", got)
			}
			if got.Answered && (got.Citations[0].Page != c.page || got.Citations[0].Anchor != c.anchor) {
				t.Errorf("first cites %s#%s, want %s#%s", got.Citations[0].Page, got.Citations[0].Anchor, c.page, c.anchor)
			}
			if again := a.Answer(t.Context(), Question{Text: c.question, In: c.in}); !reflect.DeepEqual(got, again) {
				t.Errorf("asked again it says %+v", again)
			}
		})
	}
}

func TestWhatIsQuoted(t *testing.T) {
	x := indexed(t, map[string]string{
		"rollbacks.md": pages["rollbacks.md"],
		"logs.md":      "# Logs\n\nLogs are lines.\n\n## Find the logs of a service\n\nThis needs a role. Find the logs with `hb logs` in production.\n\n## Log retention\n\nLogs are kept for 30 days in production. Bring cake.\n",
		"keys.md":      "# Keys\n\n## Who signs keys\n\nIt depends. The security team signs keys of machines.\n\n## Make a key\n\nMake a key with `hb key`.\n\n1. Name the key.\n2. Look it up in the table below.\n3. Keep the key in a safe place.\n",
	})
	a := New(func() *docs.Index { return x })
	for _, c := range []struct{ question, anchor, text string }{
		{"how long are logs kept?", "log-retention", "Logs are kept for 30 days in production."},
		{"who signs keys", "who-signs-keys", "The security team signs keys of machines."},
		{"how do i make a key", "make-a-key", "Make a key with hb key.\nName the key.\nKeep the key in a safe place."},
		{"how to roll back a deploy", "roll-back-a-deploy", "Roll back a deploy with hb rollback.\nSay so in the channel first.\nWatch the error rate"},
	} {
		got := a.Answer(t.Context(), Question{Text: c.question, Vouched: true})
		if !got.Answered || got.Text != c.text || got.Citations[0].Anchor != c.anchor {
			t.Errorf("%s\ngot  %q %+v\nwant %q at %s", c.question, got.Text, got.Citations, c.text, c.anchor)
		}
	}
}

func TestVouched(t *testing.T) {
	x := indexed(t, pages)
	a := New(func() *docs.Index { return x })
	for _, c := range []struct {
		question          string
		vouched, answered bool
	}{
		{"what may the team put back when the budget is gone", false, false},
		{"what may the team put back when the budget is gone", true, true},
		{"what is on the menu in the canteen", true, false},
	} {
		got := a.Answer(t.Context(), Question{Text: c.question, In: []string{"rollbacks.md"}, Vouched: c.vouched})
		if got.Answered != c.answered {
			t.Errorf("%s: got %+v", c.question, got)
		}
	}
	if p := vouched(0.1); p < 0.499 || p > 0.501 {
		t.Errorf("a tenth becomes %v", p)
	}
}

func TestNothingToAnswerFrom(t *testing.T) {
	for name, x := range map[string]*docs.Index{"no index": nil, "no pages": indexed(t, nil)} {
		a := New(func() *docs.Index { return x })
		if got := a.Answer(t.Context(), Question{Text: "anything"}); got.Answered || got.Reason != NoDocs || got.Citations == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestCalibration(t *testing.T) {
	c := fittedCalibration()
	if len(c.Coefficients) != len(FeatureNames) {
		t.Errorf("%d coefficients for %d features", len(c.Coefficients), len(FeatureNames))
	}
	for _, name := range FeatureNames {
		if w, ok := c.Coefficients[name]; !ok || w < 0 {
			t.Errorf("%s: coefficient %v", name, w)
		}
	}
	if low, high := c.Probability(Features{}), c.Probability(Features{2, 1, 1, 1, 1, 0.4}); low > 0.1 || high < 0.9 {
		t.Errorf("nothing fits: %v, all fits: %v", low, high)
	}
}

func FuzzAnswer(f *testing.F) {
	x := indexed(f, pages)
	a := New(func() *docs.Index { return x })
	a.calibration.Threshold = 0 // answer whatever there is to quote
	f.Add("How do I roll back a deploy?", "*")
	f.Add("\x00\xff costs vpn ünïcode 日本 deploys", "")
	f.Fuzz(func(t *testing.T, question, in string) {
		q := Question{Text: question}
		if in != "" {
			q.In = []string{in}
		}
		got := a.Answer(t.Context(), q)
		if !utf8.ValidString(got.Text) || got.Text == "" || !(got.Score >= 0 && got.Score <= 1) {
			t.Fatalf("got %+v", got)
		}
		if !got.Answered {
			if got.Reason == "" || len(got.Citations) > 0 {
				t.Fatalf("got %+v", got)
			}
			return
		}
		if err := Verify(x, got.Text, got.Citations); err != nil || got.Reason != "" {
			t.Fatal(err, got)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	x := indexed(b, pages)
	a := New(func() *docs.Index { return x })
	for b.Loop() {
		a.Answer(b.Context(), Question{Text: "How do I roll back a deploy?"})
	}
}
