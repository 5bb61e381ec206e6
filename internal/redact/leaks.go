package redact

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// leaks is gitleaks with the rules that it ships.
type leaks struct {
	detector *detect.Detector
	err      error
}

// loadLeaks reads the embedded rules with a viper of our own:
// detect.NewDetectorDefaultConfig would set the process-wide one.
func loadLeaks() leaks {
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(strings.NewReader(config.DefaultConfig)); err != nil {
		return leaks{err: fmt.Errorf("read gitleaks' rules: %w", err)}
	}
	var raw config.ViperConfig
	if err := v.Unmarshal(&raw); err != nil {
		return leaks{err: fmt.Errorf("read gitleaks' rules: %w", err)}
	}
	cfg, err := raw.Translate()
	if err != nil {
		return leaks{err: fmt.Errorf("compile gitleaks' rules: %w", err)}
	}
	d := detect.NewDetector(cfg)
	d.IgnoreGitleaksAllow = true // or whoever writes "gitleaks:allow" is not protected
	return leaks{detector: d}
}

// gitleaks compares each finding with its whole line, so its time grows with
// the square of a text's length: it is shown the text through windows. They
// overlap by more than the longest secret that only gitleaks knows.
const (
	window  = 2 << 10
	overlap = 512
)

// shortest is the length of the shortest secret that is looked for everywhere
// in the text once it has been found somewhere.
const shortest = 6

// tooMany findings make all that follows one secret: it is a dump, not a
// message, and each finding costs a tenth of a millisecond.
const tooMany = 200

// find returns where gitleaks' secrets stand in s, each as often as it stands
// there.
func (l leaks) find(s string) []span {
	var spans []span
	seen := map[string]bool{}
	found := 0
	for start := 0; start < len(s); start += window - overlap {
		from, end := start, min(start+window, len(s))
		for from > 0 && !utf8.RuneStart(s[from]) {
			from--
		}
		for end < len(s) && !utf8.RuneStart(s[end]) {
			end++
		}
		for _, f := range l.detector.DetectString(s[from:end]) {
			found++
			secret := strings.TrimSpace(f.Secret)
			if len(secret) < shortest || seen[secret] || harmless(secret) || strings.HasPrefix(secret, "h1:") {
				continue
			}
			seen[secret] = true
			spans = everywhere(spans, s, secret, f.RuleID)
		}
		if found > tooMany {
			return append(spans, span{from, len(s), Secret, "too_many"})
		}
		if end == len(s) {
			break
		}
	}
	return spans
}

func everywhere(spans []span, s, secret, rule string) []span {
	for at := 0; ; {
		i := strings.Index(s[at:], secret)
		if i < 0 {
			return spans
		}
		spans = append(spans, span{at + i, at + i + len(secret), Secret, rule})
		at += i + len(secret)
	}
}
