package config

import (
	"strings"
	"testing"
)

// FuzzParse looks for crashes, and for a secret in a message.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "slack: {bot_token: '${X}'}", "docs: {sources: [{dir: .}]}\nworkflows: {secrets: 3}", "redis: {url: 'redis://${X}@h'}",
		"demand: {key: '${X}', text_retention: 9d}", "channels: [{name: '${X}', answer: x}]", "people: {groups: {a: {file: '${file:/dev/null}'}}}",
	} {
		f.Add([]byte(s))
	}
	env := func(name string) (string, bool) { return "a-very-secret-value", name == "X" }
	f.Fuzz(func(t *testing.T, src []byte) {
		cfg := Default()
		cfg.File = "frontdoor.yaml"
		_, found := parse(cfg, src, env)
		for _, p := range found {
			if strings.Contains(p.String()+p.Excerpt, "a-very-secret-value") {
				t.Fatalf("%q shows the secret: %s", src, p)
			}
		}
	})
}
