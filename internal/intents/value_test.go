package intents

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"frontdoor/internal/playbook"
)

func TestParseValue(t *testing.T) {
	t.Parallel()
	size := playbook.Input{Name: "size_gb", Type: playbook.Integer, Min: new(float64(1)), Max: new(float64(500))}
	days := playbook.Input{Name: "days", Type: playbook.Integer, Min: new(float64(1)), Max: new(float64(90))}
	replicas := playbook.Input{Name: "replicas", Type: playbook.Integer}
	ratio := playbook.Input{Name: "ratio", Type: playbook.Number}
	public := playbook.Input{Name: "public", Type: playbook.Boolean}
	env := playbook.Input{Name: "environment", Type: playbook.Choice, Options: []string{"dev", "staging", "prod"}}
	name := playbook.Input{Name: "name", Type: playbook.String, Pattern: "^[a-z][a-z0-9-]{2,30}$"}
	free := playbook.Input{Name: "title", Type: playbook.String, Max: new(float64(10))}
	day := playbook.Input{Name: "day", Type: playbook.Date}
	who := playbook.Input{Name: "owner", Type: playbook.Someone}
	for _, c := range []struct {
		in   playbook.Input
		text string
		want any // an error's text begins with “!”
	}{
		{size, "20", int64(20)},
		{size, " 20gb ", int64(20)},
		{size, "20 GB", int64(20)},
		{size, "`20`", int64(20)},
		{size, "ten", int64(10)},
		{size, "lots", "!size_gb must be a whole number from 1 to 500, not “lots”"},
		{size, "0", "!size_gb must be a whole number from 1 to 500, not “0”"},
		{size, "2.5", "!size_gb must be a whole number from 1 to 500, not “2.5”"},
		{size, "1tb", "!size_gb must be a whole number from 1 to 500, not “1tb”"},
		{size, "512mb", "!size_gb must be a whole number from 1 to 500, not “512mb”"},
		{size, "5 days", "!size_gb must be a whole number from 1 to 500, not “5 days”"},
		{size, "", "!size_gb must be a whole number from 1 to 500, not empty"},
		{days, "2 weeks", int64(14)},
		{days, "30d", int64(30)},
		{replicas, "3 replicas", int64(3)},
		{replicas, "-3", int64(-3)},
		{replicas, "1,000", int64(1000)},
		{replicas, "99999999999999999999", "!replicas must be a whole number, not “99999999999999999999”"},
		{ratio, "0.25", 0.25},
		{ratio, "NaN", "!ratio must be a number, not “NaN”"},
		{public, "Yes", true},
		{public, "off", false},
		{public, "maybe", "!public must be yes or no, not “maybe”"},
		{env, "PROD", "prod"},
		{env, "production", "prod"},
		{env, "stg", "staging"},
		{env, "stagng", "staging"},
		{env, "mars", "!environment must be one of dev, staging or prod, not “mars”"},
		{name, "orders", "orders"},
		{name, "“orders”", "orders"},
		{name, "Orders!", "!name can't be “Orders!”. How about `orders`?"},
		{name, "a\nb", "!name can't be “a b”. How about `a-b`?"},
		{free, "short", "short"},
		{free, "longer than that", "!title must be one line of text of at most 10 characters, not “longer than that”"},
		{day, "2026-12-01", "2026-12-01"},
		{day, "today", "2026-11-23"},
		{day, "Tomorrow", "2026-11-24"},
		{day, "friday", "2026-11-27"},
		{day, "next friday", "2026-12-04"},
		{day, "monday", "2026-11-30"},
		{day, "in 3 days", "2026-11-26"},
		{day, "in two weeks", "2026-12-07"},
		{day, "1 December", "2026-12-01"},
		{day, "Jan 5th", "2027-01-05"},
		{day, "20 november", "2026-11-20"},
		{day, "24.12.2026", "2026-12-24"},
		{day, "2026-02-30", "!day must be a date such as 2026-12-01, tomorrow or next friday, not “2026-02-30”"},
		{day, "01/12/2026", "!day must be a date such as 2026-12-01, tomorrow or next friday, not “01/12/2026”"},
		{who, "@anna", "anna"},
		{who, "<@U123|anna>", "U123"},
		{who, "two words", "!owner must be a person such as @name, not “two words”"},
	} {
		got, err := ParseValue(c.in, c.text, testNow())
		want, _ := c.want.(string)
		if strings.HasPrefix(want, "!") {
			if err == nil || err.Error() != want[1:] {
				t.Errorf("ParseValue(%s, %q) = %v, %v, want the error %q", c.in.Name, c.text, got, err, want[1:])
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("ParseValue(%s, %q) = %v (%T), %v, want %v", c.in.Name, c.text, got, got, err, c.want)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{"", "20gb", "next friday", "<@U1>", "prod", "\xff", "''", "9e999", "1 2026", "the 31st of february"} {
		f.Add(s)
	}
	inputs := []playbook.Input{
		{Name: "size_gb", Type: playbook.Integer, Min: new(float64(1)), Max: new(float64(500))},
		{Name: "ratio", Type: playbook.Number},
		{Name: "public", Type: playbook.Boolean},
		{Name: "environment", Type: playbook.Choice, Options: []string{"dev", "staging", "prod"}},
		{Name: "name", Type: playbook.String, Pattern: "[a-z]+"},
		{Name: "why", Type: playbook.Text, Max: new(float64(100))},
		{Name: "day", Type: playbook.Date},
		{Name: "owner", Type: playbook.Someone},
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, in := range inputs {
			v, err := ParseValue(in, text, testNow())
			if err != nil {
				if msg := err.Error(); !utf8.ValidString(msg) || strings.Contains(msg, "\n") || len(msg) > 1000 {
					t.Errorf("error %q", msg)
				}
				continue
			}
			switch v := v.(type) {
			case int64:
				if v < 1 || v > 500 {
					t.Errorf("%q is %d", text, v)
				}
			case string:
				if _, bad := time.Parse(time.DateOnly, v); in.Type == playbook.Date && bad != nil {
					t.Errorf("%q is the date %q", text, v)
				}
				if again, err := ParseValue(in, v, testNow()); in.Type != playbook.Someone && in.Type != playbook.Text && in.Type != playbook.String && (err != nil || again != v) {
					t.Errorf("%q is %q, which is %v, %v", text, v, again, err)
				}
			}
		}
	})
}
