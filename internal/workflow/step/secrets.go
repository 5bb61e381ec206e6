package step

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Secrets are values by name. They are used inside a step and nowhere else.
type Secrets struct {
	values map[string]string
	mask   *strings.Replacer
}

// masked stands where a secret stood.
const masked = "[secret]"

// shortest is the shortest secret that is masked, in bytes: the text around a
// shorter one would be riddled with marks, and it protects nothing.
const shortest = 4

// NewSecrets takes the values by name. An empty value counts as unset.
func NewSecrets(values map[string]string) *Secrets {
	s := &Secrets{values: values}
	var forms []string
	for _, v := range values {
		if len(v) < shortest {
			continue
		}
		// As it is, and as JSON, addresses and basic authorisation write it.
		quoted, _ := json.Marshal(v) //nolint:errchkjson // a string always encodes
		forms = append(forms, v, strings.Trim(string(quoted), `"`), url.QueryEscape(v), url.PathEscape(v),
			base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)))
		// A secret of several lines is also masked line by line.
		for line := range strings.SplitSeq(v, "\n") {
			if line = strings.TrimSpace(line); len(line) >= 8 {
				forms = append(forms, line)
			}
		}
	}
	// A secret that begins with another is masked whole.
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, masked)
	}
	s.mask = strings.NewReplacer(pairs...)
	return s
}

// Get returns the secret; false where it is unset.
func (s *Secrets) Get(name string) (string, bool) {
	v := s.values[name]
	return v, v != ""
}

// Mask puts a mark in place of every secret in text.
func (s *Secrets) Mask(text string) string { return s.mask.Replace(text) }
