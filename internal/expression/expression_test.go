package expression_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"frontdoor/internal/expression"
)

func scope() expression.Scope {
	return expression.Scope{
		Inputs: map[string]expression.Type{
			"name": expression.TypeString, "size_gb": expression.TypeInt, "ratio": expression.TypeNumber,
			"public": expression.TypeBool, "environment": expression.TypeString, "note": expression.TypeAny,
		},
		Steps: map[string]expression.Type{
			"create": expression.TypeAny,
			"typed": expression.Open(map[string]expression.Type{"json": expression.FromSchema(map[string]any{
				"type": "object", "properties": map[string]any{"status": map[string]any{"type": "string"}, "count": map[string]any{"type": "integer"}},
			})}),
		},
		Later: []string{"ready"},
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		src    string
		want   expression.Kind
		offset int
		errs   string // "" is fine
	}{
		{src: `inputs.environment == "prod"`, want: expression.Bool},
		{src: `inputs.size_gb > 100 && inputs.public`, want: expression.Bool},
		{src: `inputs.environment in ["dev", "staging"]`, want: expression.Bool},
		{src: `steps.create.json.items[0].id == 3`, want: expression.Bool},
		{src: `steps.typed.json.status == "ready"`, want: expression.Bool},
		{src: `steps.typed.status == 200`, want: expression.Bool},
		{src: `"dba" in by.groups`, want: expression.Bool},
		{src: `at.channel == "ops" or run.id != ""`, want: expression.Bool},
		{src: `any(by.groups, # startsWith "db")`, want: expression.Bool},
		{src: `let x = inputs.size_gb * 2; x > 3`, want: expression.Bool},
		{src: `config.db_api + "/x"`, want: expression.String},
		{src: `inputs.note ?? ""`},
		{src: `steps.create`, want: expression.Bool},
		{src: ``, errs: "the expression is empty"},
		{src: `inputs.environmnt == "prod"`, offset: 7, errs: "there is no input environmnt (did you mean environment?)"},
		{src: `input.name`, errs: "unknown name input (did you mean inputs?)"},
		{src: `1 == environment`, offset: 5, errs: "unknown name environment (did you mean inputs.environment?)"},
		{src: `steps.ready.json`, offset: 6, errs: "step ready has no reply yet at this place (refer to an earlier step)"},
		{src: `steps.creat.json`, offset: 6, errs: "there is no step creat before this place (did you mean create?)"},
		{src: `steps.typed.json.stats`, offset: 17, errs: "there is no field stats"},
		{src: `run.name`, offset: 4, errs: "run has no name: it has dir, id"},
		{src: `by.team2`, offset: 3, errs: "by has no team2: it has groups, id, name, team (did you mean team?)"},
		{src: `config["a" + inputs.name]`, offset: 6, errs: "a configuration value must be named, not computed (write config.NAME)"},
		{src: `toJSON(config)`, offset: 7, errs: "the configuration can't be used as a whole (write config.NAME)"},
		{src: `toJSON($env)`, offset: 7, errs: "unknown name $env"},
		{src: `inputs.name > 3`, offset: 12, errs: `> (mismatched types string and number)`},
		{src: `inputs.name`, want: expression.Bool, errs: "this must be true or false, and is a string"},
		{src: `inputs.size_gb`, want: expression.String, errs: "this must be a string, and is a number"},
		{src: `inputs.name ==`, offset: 13, errs: "the expression ends too early"},
		{src: `repeat("x", 1000)`, errs: "unknown name repeat"},
		{src: `now()`, errs: "unknown name now"},
		{src: `uper(inputs.name)`, errs: "unknown name uper (did you mean upper?)"},
		{src: strings.Repeat("1+", 3000) + "1", errs: "the expression is longer than 4096 bytes"},
		{src: strings.Repeat("1+", 1000) + "1", offset: -1, errs: "exceeds maximum allowed nodes"},
	}
	for _, tt := range tests {
		t.Run(tt.src[:min(len(tt.src), 40)], func(t *testing.T) {
			err := expression.Check(tt.src, scope(), tt.want)
			expect(t, err, tt.errs, tt.offset)
		})
	}
}

// expect compares err with part of its message and its offset; -1 is any.
func expect(t *testing.T, err error, message string, offset int) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return
	}
	var e *expression.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if !strings.Contains(e.Error(), message) || (offset >= 0 && e.Offset != offset) {
		t.Errorf("got %d %q, want %d %q", e.Offset, e.Error(), offset, message)
	}
}

// TestMistakes wants all of them, each with what to write.
func TestMistakes(t *testing.T) {
	s := scope()
	s.Inputs["environment"] = expression.Choice([]string{"dev", "staging", "prod"})
	s.Steps["listed"] = expression.FromSchema(map[string]any{"type": "object", "properties": map[string]any{
		"items": map[string]any{"type": "array", "items": map[string]any{"type": "object", "properties": map[string]any{"title": map[string]any{"type": "string"}}}},
	}})
	open := s
	open.AnyInput, open.AnyStep = true, true
	tests := []struct {
		src   string
		scope expression.Scope
		want  string
	}{
		{`inputs.nam == steps.creat.json and uper(inputs.name) == x`, s, "7 there is no input nam (did you mean name?)|20 there is no step creat before this place (did you mean create?)|35 unknown name uper (did you mean upper?)|56 unknown name x (put quotes around text: \"x\")"},
		{`steps.listed.items[0].titel == steps.typed.json.stats`, s, "22 there is no field titel (did you mean title?)|48 there is no field stats (did you mean status?)"},
		{`inputs.nam == steps.creat.json`, open, ""},
		{`inputs.environment == "prd"`, s, `22 doubt: environment is never "prd" (did you mean prod?)`},
		{`"QA" != inputs.environment or inputs.environment in ["dev", "stagin"]`, s, `0 doubt: environment is never "QA" (known here: dev, staging, prod)|60 doubt: environment is never "stagin" (did you mean staging?)`},
		{`inputs.environment == "prod" and inputs.name == "prd"`, s, ""},
		{`inputs.name = "x"`, s, "12 unexpected = (write == to compare)"},
		{`inputs.name == "x" AND true`, s, "19 unexpected AND (did you mean and?)"},
		{`inputs.name == "x`, s, "17 a quote is never closed (close it)"},
		{`inputs.name == flase`, s, "15 unknown name flase (did you mean false?)"},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			var got []string
			for _, e := range expression.Mistakes(tt.src, tt.scope, expression.Any) {
				doubt := ""
				if e.Doubt {
					doubt = "doubt: "
				}
				got = append(got, fmt.Sprintf("%d %s%s", e.Offset, doubt, e))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), tt.want)
			}
		})
	}
	found := expression.TemplateMistakes("é ${inputs.nam} and ${steps.creat}", s)
	if len(found) != 2 || found[0].Offset != 11 || found[1].Offset != 28 {
		t.Errorf("got %v", found)
	}
}

func TestCheckTemplate(t *testing.T) {
	tests := []struct {
		tpl    string
		offset int
		errs   string
	}{
		{tpl: "no expression, {slot}, $5, }"},
		{tpl: "`${inputs.name}` is ready in ${upper(inputs.environment)}."},
		{tpl: `${ {"a": {"b": 1}}.a.b } and ${"}"} ${'\'}'} ${1 /* } */}`},
		{tpl: "a $${inputs.nothing} stays"},
		{tpl: "é ${inputs.nam}", offset: 11, errs: "there is no input nam (did you mean name?)"},
		{tpl: "ab ${inputs.name", offset: 3, errs: "this ${ is never closed"},
		{tpl: "x ${}", offset: 4, errs: "the expression is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.tpl, func(t *testing.T) {
			expect(t, expression.CheckTemplate(tt.tpl, scope()), tt.errs, tt.offset)
		})
	}
}

func env() map[string]any {
	return map[string]any{
		"inputs": map[string]any{"name": "orders", "size_gb": int64(10), "ratio": 0.5, "public": true, "environment": "dev", "note": nil, "evil": "../../x?y=1", "dots": "..", "big": 1e9},
		"steps":  map[string]any{"ready": map[string]any{"status": int64(200), "json": map[string]any{"status": "ready", "n": 3.0, "list": []any{1.0, 2.0}}}},
		"config": map[string]any{"db_api": "https://db.internal/v1"},
		"run":    map[string]any{"id": "r1"},
		"by":     map[string]any{"id": "ana", "groups": []string{"dba"}},
		"at":     map[string]any{"channel": "ops"},
	}
}

func TestEval(t *testing.T) {
	tests := []struct {
		src  string
		want any
		errs string
	}{
		{src: `inputs.size_gb`, want: int64(10)},
		{src: `inputs.size_gb == 10 && inputs.size_gb in [10, 20]`, want: true},
		{src: `steps.ready.json.n == 3 and steps.ready.status < 300`, want: true},
		{src: `"dba" in by.groups`, want: true},
		{src: `inputs.name + "-" + at.channel`, want: "orders-ops"},
		{src: `replace(inputs.name, "o", "0")`, want: "0rders"},
		{src: `inputs.note ?? "none"`, want: "none"},
		{src: `sum(map(steps.ready.json.list, # + 1))`, want: 5.0},
		{src: `steps.gone?.json?.x`, want: nil},
		{src: `filter(steps.ready.json.list, # > 1)[0]`, want: 2.0},
		{src: `steps.gone.json`, errs: "can't read json: what should have it isn't there"},
		{src: `inputs.name + 3`, errs: "can't add a number to a string"},
		{src: `reduce(1..100, #acc + #acc, "xxxxxxxxxx")`, errs: "the expression does too much"},
		{src: `let a = 1..1000; all(a, all(a, all(a, true)))`, errs: "the expression does too much"},
		{src: `let a = 1..10; sum(map(1..100000, sum(map(1..10, #))))`, errs: "the expression does too much"},
		{src: `replace(replace(replace(replace(replace(replace("aaaaaaaaaaaaaaaaaaaa", "a", "aaaaaaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaa"), "a", "b")`, errs: "the expression does too much"},
		{src: `1 +`, errs: "the expression ends too early"},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			got, err := expression.Eval(tt.src, env())
			check(t, got, err, tt.want, tt.errs)
		})
	}
}

func check(t *testing.T, got any, err error, want any, message string) {
	t.Helper()
	switch {
	case message != "" && (err == nil || !strings.Contains(err.Error(), message)):
		t.Errorf("got %v, %v; want error %q", got, err, message)
	case message == "" && err != nil:
		t.Errorf("got error %v, want %v", err, want)
	case message == "" && !reflect.DeepEqual(got, want):
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestHolds(t *testing.T) {
	for src, want := range map[string]bool{``: true, `inputs.public`: true, `inputs.name == "x"`: false} {
		if got, err := expression.Holds(src, env()); err != nil || got != want {
			t.Errorf("Holds(%q) = %v, %v; want %v", src, got, err, want)
		}
	}
	if _, err := expression.Holds(`steps.ready.json.status`, env()); err == nil || !strings.Contains(err.Error(), "is a string, not true or false") {
		t.Errorf("got %v", err)
	}
}

func TestExpand(t *testing.T) {
	tests := []struct {
		tpl  string
		want any
		errs string
	}{
		{tpl: "${inputs.size_gb}", want: int64(10)},
		{tpl: "${steps.ready.json.list}", want: []any{1.0, 2.0}},
		{tpl: "${inputs.note}", want: nil},
		{tpl: "${inputs.size_gb} GB of ${inputs.big}, ${inputs.public}, [${inputs.note}]", want: "10 GB of 1000000000, true, []"},
		{tpl: "$${inputs.name} $$$${x} ${steps.ready.json.list}", want: "${inputs.name} $$${x} [1,2]"},
		{tpl: "", want: ""},
		{tpl: "${config.gone}", errs: "the configuration has no workflows.config.gone"},
		{tpl: `${config.gone ?? "x"}`, want: "x"},
		{tpl: `a ${config.gone + "x"}`, errs: "the configuration has no workflows.config.gone"},
		{tpl: "a ${", errs: "never closed"},
	}
	for _, tt := range tests {
		t.Run(tt.tpl, func(t *testing.T) {
			got, err := expression.Expand(tt.tpl, env())
			check(t, got, err, tt.want, tt.errs)
		})
	}
}

func TestExpandTree(t *testing.T) {
	in := map[string]any{"a": "${inputs.size_gb}", "b": []any{"x-${inputs.name}", int64(3), nil}, "${k}": map[string]any{"c": true}}
	got, err := expression.ExpandTree(in, env())
	check(t, got, err, map[string]any{"a": int64(10), "b": []any{"x-orders", int64(3), nil}, "${k}": map[string]any{"c": true}}, "")
}

func TestExpandURL(t *testing.T) {
	tests := []struct{ tpl, want, errs string }{
		{tpl: "${config.db_api}/databases/${inputs.name}", want: "https://db.internal/v1/databases/orders"},
		{tpl: "${config.db_api}/databases/${inputs.evil}", want: "https://db.internal/v1/databases/..%2F..%2Fx%3Fy=1"},
		{tpl: "${config.db_api}/d?q=${inputs.evil}&n=${inputs.size_gb}", want: "https://db.internal/v1/d?q=..%2F..%2Fx%3Fy%3D1&n=10"},
		{tpl: "https://${inputs.name}.example.com/x", want: "https://orders.example.com/x"},
		{tpl: "https://${inputs.evil}.example.com/x", errs: "can't be part of a host name"},
		{tpl: "${config.db_api}/${inputs.dots}/x", errs: `the address has the path segment ".."`},
		{tpl: "${config.db_api}/${inputs.note}", errs: "value is missing"},
		{tpl: "${config.nothing}/x", errs: "workflows.config.nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.tpl, func(t *testing.T) {
			got, err := expression.ExpandURL(tt.tpl, env())
			check(t, got, err, tt.want, tt.errs)
		})
	}
}

func TestExpandStringEscapesValuesOnly(t *testing.T) {
	got, err := expression.ExpandString("a b ${inputs.evil}", env(), func(s string) string { return "<" + s + ">" })
	check(t, got, err, "a b <../../x?y=1>", "")
	_, err = expression.ExpandString("a ${inputs.note}", env(), strings.ToUpper)
	check(t, nil, err, nil, "value is missing")
}

func TestNames(t *testing.T) {
	got := expression.NamesOfTemplate(`${config.api}/${inputs.a + config["b"]} ${steps.x.json} ${let inputs2 = 1; inputs2} ${config.api}`)
	want := expression.Names{Config: []string{"api", "b"}, Inputs: []string{"a"}, Steps: []string{"x"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "${inputs.name}", "$${x}", "${\"}\"}", "${{}}", "${a", "${config.db_api}/x/${inputs.evil}", "${reduce(1..9, #acc + #)}", "${1..9999999}", "${inputs.name matches '('}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tpl string) {
		err := expression.CheckTemplate(tpl, scope())
		var e *expression.Error
		if err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset > len([]rune(tpl))) {
			t.Fatalf("CheckTemplate(%q) = %#v", tpl, err)
		}
		v, err := expression.Expand(tpl, env())
		if err == nil && !expression.IsTemplate(tpl) && v != tpl {
			t.Fatalf("Expand(%q) = %v", tpl, v)
		}
		_, _ = expression.ExpandURL(tpl, env())
		expression.NamesOfTemplate(tpl)
	})
}

func BenchmarkEval(b *testing.B) {
	e := env()
	for b.Loop() {
		if _, err := expression.Holds(`inputs.environment == "prod" && steps.ready.json.status == "ready"`, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	s := scope()
	for _, src := range []string{`inputs.name`, `inputs.environment == "prod" && inputs.size_gb > 3`} {
		b.Run(src, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := expression.Check(src, s, expression.Any); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
