package slacktest

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func validURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(text, " \t\n") {
		return false
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || u.Scheme == "mailto" || u.Scheme == "tel" || u.Scheme == "slack"
}

var confirm = obj(shape{fields: map[string]field{
	"title": must(plain(100)), "text": must(rich(300)), "confirm": must(plain(30)), "deny": must(plain(30)),
	"style": may(oneOf("primary", "danger")),
}})

// option is one choice. Only radio buttons and checkboxes may have mrkdwn in
// it, only an overflow menu an address.
func option(text func(int) func(*checker, string, any), withURL bool) func(*checker, string, any) {
	fields := map[string]field{"text": must(text(75)), "value": must(str(1, 150)), "description": may(text(75))}
	if withURL {
		fields["url"] = may(address)
	}
	return obj(shape{fields: fields})
}

var (
	menuOption = option(plain, false)
	tickOption = option(rich, false)
	moreOption = option(plain, true)
	group      = obj(shape{fields: map[string]field{"label": must(plain(75)), "options": must(listOf(1, 100, menuOption))}})
	dispatch   = obj(shape{fields: map[string]field{"trigger_actions_on": may(listOf(1, 2, oneOf("on_enter_pressed", "on_character_entered")))}})
	narrowed   = obj(shape{fields: map[string]field{
		"include":                          may(listOf(1, 4, oneOf("im", "mpim", "private", "public"))),
		"exclude_external_shared_channels": may(boolean), "exclude_bot_users": may(boolean),
	}})
	uploaded = obj(shape{fields: map[string]field{"id": may(str(1, 255)), "url": may(address)}})
	feedback = obj(shape{fields: map[string]field{"text": must(plain(75)), "value": must(str(1, 2000)), "accessibility_label": may(str(1, 75))}})
)

func pattern(expression, what string) func(*checker, string, any) {
	re := regexp.MustCompile(expression)
	return func(c *checker, at string, value any) {
		if text, ok := value.(string); !ok || !re.MatchString(text) {
			c.fault(at, "must be %s", what)
		}
	}
}

func date(c *checker, at string, value any) {
	text, _ := value.(string)
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		c.fault(at, "must be a date of the form YYYY-MM-DD")
	}
}

func decimal(c *checker, at string, value any) {
	text, ok := value.(string)
	if _, err := strconv.ParseFloat(text, 64); !ok || err != nil {
		c.fault(at, "must be a number in a string")
	}
}

// elements is every interactive element and image that is here, by its type.
func elements() map[string]shape {
	with := func(extra map[string]field, common ...string) map[string]field {
		all := map[string]field{
			"action_id": may(action), "confirm": may(confirm), "focus_on_load": may(focus), "placeholder": may(plain(150)),
			"dispatch_action_config": may(dispatch),
		}
		for _, name := range append(common, "action_id") {
			extra[name] = all[name]
		}
		return extra
	}
	menu := func(extra map[string]field) map[string]field {
		return with(extra, "confirm", "focus_on_load", "placeholder")
	}
	several := func(extra map[string]field) map[string]field {
		extra["max_selected_items"] = may(whole(1, 100))
		return menu(extra)
	}
	id, ids := may(str(1, 255)), may(listOf(1, 100, str(1, 255)))
	tick := func() map[string]field {
		return with(map[string]field{"options": must(listOf(1, 10, tickOption))}, "confirm", "focus_on_load")
	}
	boxes, radios := tick(), tick()
	boxes["initial_options"], radios["initial_option"] = may(listOf(1, 10, tickOption)), may(tickOption)
	return map[string]shape{
		"button": {fields: with(map[string]field{
			"text": must(plain(75)), "url": may(address), "value": may(str(1, 2000)), "style": may(oneOf("primary", "danger")),
			"accessibility_label": may(str(1, 75)),
		}, "confirm")},
		"icon_button": {fields: with(map[string]field{
			"icon": must(oneOf("trash")), "text": must(plain(75)), "value": may(str(1, 2000)), "accessibility_label": may(str(1, 75)),
			"visible_to_user_ids": ids,
		}, "confirm")},
		"feedback_buttons": {fields: with(map[string]field{"positive_button": must(feedback), "negative_button": must(feedback)})},
		"overflow":         {fields: with(map[string]field{"options": must(listOf(1, 5, moreOption))}, "confirm")},
		"checkboxes":       {fields: boxes, also: initialAmongOptions},
		"radio_buttons":    {fields: radios, also: initialAmongOptions},
		"datepicker":       {fields: menu(map[string]field{"initial_date": may(date)})},
		"timepicker":       {fields: menu(map[string]field{"initial_time": may(pattern(`^([01]\d|2[0-3]):[0-5]\d$`, "a time of the form HH:mm")), "timezone": may(str(1, 100))})},
		"datetimepicker":   {fields: with(map[string]field{"initial_date_time": may(whole(1_000_000_000, 9_999_999_999))}, "confirm", "focus_on_load")},

		"static_select": {fields: menu(map[string]field{
			"options": may(listOf(1, 100, menuOption)), "option_groups": may(listOf(1, 100, group)), "initial_option": may(menuOption),
		}), also: menuHasOptions},
		"multi_static_select": {fields: several(map[string]field{
			"options": may(listOf(1, 100, menuOption)), "option_groups": may(listOf(1, 100, group)), "initial_options": may(listOf(1, 100, menuOption)),
		}), also: menuHasOptions},
		"external_select":       {fields: menu(map[string]field{"initial_option": may(menuOption), "min_query_length": may(whole(0, 100))})},
		"multi_external_select": {fields: several(map[string]field{"initial_options": may(listOf(1, 100, menuOption)), "min_query_length": may(whole(0, 100))})},
		"users_select":          {fields: menu(map[string]field{"initial_user": id})},
		"multi_users_select":    {fields: several(map[string]field{"initial_users": ids})},
		"channels_select":       {fields: menu(map[string]field{"initial_channel": id, "response_url_enabled": may(boolean)})},
		"multi_channels_select": {fields: several(map[string]field{"initial_channels": ids})},
		"conversations_select": {fields: menu(map[string]field{
			"initial_conversation": id, "default_to_current_conversation": may(boolean), "response_url_enabled": may(boolean), "filter": may(narrowed),
		})},
		"multi_conversations_select": {fields: several(map[string]field{
			"initial_conversations": ids, "default_to_current_conversation": may(boolean), "filter": may(narrowed),
		})},

		"plain_text_input": {fields: with(map[string]field{
			"initial_value": may(str(0, 3000)), "multiline": may(boolean), "min_length": may(whole(0, 3000)), "max_length": may(whole(1, 3000)),
		}, "focus_on_load", "placeholder", "dispatch_action_config"), also: lengthsAgree},
		"email_text_input": {fields: with(map[string]field{"initial_value": may(str(0, 3000))}, "focus_on_load", "placeholder", "dispatch_action_config")},
		"url_text_input":   {fields: with(map[string]field{"initial_value": may(str(0, 3000))}, "focus_on_load", "placeholder", "dispatch_action_config")},
		"number_input": {fields: with(map[string]field{
			"is_decimal_allowed": must(boolean), "initial_value": may(decimal), "min_value": may(decimal), "max_value": may(decimal),
		}, "focus_on_load", "placeholder", "dispatch_action_config"), also: boundsAgree},
		"rich_text_input": {fields: with(map[string]field{"initial_value": may(richText)}, "focus_on_load", "placeholder", "dispatch_action_config")},
		"file_input":      {fields: with(map[string]field{"filetypes": may(listOf(1, 100, str(1, 20))), "max_files": may(whole(1, 10))})},

		"image": {fields: map[string]field{"image_url": may(address), "slack_file": may(uploaded), "alt_text": must(str(1, 2000))}, also: pictured},
	}
}

func pictured(c *checker, at string, o map[string]any) {
	if (o["image_url"] == nil) == (o["slack_file"] == nil) {
		c.fault(at, "exactly one of image_url and slack_file is required")
	}
}

func menuHasOptions(c *checker, at string, o map[string]any) {
	if (o["options"] == nil) == (o["option_groups"] == nil) {
		c.fault(at, "exactly one of options and option_groups is required")
		return
	}
	initialAmongOptions(c, at, o)
}

// initialAmongOptions: what is chosen at first is one of the choices.
func initialAmongOptions(c *checker, at string, o map[string]any) {
	values := map[any]bool{}
	for _, one := range choices(o) {
		value := one["value"]
		if values[value] {
			c.fault(at, "option values must be unique: %v", value)
		}
		values[value] = true
	}
	check := func(name string, chosen any) {
		one, _ := chosen.(map[string]any)
		if one != nil && !values[one["value"]] {
			c.fault(at+"/"+name, "must be one of the options")
		}
	}
	check("initial_option", o["initial_option"])
	if several, ok := o["initial_options"].([]any); ok {
		for _, one := range several {
			check("initial_options", one)
		}
	}
}

// choices are the options of a menu, those of its groups too.
func choices(o map[string]any) []map[string]any {
	var all []map[string]any
	take := func(list any) {
		options, _ := list.([]any)
		for _, one := range options {
			if option, ok := one.(map[string]any); ok {
				all = append(all, option)
			}
		}
	}
	take(o["options"])
	groups, _ := o["option_groups"].([]any)
	for _, one := range groups {
		if g, ok := one.(map[string]any); ok {
			take(g["options"])
		}
	}
	return all
}

func lengthsAgree(c *checker, at string, o map[string]any) {
	low, hasLow := integer(o["min_length"])
	high, hasHigh := integer(o["max_length"])
	if hasLow && hasHigh && low > high {
		c.fault(at+"/min_length", "must be less than or equal to max_length")
	}
	if text, ok := o["initial_value"].(string); ok && hasHigh && len([]rune(text)) > high {
		c.fault(at+"/initial_value", "must be less than %d characters", high+1)
	}
}

func boundsAgree(c *checker, at string, o map[string]any) {
	bound := func(name string) (float64, bool) {
		text, _ := o[name].(string)
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil
	}
	low, hasLow := bound("min_value")
	high, hasHigh := bound("max_value")
	value, given := bound("initial_value")
	if hasLow && hasHigh && low > high {
		c.fault(at+"/min_value", "must be less than or equal to max_value")
	}
	if given && (hasLow && value < low || hasHigh && value > high) {
		c.fault(at+"/initial_value", "must be between min_value and max_value")
	}
}

// inputs are the elements that an input block takes, pressed those of an
// actions block, beside a section those of both but text inputs.
var (
	onlyInput = []string{"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
	menus     = []string{
		"static_select", "external_select", "users_select", "conversations_select", "channels_select", "checkboxes", "radio_buttons",
		"datepicker", "timepicker", "datetimepicker",
	}
	multiMenus = []string{"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select"}
	inputs     = slices.Concat(onlyInput, menus, multiMenus)
	inActions  = slices.Concat(menus, multiMenus, []string{"button", "overflow"})
	accessory  = slices.Concat(menus[:8], multiMenus, []string{"timepicker", "button", "overflow", "image"})
)
