package expression

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ErrMissing is wrapped where a template needs a configuration value that the
// configuration lacks, or an address needs a value that nobody gave.
var ErrMissing = errors.New("value is missing")

// Expand returns the value of tpl over env. A template that is one `${…}` and
// nothing else keeps the value's type; any other is a string.
func Expand(tpl string, env map[string]any) (any, error) {
	parts, bad := split(tpl)
	if bad != nil {
		return nil, fmt.Errorf("template %q: %w", tpl, bad)
	}
	if len(parts) == 1 && parts[0].isExpr {
		return value(parts[0], env)
	}
	return join(parts, env, nil)
}

// ExpandString returns tpl over env as a string. Where escape isn't nil it is
// applied to each value, never to the literal text, and a value that is
// nothing is refused: an address with a hole in it is another address.
func ExpandString(tpl string, env map[string]any, escape func(string) string) (string, error) {
	parts, bad := split(tpl)
	if bad != nil {
		return "", fmt.Errorf("template %q: %w", tpl, bad)
	}
	return join(parts, env, escape)
}

func join(parts []part, env map[string]any, escape func(string) string) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		if !p.isExpr {
			b.WriteString(p.text)
			continue
		}
		v, err := value(p, env)
		if err != nil {
			return "", err
		}
		text := Text(v)
		if escape != nil {
			if text == "" {
				return "", fmt.Errorf("expression %q: %w", p.source, ErrMissing)
			}
			text = escape(text)
		}
		if b.Len()+len(text) > maxBytes {
			return "", fmt.Errorf("the text is longer than %d bytes", maxBytes)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// value evaluates one expression of a template.
func value(p part, env map[string]any) (any, error) {
	prog, err := compile(p.source)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", p.source, err)
	}
	v, err := prog.run(env)
	if (err != nil || v == nil) && len(prog.names.Config) > 0 {
		config, _ := env["config"].(map[string]any)
		for _, name := range prog.names.Config {
			if config[name] == nil {
				return nil, fmt.Errorf("the configuration has no workflows.config.%s: %w", name, ErrMissing)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", p.source, err)
	}
	return v, nil
}

// ExpandTree returns a copy of v, a tree of maps with string keys, lists and
// scalars, with every string expanded as by Expand. Keys stay as they are.
func ExpandTree(v any, env map[string]any) (any, error) {
	switch x := v.(type) {
	case string:
		return Expand(x, env)
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, item := range x {
			e, err := ExpandTree(item, env)
			if err != nil {
				return nil, err
			}
			out[k] = e
		}
		return out, nil
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			e, err := ExpandTree(item, env)
			if err != nil {
				return nil, err
			}
			out[i] = e
		}
		return out, nil
	}
	return v, nil
}

// ExpandURL returns the address tpl over env. A value at the very beginning is
// the base and stands as it is; one in the host must be a host name or a port;
// any other is escaped as one part of the path or query, so that it can't
// leave its place: a value that is nothing, `.` or `..` in the path is refused.
func ExpandURL(tpl string, env map[string]any) (string, error) {
	parts, bad := split(tpl)
	if bad != nil {
		return "", fmt.Errorf("template %q: %w", tpl, bad)
	}
	var b strings.Builder
	var values []string // the escaped values below the path
	for i, p := range parts {
		if !p.isExpr {
			b.WriteString(p.text)
			continue
		}
		v, err := value(p, env)
		if err != nil {
			return "", err
		}
		text := Text(v)
		if text == "" {
			return "", fmt.Errorf("expression %q: %w", p.source, ErrMissing)
		}
		switch place(b.String()) {
		case inBase:
			if i > 0 && strings.ContainsFunc(text, notHost) {
				return "", fmt.Errorf("expression %q: %q can't be part of a host name", p.source, text)
			}
		case inQuery:
			text = url.QueryEscape(text)
		default:
			text = url.PathEscape(text)
			values = append(values, text)
		}
		b.WriteString(text)
	}
	address := b.String()
	if _, err := url.Parse(address); err != nil {
		return "", errors.New("the address can't be parsed: " + strings.TrimPrefix(err.Error(), "parse "))
	}
	if len(values) > 0 {
		if err := noDots(address); err != nil {
			return "", err
		}
	}
	return address, nil
}

// places of an address.
const (
	inBase = iota
	inPath
	inQuery
)

// place is where the end of an unfinished address lies.
func place(so string) int {
	if strings.ContainsAny(so, "?#") {
		return inQuery
	}
	_, rest, ok := strings.Cut(so, "://")
	if !ok {
		if strings.HasPrefix(so, "/") {
			return inPath
		}
		return inBase
	}
	if strings.Contains(rest, "/") {
		return inPath
	}
	return inBase
}

func notHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._:", r)
}

// noDots refuses a path that a server would shorten.
func noDots(address string) error {
	path, _, _ := strings.Cut(address, "?")
	path, _, _ = strings.Cut(path, "#")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the address has the path segment %q", segment)
		}
	}
	return nil
}
