package access_test

import (
	"os"
	"path/filepath"
	"testing"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
)

// FuzzRead looks for crashes, for a mistake without a place, and for somebody
// in a group who isn't there.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "- {id: ana, slack: T1/U1, discord: 42}\n- {id: ben}\n", "- {id: ana}\n- {id: ana}", "dba: [ana, ben]", "dba: [[a]]", "dba: {a: b}", "- 5\n- {id: [a]}",
		"- {id: ana, time_zone: ../../x, hours: 1-2, discord: [1]}", "dba: [\"\", null, 3]", "\ufeff- {id: a}", "a: &x b",
	} {
		f.Add([]byte(s), []byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, people, groups []byte) {
		cfg := access.Config{File: filepath.Join(dir, "people.yaml"), Groups: map[string]access.Group{"dba": {People: []string{"ana"}, File: filepath.Join(dir, "groups.yaml")}}}
		for name, src := range map[string][]byte{cfg.File: people, cfg.Groups["dba"].File: groups} {
			if err := os.WriteFile(name, src, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, found := access.Read(cfg)
		for _, p := range found {
			if p.Message == "" || p.File == "" && p.Key == "" {
				t.Fatalf("a mistake without a place: %+v", p)
			}
		}
		if found.Err() != nil {
			return
		}
		if p := d.Resolve(chat.Person{ID: "nobody-at-all"}); len(p.Groups) > 0 && !d.Known("nobody-at-all") {
			t.Fatalf("a stranger is in %v", p.Groups)
		}
	})
}
