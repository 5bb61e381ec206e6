package slacktest

import (
	"slices"
	"strings"
)

// A method of the Web API as a bot may call it. The arguments are a line of
// names, each with '!' when required and ':' before its kind; text is the
// kind that is not named.
type method struct {
	rate      Rate
	scopes    string // all of them are needed; a|b is either, by channel type where channels: stands first
	app       bool   // takes the app-level token
	json      bool   // reads a JSON body; the others take forms only
	arguments string
	run       func(*call) (object, *refusal)

	parsed []argument
}

// The tiers of Slack's rate limits, in calls a minute and workspace.
var (
	tier2 = Rate{PerMinute: 20}
	tier3 = Rate{PerMinute: 50}
	tier4 = Rate{PerMinute: 100}
	// Posting, permalinks, auth.test and status have limits of their own,
	// of several hundred calls a minute.
	special = Rate{PerMinute: 600}
)

const (
	posting   = "channel! text blocks:blocks attachments:attachments metadata:metadata markdown_text thread_ts:ts reply_broadcast:bool parse link_names:bool unfurl_links:bool unfurl_media:bool mrkdwn:bool username icon_emoji icon_url as_user:bool "
	streaming = "channel! markdown_text chunks:chunks "
	reading   = "channels:read|groups:read|im:read|mpim:read"
	history   = "channels:history|groups:history|im:history|mpim:history"
)

// table is every method that is here. It is made anew for each server: nothing
// is shared.
func table() map[string]*method {
	methods := map[string]*method{
		"api.test":              {rate: tier4, json: true, arguments: "error", run: apiTest},
		"auth.test":             {rate: special, json: true, run: authTest},
		"apps.connections.open": {rate: tier3, json: true, app: true, run: appsConnectionsOpen},
		"team.info":             {rate: tier3, scopes: "team:read", arguments: "team domain", run: teamInfo},
		"bots.info":             {rate: tier3, scopes: "users:read", arguments: "bot team_id", run: botsInfo},

		"chat.postMessage":            {rate: special, scopes: "chat:write", json: true, arguments: posting + "current_draft_last_updated_ts", run: chatPostMessage},
		"chat.postEphemeral":          {rate: tier4, scopes: "chat:write", json: true, arguments: posting + "user!", run: chatPostEphemeral},
		"chat.update":                 {rate: tier3, scopes: "chat:write", json: true, arguments: "channel! ts! text blocks:blocks attachments:attachments metadata:metadata markdown_text reply_broadcast:bool parse link_names:bool file_ids:array as_user:bool", run: chatUpdate},
		"chat.delete":                 {rate: tier3, scopes: "chat:write", json: true, arguments: "channel! ts! as_user:bool", run: chatDelete},
		"chat.getPermalink":           {rate: special, arguments: "channel! message_ts!", run: chatGetPermalink},
		"chat.scheduleMessage":        {rate: tier3, scopes: "chat:write", json: true, arguments: posting + "post_at!:int", run: chatScheduleMessage},
		"chat.deleteScheduledMessage": {rate: tier3, scopes: "chat:write", json: true, arguments: "channel! scheduled_message_id! as_user:bool", run: chatDeleteScheduledMessage},
		"chat.startStream":            {rate: tier2, scopes: "chat:write", json: true, arguments: streaming + "thread_ts! recipient_user_id recipient_team_id task_display_mode username icon_emoji icon_url", run: chatStartStream},
		"chat.appendStream":           {rate: tier4, scopes: "chat:write", json: true, arguments: streaming + "ts!", run: chatAppendStream},
		"chat.stopStream":             {rate: tier2, scopes: "chat:write", json: true, arguments: streaming + "ts! blocks:blocks metadata:metadata", run: chatStopStream},

		"views.open":    {rate: tier4, json: true, arguments: "view!:view trigger_id interactivity_pointer", run: viewsOpen},
		"views.push":    {rate: tier4, json: true, arguments: "view!:view trigger_id interactivity_pointer", run: viewsPush},
		"views.update":  {rate: tier4, json: true, arguments: "view!:view view_id external_id hash", run: viewsUpdate},
		"views.publish": {rate: tier4, json: true, arguments: "view!:view user_id! hash", run: viewsPublish},

		"conversations.list":    {rate: tier2, scopes: reading, arguments: "cursor limit:int types exclude_archived:bool team_id", run: conversationsList},
		"conversations.info":    {rate: tier3, scopes: reading, arguments: "channel! include_locale:bool include_num_members:bool", run: conversationsInfo},
		"conversations.members": {rate: tier4, scopes: reading, arguments: "channel! cursor limit:int", run: conversationsMembers},
		"conversations.open":    {rate: tier3, scopes: "im:write|mpim:write", json: true, arguments: "channel users:ids return_im:bool prevent_creation:bool", run: conversationsOpen},
		"conversations.join":    {rate: tier3, scopes: "channels:join", json: true, arguments: "channel!", run: conversationsJoin},
		"conversations.history": {rate: tier3, scopes: history, arguments: "channel! cursor limit:int latest oldest inclusive:bool include_all_metadata:bool", run: conversationsHistory},
		"conversations.replies": {rate: tier3, scopes: history, arguments: "channel! ts! cursor limit:int latest oldest inclusive:bool include_all_metadata:bool", run: conversationsReplies},

		"users.info":            {rate: tier4, scopes: "users:read", arguments: "user! include_locale:bool", run: usersInfo},
		"users.list":            {rate: tier2, scopes: "users:read", arguments: "cursor limit:int include_locale:bool team_id", run: usersList},
		"users.lookupByEmail":   {rate: tier3, scopes: "users:read.email", arguments: "email!", run: usersLookupByEmail},
		"users.conversations":   {rate: tier3, scopes: reading, arguments: "user cursor limit:int types exclude_archived:bool team_id", run: usersConversations},
		"usergroups.list":       {rate: tier2, scopes: "usergroups:read", arguments: "include_count:bool include_disabled:bool include_users:bool team_id", run: usergroupsList},
		"usergroups.users.list": {rate: tier2, scopes: "usergroups:read", arguments: "usergroup! include_disabled:bool team_id", run: usergroupsUsersList},

		"reactions.add":    {rate: tier3, scopes: "reactions:write", json: true, arguments: "channel! name! timestamp!", run: reactionsAdd},
		"reactions.remove": {rate: tier2, scopes: "reactions:write", json: true, arguments: "channel name! timestamp file file_comment", run: reactionsRemove},
		"reactions.get":    {rate: tier3, scopes: "reactions:read", arguments: "channel timestamp file file_comment full:bool", run: reactionsGet},

		"files.getUploadURLExternal":   {rate: tier4, scopes: "files:write", arguments: "filename! length!:int alt_txt snippet_type", run: filesGetUploadURLExternal},
		"files.completeUploadExternal": {rate: tier4, scopes: "files:write", json: true, arguments: "files!:array channel_id channels:ids initial_comment blocks:blocks thread_ts:ts", run: filesCompleteUploadExternal},

		"assistant.threads.setStatus":           {rate: special, scopes: "chat:write|assistant:write", json: true, arguments: "channel_id! thread_ts! status! loading_messages:array username icon_emoji icon_url", run: assistantSetStatus},
		"assistant.threads.setSuggestedPrompts": {rate: tier3, scopes: "assistant:write", json: true, arguments: "channel_id! thread_ts prompts!:array title", run: assistantSetSuggestedPrompts},
		"assistant.threads.setTitle":            {rate: tier3, scopes: "assistant:write", json: true, arguments: "channel_id! thread_ts! title!", run: assistantSetTitle},
	}
	for _, m := range methods {
		m.parsed = parseArguments(m.arguments)
	}
	return methods
}

// Methods lists the Web API methods that are here, in alphabetical order.
func Methods() []string {
	var names []string
	for name := range table() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func allScopes() []string {
	// im:write opens a direct conversation, app_mentions:read and commands
	// are what deliveries need.
	scopes := []string{"app_mentions:read", "commands"}
	for _, m := range table() {
		scopes = append(scopes, strings.FieldsFunc(m.scopes, func(r rune) bool { return r == '|' })...)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// scopeFor is what a call needs where the channel's type decides: the read and
// history scopes come in four.
func scopeFor(scopes string, c *Channel) string {
	choices := strings.Split(scopes, "|")
	if len(choices) < 4 || c == nil {
		return scopes
	}
	return choices[slices.Index([]channelKind{public, private, direct, several}, c.kind)]
}

func granted(scopes []string, needed string) bool {
	if needed == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(needed, "|"), func(one string) bool { return slices.Contains(scopes, one) })
}
