package slack

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
)

// What Slack takes in a view, in characters.
const (
	maxTitle    = 24
	maxMeta     = 3_000
	maxInput    = 3_000 // of a text input
	maxOption   = 75    // of what an option shows
	maxValue    = 150   // of what it stands for
	maxOptions  = 100   // of a menu, and of a group
	maxFormStep = 45    // fields of one view: each takes two of its 100 blocks at most
	maxHint     = 2_000
)

// valueAction is the action_id of a field's input; its block_id is the field's
// name.
const valueAction = "value"

// TooLong says that what was filled in so far does not fit into the next view
// of a form.
type TooLong struct {
	Field string // with the longest value
}

// Error implements error.
func (e *TooLong) Error() string {
	return fmt.Sprintf("show the next part of the form: %q is too long to be kept", e.Field)
}

// Steps is how many views a form takes.
func Steps(f chat.Form) int { return max(1, (len(f.Fields)+maxFormStep-1)/maxFormStep) }

// StepOf is the step that has the field, 0 where none has.
func StepOf(f chat.Form, field string) int {
	for i, one := range f.Fields {
		if one.Name == field {
			return i / maxFormStep
		}
	}
	return 0
}

// Modal is one step of a form, counted from 0, for the conversation that asked.
// values are what was filled in so far; they win over what the form has. A
// field's Error stands above it. The error may be a [TooLong].
func Modal(f chat.Form, at chat.Address, step int, values map[string]string) (slackgo.ModalViewRequest, error) {
	steps := Steps(f)
	step = min(max(step, 0), steps-1)
	begin := step * maxFormStep
	fields := f.Fields[begin:min(begin+maxFormStep, len(f.Fields))]
	m := meta{Form: f.ID, Channel: at.Channel, Name: at.Name, Thread: at.Thread, Direct: at.Direct, Step: step, Values: map[string]string{}}
	here := map[string]bool{}
	for _, one := range fields {
		here[one.Name] = true
	}
	longest := ""
	for name, value := range values {
		if here[name] {
			continue
		}
		m.Values[name] = value
		if longest == "" || len(value) > len(values[longest]) || len(value) == len(values[longest]) && name < longest {
			longest = name
		}
	}
	carried, err := json.Marshal(m)
	if err != nil {
		return slackgo.ModalViewRequest{}, fmt.Errorf("encode the form's place: %w", err)
	}
	if utf8.RuneCount(carried) > maxMeta {
		return slackgo.ModalViewRequest{}, &TooLong{Field: longest}
	}
	var blocks []Block
	if utf8.RuneCountInString(f.Title) > maxTitle {
		blocks = append(blocks, Block{"type": "header", "text": plainText(f.Title, 150)})
	}
	for _, one := range fields {
		value := one.Value
		if v, ok := values[one.Name]; ok {
			value = v
		}
		blocks = append(blocks, inputBlocks(one, value)...)
	}
	if len(blocks) == 0 {
		blocks = append(blocks, Block{"type": "section", "text": plainText("There is nothing to fill in.", 100)})
	}
	submit := "Send"
	if step+1 < steps {
		submit = "Next"
	}
	title := f.Title
	if steps > 1 {
		title = clipTo(title, maxTitle-4) + fmt.Sprintf(" %d/%d", step+1, steps)
	}
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, Title: label(title), Submit: label(submit), Close: label("Never mind"),
		Blocks: slackgo.Blocks{BlockSet: Blocks(blocks)}, PrivateMetadata: string(carried), CallbackID: "form", NotifyOnClose: true,
	}, nil
}

func label(text string) *slackgo.TextBlockObject {
	text = clipTo(strings.TrimSpace(text), maxTitle)
	if text == "" {
		text = "…"
	}
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, text, false, false)
}

// inputBlocks are a field, below what was wrong with its value.
func inputBlocks(f chat.FormField, value string) []Block {
	var out []Block
	if f.Error != "" {
		out = append(out, Block{"type": "context", "elements": []any{plainText("⚠ "+f.Error, maxContext)}})
	}
	name := f.Label
	if name == "" {
		name = f.Name
	}
	element, hint := input(f, value)
	b := Block{"type": "input", "block_id": clipTo(f.Name, 255), "label": plainText(name, 2000), "element": element, "optional": f.Optional}
	if help := strings.TrimSpace(strings.TrimSpace(f.Help) + " " + hint); help != "" {
		b["hint"] = plainText(help, maxHint)
	}
	return append(out, b)
}

// input is the element for a field's type, and what has to be said to it.
func input(f chat.FormField, value string) (element map[string]any, hint string) {
	of := func(kind string) map[string]any { return map[string]any{"type": kind, "action_id": valueAction} }
	text := of("plain_text_input")
	text["max_length"] = maxInput
	if value != "" {
		text["initial_value"] = string([]rune(value)[:min(maxInput, utf8.RuneCountInString(value))])
	}
	switch f.Type {
	case "text":
		text["multiline"] = true
	case "integer", "number":
		if value != "" && !isNumber(value, f.Type == "integer") {
			return text, "A number, please."
		}
		e := of("number_input")
		e["is_decimal_allowed"] = f.Type == "number"
		if value != "" {
			e["initial_value"] = value
		}
		return e, ""
	case "boolean":
		e := of("radio_buttons")
		yes, no := optionOf("Yes", "yes"), optionOf("No", "no")
		e["options"] = []any{yes, no}
		switch strings.ToLower(value) {
		case "yes", "true", "on":
			e["initial_option"] = yes
		case "no", "false", "off":
			e["initial_option"] = no
		}
		return e, ""
	case "choice":
		if e := menu(f.Options, value); e != nil {
			return e, ""
		}
		return text, "One of: " + clipTo(strings.Join(f.Options, ", "), maxHint-100)
	case "date":
		e := of("datepicker")
		if _, err := time.Parse(time.DateOnly, value); err == nil {
			e["initial_date"] = value
		}
		return e, ""
	case "person":
		e := of("users_select")
		if _, user := UserOf(value); user != "" {
			e["initial_user"] = user
		} else if value != "" {
			return text, "" // somebody whom Slack does not know by this name
		}
		return e, ""
	}
	return text, ""
}

func isNumber(value string, whole bool) bool {
	if whole {
		_, ok := new(big.Int).SetString(value, 10)
		return ok && !strings.HasPrefix(value, "+")
	}
	_, err := strconv.ParseFloat(value, 64)
	return err == nil && !strings.ContainsAny(value, "xXpPiInN_")
}

func optionOf(text, value string) map[string]any {
	return map[string]any{"text": plainText(text, maxOption), "value": value}
}

// menu is a menu of options; nil where Slack could not bring back which one
// was chosen.
func menu(options []string, value string) map[string]any {
	if len(options) == 0 || len(options) > maxOptions*maxOptions {
		return nil
	}
	e := map[string]any{"type": "static_select", "action_id": valueAction}
	all := make([]any, 0, len(options))
	seen := map[string]bool{}
	for _, o := range options {
		if o == "" || utf8.RuneCountInString(o) > maxValue || seen[o] {
			return nil
		}
		seen[o] = true
		one := optionOf(o, o)
		all = append(all, one)
		if o == value {
			e["initial_option"] = one
		}
	}
	if len(all) <= maxOptions {
		e["options"] = all
		return e
	}
	var groups []any
	for begin := 0; begin < len(all); begin += maxOptions {
		end := min(begin+maxOptions, len(all))
		name := clipTo(options[begin], 35) + " to " + clipTo(options[end-1], 35)
		groups = append(groups, map[string]any{"label": plainText(name, maxOption), "options": all[begin:end]})
	}
	e["option_groups"] = groups
	return e
}

// FormErrors is the acknowledgement that shows what is wrong beside the fields
// of the open view. Its keys are names of fields of that view.
func FormErrors(wrong map[string]string) []byte {
	shown := map[string]string{}
	for field, why := range wrong {
		if why = strings.TrimSpace(why); why == "" {
			why = "This is not right."
		}
		shown[clipTo(field, 255)] = clipTo(why, maxHint)
	}
	out, err := json.Marshal(map[string]any{"response_action": "errors", "errors": shown})
	if err != nil {
		return nil // a map of strings always encodes
	}
	return out
}

// ShowNext is the acknowledgement that replaces the open view, as between the
// steps of a form.
func ShowNext(view slackgo.ModalViewRequest) ([]byte, error) {
	out, err := json.Marshal(map[string]any{"response_action": "update", "view": view})
	if err != nil {
		return nil, fmt.Errorf("encode the next view: %w", err)
	}
	return out, nil
}

// Suggestions is the answer to Suggesting.
func Suggestions(words []string) []byte {
	options := []any{}
	for _, w := range words {
		if w != "" && utf8.RuneCountInString(w) <= maxValue && len(options) < maxOptions {
			options = append(options, optionOf(w, w))
		}
	}
	out, err := json.Marshal(map[string]any{"options": options})
	if err != nil {
		return nil
	}
	return out
}
