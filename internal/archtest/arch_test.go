package archtest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestImportsRunInward(t *testing.T) {
	for dir, f := range tree(t) {
		r, known := rules[dir]
		if !known {
			t.Errorf("%s has no rule: say in internal/archtest/rules_test.go what it may import", dir)
			continue
		}
		for _, complaint := range forbidden(dir, r, f) {
			t.Error(complaint)
		}
	}
}

// forbidden lists the edges out of dir that the table does not allow.
func forbidden(dir string, r rule, f *folder) []string {
	var complaints []string
	check := func(imports map[string][]string, allowed []string, of string) {
		for _, target := range slices.Sorted(maps.Keys(imports)) {
			if target == dir { // an external test of the package itself
				continue
			}
			if !permits(dir, allowed, target) {
				complaints = append(complaints, dir+of+" imports "+target+", which its rule does not allow: "+strings.Join(imports[target], ", "))
			}
		}
	}
	check(f.imports, r.may, "")
	check(f.tests, slices.Concat(r.may, r.tests), " (tests)")
	return complaints
}

func permits(from string, allowed []string, target string) bool {
	if few, restricted := onlyFor[target]; restricted && !slices.Contains(few, from) {
		return false
	}
	if slices.Contains(allowed, target) {
		return true
	}
	return slices.Contains(allowed, "*") && !strings.HasPrefix(target, "cmd/")
}

// The table itself must not say what the architecture forbids.
func TestRulesKeepTheDirection(t *testing.T) {
	for dir, r := range rules {
		for _, target := range slices.Concat(r.may, r.tests) {
			if target == "*" {
				continue
			}
			if _, known := rules[target]; !known {
				t.Errorf("the rule of %s names %s, which has no rule", dir, target)
			}
			if !permits(dir, []string{target}, target) {
				t.Errorf("the rule of %s allows %s, which only %v may import", dir, target, onlyFor[target])
			}
		}
		if cycle := reaches(dir, dir, map[string]bool{}); cycle {
			t.Errorf("the rule of %s lets it reach itself", dir)
		}
	}
}

func reaches(from, goal string, seen map[string]bool) bool {
	for _, next := range rules[from].may {
		if next == goal {
			return true
		}
		if next == "*" || seen[next] {
			continue
		}
		seen[next] = true
		if reaches(next, goal, seen) {
			return true
		}
	}
	return false
}

// A rule that forbids nothing would pass every test above.
func TestForbiddenEdgesAreFound(t *testing.T) {
	wrong := func(target string) *folder {
		return &folder{imports: map[string][]string{target: {"x.go"}}}
	}
	for _, edge := range [][2]string{
		{"internal/chat", "internal/engine"},
		{"internal/docs", "internal/config"},
		{"internal/engine", "internal/chat/console"},
		{"internal/config", "internal/app"},
		{"internal/intents", "internal/conversation"},
		{"internal/app", "cmd/bot"},
	} {
		if len(forbidden(edge[0], rules[edge[0]], wrong(edge[1]))) != 1 {
			t.Errorf("%s may import %s", edge[0], edge[1])
		}
	}
}

func TestEveryFolderSaysWhatItIsFor(t *testing.T) {
	for dir, f := range tree(t) {
		if len(f.doc) == 0 {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

func TestFilesHoldOneThing(t *testing.T) {
	long := map[string]bool{}
	for _, f := range tree(t) {
		for file, lines := range f.lines {
			if lines <= maxLines {
				continue
			}
			long[file] = true
			if longFiles[file] == "" {
				t.Errorf("%s has %d lines, more than %d: split it, or give the reason in longFiles", file, lines, maxLines)
			}
		}
	}
	for file := range longFiles {
		if !long[file] {
			t.Errorf("longFiles names %s, which is not long", file)
		}
	}
}

// The project speaks only of itself: a reader elsewhere has neither the
// machine that it was written on nor its package mirror. The words are put
// together here so that this file does not contain them.
func TestNothingOfTheMachine(t *testing.T) {
	words := regexp.MustCompile(strings.Join([]string{
		`(?:^|[\s"'(=:<>` + "`" + `])/(?:wo` + `rk|ro` + `ot|ho` + `me)/`, // absolute paths of one machine
		`/tm` + `p/[a-z]`,
		`\.\./sha` + `red\b`,
		`\b(?:proxy|sum)\.gol` + `ang\.org`,
		`\bregistry\.npm` + `js\.org`,
		`\bpypi\.o` + `rg`,
		`\bdeb\.deb` + `ian\.org`,
	}, "|"))
	for _, file := range files(t) {
		if strings.HasSuffix(file, ".sum") {
			continue
		}
		source := read(t, file)
		if !utf8.ValidString(source) || strings.Contains(file, "/testdata/fuzz/") {
			continue
		}
		for number, line := range strings.Split(source, "\n") {
			if found := words.FindString(line); found != "" {
				t.Errorf("%s:%d: %q means nothing to a reader elsewhere", file, number+1, found)
			}
		}
	}
}
