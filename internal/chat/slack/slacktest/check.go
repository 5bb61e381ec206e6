package slacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// checker collects what is wrong with blocks or a view, each fault with the
// JSON pointer of its place, in the words of Slack's response_metadata.
type checker struct {
	surface  surface
	faults   []string
	text     int             // characters that people see, over all blocks
	markdown int             // of them in markdown blocks
	ids      map[string]bool // block ids
	actions  map[string]bool // action ids of the block at hand
	focused  int
	tables   int
	inputs   int
}

type surface string

const (
	inMessage surface = "message"
	inModal   surface = "modal"
	inHome    surface = "home"
)

func (c *checker) fault(at, format string, args ...any) {
	if len(c.faults) < 20 {
		c.faults = append(c.faults, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
	}
}

// A field is one property of a block or element: how to check it, and whether
// it has to be there.
type field struct {
	required bool
	check    func(c *checker, at string, value any)
}

// A shape is what an object of one type may hold. Slack refuses what it does
// not know, so this does.
type shape struct {
	fields map[string]field
	also   func(c *checker, at string, o map[string]any)
}

func (c *checker) match(at string, o map[string]any, s shape) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		f, known := s.fields[name]
		switch {
		case name == "type" || name == "block_id" && s.fields["block_id"].check == nil:
		case !known:
			c.fault(at, "invalid additional property: %s", name)
		case o[name] == nil:
			if f.required {
				c.fault(at, "missing required field: %s", name)
			}
		default:
			f.check(c, at+"/"+name, o[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if _, there := o[name]; !there && s.fields[name].required {
			c.fault(at, "missing required field: %s", name)
		}
	}
	if s.also != nil {
		s.also(c, at, o)
	}
}

func must(check func(*checker, string, any)) field { return field{required: true, check: check} }
func may(check func(*checker, string, any)) field  { return field{check: check} }

// str is a string of between shortest and longest characters.
func str(shortest, longest int) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		text, ok := value.(string)
		if !ok {
			c.fault(at, "must be a string")
			return
		}
		c.length(at, text, shortest, longest)
	}
}

func (c *checker) length(at, text string, shortest, longest int) {
	switch n := utf8.RuneCountInString(text); {
	case n > longest:
		c.fault(at, "must be less than %d characters", longest+1)
	case n < shortest:
		c.fault(at, "must be more than %d characters", shortest-1)
	}
}

func boolean(c *checker, at string, value any) {
	if _, ok := value.(bool); !ok {
		c.fault(at, "must be a boolean")
	}
}

func whole(from, to int) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		n, ok := integer(value)
		switch {
		case !ok:
			c.fault(at, "must be an integer")
		case n < from:
			c.fault(at, "must be greater than or equal to %d", from)
		case n > to:
			c.fault(at, "must be less than or equal to %d", to)
		}
	}
}

func integer(value any) (int, bool) {
	switch n := value.(type) {
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	case float64:
		return int(n), n == math.Trunc(n)
	}
	return 0, false
}

func oneOf(words ...string) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		if text, ok := value.(string); !ok || !slices.Contains(words, text) {
			c.fault(at, "must be a valid enum value")
		}
	}
}

func listOf(from, to int, each func(*checker, string, any)) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		list, ok := value.([]any)
		switch {
		case !ok:
			c.fault(at, "must be an array")
			return
		case len(list) < from:
			c.fault(at, "no fewer than %d items allowed", from)
		case len(list) > to:
			c.fault(at, "no more than %d items allowed", to)
			return
		}
		for i, one := range list {
			each(c, at+"/"+strconv.Itoa(i), one)
		}
	}
}

func obj(s shape) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		o, ok := value.(map[string]any)
		if !ok {
			c.fault(at, "must be an object")
			return
		}
		c.match(at, o, s)
	}
}

// plain and rich are text objects: plain only, or mrkdwn as well.
func plain(longest int) func(*checker, string, any) { return textObject(longest, false) }
func rich(longest int) func(*checker, string, any)  { return textObject(longest, true) }

func textObject(longest int, mrkdwn bool) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		o, ok := value.(map[string]any)
		if !ok {
			c.fault(at, "must be an object")
			return
		}
		s := shape{fields: map[string]field{"text": must(str(1, longest))}}
		switch o["type"] {
		case "plain_text":
			s.fields["emoji"] = may(boolean)
		case "mrkdwn":
			if !mrkdwn {
				c.fault(at+"/type", "must be a valid enum value")
				return
			}
			s.fields["verbatim"] = may(boolean)
		case nil:
			c.fault(at, "missing required field: type")
			return
		default:
			c.fault(at+"/type", "must be a valid enum value")
			return
		}
		c.match(at, o, s)
		if text, ok := o["text"].(string); ok {
			c.text += utf8.RuneCountInString(text)
		}
	}
}

// action is an action_id: unique within its block.
func action(c *checker, at string, value any) {
	str(1, 255)(c, at, value)
	id, _ := value.(string)
	if c.actions[id] {
		c.fault(at, "`action_id` %q already exists", id)
	}
	if c.actions == nil {
		c.actions = map[string]bool{}
	}
	c.actions[id] = true
}

func focus(c *checker, at string, value any) {
	boolean(c, at, value)
	if value == true {
		if c.focused++; c.focused > 1 {
			c.fault(at, "only one element can have focus_on_load set to true")
		}
	}
}

func address(c *checker, at string, value any) {
	str(1, 3000)(c, at, value)
	if text, ok := value.(string); ok && !validURL(text) {
		c.fault(at, "must be a valid url")
	}
}
