package slacktest

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object helpers for decoded blocks.

func asObject(value any) map[string]any { o, _ := value.(map[string]any); return o }
func asList(value any) []any            { l, _ := value.([]any); return l }
func asText(value any) string           { t, _ := value.(string); return t }
func actionID(e map[string]any) string  { return asText(e["action_id"]) }

// textOf is the text of a text object.
func textOf(value any) string { return asText(asObject(value)["text"]) }

func blocksOf(view map[string]any) []map[string]any { return objects(view["blocks"]) }

func objects(value any) []map[string]any {
	var all []map[string]any
	for _, one := range asList(value) {
		if o := asObject(one); o != nil {
			all = append(all, o)
		}
	}
	return all
}

// elementsOf are the interactive elements of a block.
func elementsOf(block map[string]any) []map[string]any {
	all := objects(block["elements"])
	for _, name := range []string{"element", "accessory"} {
		if o := asObject(block[name]); o != nil {
			all = append(all, o)
		}
	}
	return slices.DeleteFunc(all, func(e map[string]any) bool {
		kind := asText(e["type"])
		return kind == "image" || kind == "plain_text" || kind == "mrkdwn" || strings.HasPrefix(kind, "rich_text_") && kind != "rich_text_input"
	})
}

// stateOf are the names of an element's value in state and actions, and of
// its initial value.
func stateOf(kind string) (value, first string, several bool) {
	switch kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		return "value", "initial_value", false
	case "static_select", "external_select", "radio_buttons", "overflow":
		return "selected_option", "initial_option", false
	case "checkboxes", "multi_static_select", "multi_external_select":
		return "selected_options", "initial_options", true
	case "users_select":
		return "selected_user", "initial_user", false
	case "multi_users_select":
		return "selected_users", "initial_users", true
	case "channels_select":
		return "selected_channel", "initial_channel", false
	case "multi_channels_select":
		return "selected_channels", "initial_channels", true
	case "conversations_select":
		return "selected_conversation", "initial_conversation", false
	case "multi_conversations_select":
		return "selected_conversations", "initial_conversations", true
	case "datepicker":
		return "selected_date", "initial_date", false
	case "timepicker":
		return "selected_time", "initial_time", false
	case "datetimepicker":
		return "selected_date_time", "initial_date_time", false
	case "rich_text_input":
		return "rich_text_value", "initial_value", false
	}
	return "", "", false
}

// initial is an element's state before anybody has touched it, nil for those
// that have none.
func initial(e map[string]any) object {
	kind := asText(e["type"])
	value, first, several := stateOf(kind)
	if value == "" || kind == "overflow" {
		return nil
	}
	state := object{"type": kind, value: e[first]}
	if several && e[first] == nil {
		state[value] = []any{}
	}
	return state
}

// fill is an element's state after a person has put values into it, or what
// the client would not let them put in.
func fill(e map[string]any, values []string) (object, error) {
	kind := asText(e["type"])
	name, _, several := stateOf(kind)
	if name == "" {
		return nil, fmt.Errorf("a %s takes no value", kind)
	}
	if !several && len(values) != 1 {
		return nil, fmt.Errorf("a %s takes one value, not %d", kind, len(values))
	}
	if most, ok := integer(e["max_selected_items"]); ok && len(values) > most {
		return nil, fmt.Errorf("no more than %d may be chosen", most)
	}
	chosen := []any{}
	for _, value := range values {
		one, err := fillOne(e, kind, value)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, one)
	}
	if several {
		return object{"type": kind, name: chosen}, nil
	}
	return object{"type": kind, name: chosen[0]}, nil
}

func fillOne(e map[string]any, kind, value string) (any, error) {
	switch kind {
	case "static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow":
		for _, o := range choices(e) {
			if o["value"] == value || textOf(o["text"]) == value {
				return o, nil
			}
		}
		return nil, fmt.Errorf("%q is not among the options", value)
	case "external_select", "multi_external_select":
		return object{"text": object{"type": "plain_text", "text": value}, "value": value}, nil
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return nil, fmt.Errorf("%q is no date", value)
		}
	case "timepicker":
		if _, err := time.Parse("15:04", value); err != nil {
			return nil, fmt.Errorf("%q is no time", value)
		}
	case "datetimepicker":
		n, err := strconv.Atoi(value)
		if err != nil {
			return nil, fmt.Errorf("%q is no Unix time", value)
		}
		return n, nil
	case "email_text_input":
		if _, err := mail.ParseAddress(value); value != "" && err != nil {
			return nil, fmt.Errorf("%q is no address", value)
		}
	case "url_text_input":
		if value != "" && !validURL(value) {
			return nil, fmt.Errorf("%q is no address", value)
		}
	case "number_input":
		return fillNumber(e, value)
	case "plain_text_input":
		low, _ := integer(e["min_length"])
		high, limited := integer(e["max_length"])
		if !limited {
			high = 3000
		}
		if n := len([]rune(value)); value != "" && (n < low || n > high) {
			return nil, fmt.Errorf("between %d and %d characters are allowed, not %d", low, high, n)
		}
		if value == "" {
			return nil, nil // the client sends null
		}
	}
	return value, nil
}

func fillNumber(e map[string]any, value string) (any, error) {
	if value == "" {
		return nil, nil
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no number", value)
	}
	if e["is_decimal_allowed"] != true && strings.ContainsAny(value, ".eE") {
		return nil, fmt.Errorf("%q is no whole number", value)
	}
	low, errLow := strconv.ParseFloat(asText(e["min_value"]), 64)
	high, errHigh := strconv.ParseFloat(asText(e["max_value"]), 64)
	if errLow == nil && n < low || errHigh == nil && n > high {
		return nil, fmt.Errorf("%q is out of bounds", value)
	}
	return value, nil
}

// empty tells whether an input was left empty.
func empty(state object) bool {
	name, _, _ := stateOf(asText(state["type"]))
	switch v := state[name].(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	}
	return false
}
