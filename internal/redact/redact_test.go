package redact_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"

	"frontdoor/internal/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is one line of the labelled set.
type sample struct {
	line    int
	text    string
	want    string // text as it should be redacted
	planted []planted
}

type planted struct{ kind, value string }

var planting = regexp.MustCompile(`⟦(secret|email|phone|card)\|(.*?)⟧`)

func samples(tb testing.TB) []sample {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "labelled.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []sample
	for i, l := range strings.Split(string(data), "\n") {
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		l = strings.ReplaceAll(l, "·", "")
		s := sample{line: i + 1, text: planting.ReplaceAllString(l, "$2"), want: planting.ReplaceAllString(l, "[$1]")}
		for _, m := range planting.FindAllStringSubmatch(l, -1) {
			s.planted = append(s.planted, planted{m[1], m[2]})
		}
		out = append(out, s)
	}
	return out
}

func redactor(tb testing.TB) *redact.Redactor {
	tb.Helper()
	r, err := redact.New()
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.Warm(); err != nil {
		tb.Fatal(err)
	}
	return r
}

var markers = regexp.MustCompile(`\[(secret|email|phone|card)\]`)

// TestLabelled measures precision and recall by kind on our own set and holds
// them against the golden file, mistakes and all.
func TestLabelled(t *testing.T) {
	r := redactor(t)
	type count struct{ planted, found, right int }
	counts := map[string]*count{}
	for _, k := range []string{"secret", "email", "phone", "card"} {
		counts[k] = &count{}
	}
	var mistakes bytes.Buffer
	all := samples(t)
	talk := 0
	for _, s := range all {
		got, _ := r.Redact(s.text)
		have := map[string]int{}
		for _, m := range markers.FindAllStringSubmatch(got, -1) {
			have[m[1]]++
			counts[m[1]].found++
		}
		for _, p := range s.planted {
			c := counts[p.kind]
			c.planted++
			if !strings.Contains(got, p.value) && have[p.kind] > 0 {
				have[p.kind]--
				c.right++
			}
		}
		if len(s.planted) == 0 {
			talk++
		}
		if got != s.want {
			fmt.Fprintf(&mistakes, "line %d: %s\n", s.line, strings.ReplaceAll(got, "xox", "xo·x"))
		}
	}
	var golden bytes.Buffer
	fmt.Fprintf(&golden, "%d texts, %d of them without anything to take out\n", len(all), talk)
	for _, k := range []string{"secret", "email", "phone", "card"} {
		c := counts[k]
		fmt.Fprintf(&golden, "%-6s  planted %3d  recall %.3f  precision %.3f\n", k, c.planted, float64(c.right)/float64(c.planted), float64(c.right)/float64(max(1, c.found)))
	}
	golden.WriteString("\nnot as wanted:\n")
	golden.Write(mistakes.Bytes())
	path := filepath.Join("testdata", "quality.golden")
	if *update {
		if err := os.WriteFile(path, golden.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if golden.String() != string(want) {
		t.Errorf("quality changed; look at the difference, then run with -update:\n%s", golden.String())
	}
}

func TestFindingsNameTheRuleNotTheSecret(t *testing.T) {
	text, findings := redactor(t).Redact("password: hunter2, mail ana@example.org")
	if text != "password: [secret], mail [email]" {
		t.Fatal(text)
	}
	if got := fmt.Sprint(findings); got != "[{secret password} {email email}]" {
		t.Fatal(got)
	}
}

func TestAllowCommentsProtectNobody(t *testing.T) {
	text, _ := redactor(t).Redact("AKIA" + "Q3EGZL5XTHN7RM2C # gitleaks:allow")
	if strings.Contains(text, "AKIA") {
		t.Fatal(text)
	}
}

// The private key spans lines, and its end may be missing.
func TestPrivateKeyBlocks(t *testing.T) {
	r := redactor(t)
	begin, end := "-----BEGIN PRIVATE "+"KEY-----\n", "-----END PRIVATE "+"KEY-----"
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n", 26)
	for name, text := range map[string]string{"whole": begin + body + end, "cut": begin + body, "indented": "    " + begin + "    " + body + "    " + end} {
		got, _ := r.Redact("see\n" + text + "\nwhy?")
		if strings.Contains(got, "MIIE") || strings.Contains(got, "AoIBAQ") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestLongAndBrokenText(t *testing.T) {
	r := redactor(t)
	secret := "gh" + "p_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
	text := strings.Repeat("the rollout of payments-api to eu-west-1 is stuck\n", 5_000) + secret + "\xff\xfe\x00" + strings.Repeat("é", 20_000) + secret
	got, findings := r.Redact(text)
	if strings.Contains(got, secret) || len(findings) != 2 || !utf8.ValidString(got) {
		t.Fatal(findings)
	}
	if got != strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), secret, "[secret]") {
		t.Fatal("something else changed")
	}
}

func TestConcurrentUse(t *testing.T) {
	r, err := redact.New() // not warm: the first users race for the rules
	if err != nil {
		t.Fatal(err)
	}
	all := samples(t)
	want := make([]string, len(all))
	single := redactor(t)
	for i, s := range all {
		want[i], _ = single.Redact(s.text)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, s := range all {
				if got, _ := r.Redact(s.text); got != want[i] {
					t.Errorf("line %d: %q", s.line, got)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzRedact(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.text, "")
	}
	r := redactor(f)
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before)+len(after) > 4000 {
			return
		}
		once, _ := r.Redact(before + after)
		if twice, _ := r.Redact(once); twice != once {
			t.Fatalf("%q, redacted twice %q", once, twice)
		}
		// A token that no text around it can hide.
		token := "gl" + "pat-Qz7xWv3kRt9pLm2nBc5d"
		if got, _ := r.Redact(before + " " + token + " " + after); strings.Contains(got, token) {
			t.Fatalf("%q", got)
		}
	})
}
