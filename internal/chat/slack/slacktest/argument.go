package slacktest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// argument is one that a method knows.
type argument struct {
	name     string
	kind     string // "", bool, int, ts, ids, array, attachments, blocks, chunks, metadata, view
	required bool
}

func parseArguments(line string) []argument {
	var parsed []argument
	for word := range strings.FieldsSeq(line) {
		name, kind, _ := strings.Cut(word, ":")
		name, required := strings.CutSuffix(name, "!")
		parsed = append(parsed, argument{name: name, kind: kind, required: required})
	}
	return parsed
}

var timestamp = regexp.MustCompile(`^\d{10}\.\d{6}$`)

// read turns what was given, a string of a form or a JSON value, into the
// argument's kind. A nil value with no refusal is as good as not given.
func (a argument) read(value any) (any, *refusal) {
	wrong := func(what string) (any, *refusal) {
		return nil, refuse("invalid_arguments").with(fmt.Sprintf("[ERROR] must be %s [json-pointer:/%s]", what, a.name))
	}
	if value == nil {
		return nil, nil
	}
	text, isText := value.(string)
	switch a.kind {
	case "":
		if !isText {
			return wrong("a string")
		}
		return text, nil
	case "ts":
		if !isText {
			return wrong("a string")
		}
		if text == "" {
			return nil, nil
		}
		return text, nil
	case "bool":
		if b, ok := value.(bool); ok {
			return b, nil
		}
		switch text {
		case "1", "true", "True", "TRUE":
			return true, nil
		case "0", "false", "False", "FALSE", "":
			return false, nil
		}
		return wrong("a boolean")
	case "int":
		if n, ok := value.(json.Number); ok {
			text = n.String()
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return wrong("an integer")
		}
		return n, nil
	case "ids":
		if list, ok := value.([]any); ok {
			var ids []string
			for _, one := range list {
				id, _ := one.(string)
				ids = append(ids, id)
			}
			return ids, nil
		}
		if !isText {
			return wrong("a string")
		}
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	return a.readJSON(value, text, isText)
}

// readJSON reads an argument that is JSON: in a JSON body as it is or as a
// string, in a form always as a string.
func (a argument) readJSON(value any, text string, isText bool) (any, *refusal) {
	if isText {
		if text == "" {
			return nil, nil
		}
		decoded, err := decode([]byte(text))
		if err != nil {
			return nil, a.unreadable()
		}
		value = decoded
	}
	switch a.kind {
	case "metadata", "view":
		if _, ok := value.(map[string]any); !ok {
			return nil, a.unreadable()
		}
	default:
		if _, ok := value.([]any); !ok {
			return nil, a.unreadable()
		}
	}
	return value, nil
}

func (a argument) unreadable() *refusal {
	switch a.kind {
	case "blocks":
		return refuse("invalid_blocks_format")
	case "attachments":
		return refuse("invalid_attachments")
	case "metadata":
		return refuse("invalid_metadata_format")
	case "chunks":
		return refuse("invalid_chunks")
	default:
		return refuse("invalid_arguments").with(fmt.Sprintf("[ERROR] failed to match all allowed schemas [json-pointer:/%s]", a.name))
	}
}

// decode reads one JSON value; numbers stay as they are written.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("decode JSON: more than one value")
	}
	return value, nil
}
