package playbook

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"frontdoor/internal/problem"
)

// Accept returns v as a value of the input: the string, int64, float64 or bool
// that InputType documents, nil where the input is optional and v is nothing.
// Strings are read as a person types them. The error is a sentence for people
// without the input's name, such as "must be one of dev, staging, prod".
func (in Input) Accept(v any) (any, error) {
	if s, ok := v.(string); ok && in.Type != String && in.Type != Text {
		v = strings.TrimSpace(s)
	}
	if v == nil || v == "" {
		if in.Optional {
			return nil, nil //nolint:nilnil // nothing is the value of an optional input
		}
		return nil, errors.New("is needed")
	}
	switch in.Type {
	case Integer, Number:
		return in.number(v)
	case Boolean:
		return truth(v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, errors.New("must be a text")
	}
	switch in.Type {
	case Choice:
		return in.choose(s)
	case Date:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return nil, errors.New("must be a date such as 2026-11-01")
		}
	case String:
		if strings.ContainsAny(s, "\r\n") {
			return nil, errors.New("must be one line")
		}
	}
	return in.fits(s)
}

func (in Input) fits(s string) (any, error) {
	length := float64(utf8.RuneCountInString(s))
	switch {
	case in.Min != nil && length < *in.Min:
		return nil, fmt.Errorf("must have at least %s characters", plain(*in.Min))
	case in.Max != nil && length > *in.Max:
		return nil, fmt.Errorf("must have at most %s characters", plain(*in.Max))
	}
	if in.Pattern != "" {
		re, err := wholePattern(in.Pattern)
		if err != nil {
			return nil, fmt.Errorf("read the pattern: %w", err)
		}
		if !re.MatchString(s) {
			return nil, fmt.Errorf("must match %s", in.Pattern)
		}
	}
	return s, nil
}

// wholePattern compiles an expression so that it matches whole strings only.
func wholePattern(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (in Input) number(v any) (any, error) {
	kind := "a number"
	if in.Type == Integer {
		kind = "a whole number"
	}
	var f float64
	switch x := v.(type) {
	case int64:
		f = float64(x)
	case int:
		f = float64(x)
	case float64:
		f = x
	case string:
		var err error
		if f, err = strconv.ParseFloat(strings.ReplaceAll(x, "_", ""), 64); err != nil {
			return nil, errors.New("must be " + kind)
		}
	default:
		return nil, errors.New("must be " + kind)
	}
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0) || in.Type == Integer && (f != math.Trunc(f) || math.Abs(f) > 1<<53):
		return nil, errors.New("must be " + kind)
	case in.Min != nil && f < *in.Min:
		return nil, fmt.Errorf("must be at least %s", plain(*in.Min))
	case in.Max != nil && f > *in.Max:
		return nil, fmt.Errorf("must be at most %s", plain(*in.Max))
	case in.Type == Integer:
		return int64(f), nil
	}
	return f, nil
}

func truth(v any) (any, error) {
	switch x := v.(type) {
	case bool:
		return x, nil
	case string:
		switch strings.ToLower(x) {
		case "true", "yes", "y", "on", "1":
			return true, nil
		case "false", "no", "n", "off", "0":
			return false, nil
		}
	}
	return nil, errors.New("must be yes or no")
}

func (in Input) choose(s string) (any, error) {
	for _, o := range in.Options {
		if s == o {
			return o, nil
		}
	}
	for _, o := range in.Options {
		if strings.EqualFold(s, o) {
			return o, nil
		}
	}
	if near := problem.Nearest(s, in.Options); near != "" {
		return nil, fmt.Errorf("must be one of %s; did you mean %s?", strings.Join(in.Options, ", "), near)
	}
	return nil, fmt.Errorf("must be one of %s", strings.Join(in.Options, ", "))
}

// Input is the input called name, and whether there is one.
func (w *Workflow) Input(name string) (Input, bool) {
	if w != nil {
		for _, in := range w.Inputs {
			if in.Name == name {
				return in, true
			}
		}
	}
	return Input{}, false
}

// Step is the step called id, and whether there is one.
func (w *Workflow) Step(id string) (Step, bool) {
	if w != nil {
		for _, s := range w.Steps {
			if s.ID == id {
				return s, true
			}
		}
	}
	return Step{}, false
}
