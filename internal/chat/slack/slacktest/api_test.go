package slacktest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/chat/slack/slacktest"
)

func TestRequestsThatAreRefused(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	id, bot := team.Channel("help").ID, team.Token()
	post, get := http.MethodPost, http.MethodGet
	for name, tt := range map[string]struct {
		verb, method, token, kind, body, want string
	}{
		"unknown method":       {post, "chat.shout", bot, asForm, "", "unknown_method"},
		"no token":             {post, "auth.test", "", asForm, "", "not_authed"},
		"token in the address": {get, "auth.test?token=" + bot, "", "", "", "not_authed"},
		"token in JSON":        {post, "auth.test", "", asJSON, `{"token":"` + bot + `"}`, "not_authed"},
		"wrong token":          {post, "auth.test", "xoxb-wrong", asForm, "", "invalid_auth"},
		"app token posts":      {post, "chat.postMessage", s.AppToken(), asForm, "channel=" + id + "&text=x", "not_allowed_token_type"},
		"bot token connects":   {post, "apps.connections.open", bot, asForm, "", "not_allowed_token_type"},
		"connect by GET":       {get, "apps.connections.open", s.AppToken(), "", "", "insecure_request"},
		"no content type":      {post, "auth.test", bot, "", "x=1", "missing_post_type"},
		"wrong content type":   {post, "auth.test", bot, "application/xml", "<a/>", "invalid_post_type"},
		"broken content type":  {post, "auth.test", bot, "application/", "x=1", "invalid_post_type"},
		"wrong charset":        {post, "auth.test", bot, "application/json; charset=utf-7", "{}", "invalid_charset"},
		"broken form":          {post, "auth.test", bot, asForm, "a=%zz", "invalid_form_data"},
		"broken multipart":     {post, "auth.test", bot, "multipart/form-data; boundary=x", "hello", "invalid_form_data"},
		"broken JSON":          {post, "auth.test", bot, asJSON, `{"a":`, "invalid_json"},
		"JSON is no object":    {post, "auth.test", bot, asJSON, `[1]`, "json_not_object"},
		"array argument":       {post, "chat.postMessage", bot, asForm, "channel[]=x", "invalid_array_arg"},
		"argument name":        {post, "chat.postMessage", bot, asForm, "a-b=x", "invalid_arg_name"},
		"JSON where none goes": {post, "users.info", bot, asJSON, `{"user":"U1"}`, "invalid_arguments"},
		"number for string":    {post, "chat.postMessage", bot, asJSON, `{"channel":"` + id + `","text":5}`, "invalid_arguments"},
		"string for number":    {post, "users.list", bot, asForm, "limit=many", "invalid_arguments"},
		"string for boolean":   {post, "conversations.list", bot, asForm, "exclude_archived=perhaps", "invalid_arguments"},
		"broken blocks":        {post, "chat.postMessage", bot, asForm, "channel=" + id + "&text=x&blocks=[", "invalid_blocks_format"},
		"blocks no list":       {post, "chat.postMessage", bot, asForm, "channel=" + id + "&text=x&blocks={}", "invalid_blocks_format"},
		"broken view":          {post, "views.open", bot, asForm, "trigger_id=1&view=[", "invalid_arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			got := raw(t, s, tt.verb, tt.method, tt.token, tt.kind, tt.body)
			if got.OK || got.Error != tt.want || got.status != http.StatusOK {
				t.Errorf("got %d %s, want %s", got.status, got.body, tt.want)
			}
		})
	}
}

func TestRequestsThatAreTaken(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	id := team.Channel("help").ID
	multi := "--x\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\n" + id + "\r\n--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--x--\r\n"
	for name, tt := range map[string]struct{ token, kind, body, warning string }{
		"form":              {team.Token(), asForm, "channel=" + id + "&text=hello", ""},
		"token in the form": {"", asForm, "token=" + team.Token() + "&channel=" + id + "&text=hello", ""},
		"multipart":         {team.Token(), "multipart/form-data; boundary=x", multi, ""},
		"JSON":              {team.Token(), asJSON, `{"channel":"` + id + `","text":"hello","unfurl_links":false}`, ""},
		"no charset":        {team.Token(), "application/json", `{"channel":"` + id + `","text":"hello"}`, "missing_charset"},
		"charset of a form": {team.Token(), asForm + "; charset=utf-8", "channel=" + id + "&text=hello", "superfluous_charset"},
		"unknown argument":  {team.Token(), asForm, "channel=" + id + "&text=hello&colour=red", "unknown_argument:colour"},
		"long text":         {team.Token(), asForm, "channel=" + id + "&text=" + strings.Repeat("x", 4001), "text_longer_than_advised"},
		"no text":           {team.Token(), asForm, "channel=" + id + "&blocks=" + url.QueryEscape(`[{"type":"divider"}]`), "missing_text_in_message"},
	} {
		t.Run(name, func(t *testing.T) {
			got := raw(t, s, http.MethodPost, "chat.postMessage", tt.token, tt.kind, tt.body)
			if !got.OK || got.Warning != tt.warning || got.TS == "" {
				t.Errorf("got %s, want the warning %q", got.body, tt.warning)
			}
			if tt.warning != "" && !slices.Contains(got.Metadata.Warnings, tt.warning) {
				t.Errorf("response_metadata has no warning: %s", got.body)
			}
		})
	}
}

func TestTokensAndScopes(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	id := team.Channel("help").ID
	team.Grant("chat:write", "channels:read")
	got := form(t, s, team, "users.info", "user", team.User("ada").ID)
	if got.Error != "missing_scope" || got.Needed != "users:read" || got.Provided != "chat:write,channels:read" {
		t.Errorf("got %s", got.body)
	}
	if got.header.Get("X-OAuth-Scopes") != "chat:write,channels:read" {
		t.Errorf("scopes are not told: %v", got.header)
	}
	secret := team.PrivateChannel("secret").ID
	if got := form(t, s, team, "conversations.info", "channel", secret); got.Error != "missing_scope" || got.Needed != "groups:read" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, team, "conversations.info", "channel", id); !got.OK {
		t.Errorf("got %s", got.body)
	}
	for _, broken := range []string{"token_revoked", "account_inactive", "invalid_auth", "token_expired"} {
		team.Revoke(broken)
		if got := form(t, s, team, "auth.test"); got.Error != broken {
			t.Errorf("got %s, want %s", got.body, broken)
		}
	}
	team.Revoke("")
	if got := form(t, s, team, "auth.test"); !got.OK {
		t.Errorf("got %s", got.body)
	}
	s.RevokeApp("invalid_auth")
	if got := raw(t, s, http.MethodPost, "apps.connections.open", s.AppToken(), asForm, ""); got.Error != "invalid_auth" {
		t.Errorf("got %s", got.body)
	}
	team.Uninstall()
	if got := form(t, s, team, "auth.test"); got.Error != "account_inactive" {
		t.Errorf("got %s", got.body)
	}
}

func TestMessagesThatAreRefused(t *testing.T) {
	s := start(t, slacktest.Options{})
	team, other := s.Team("T1"), s.Team("T2")
	ada, bob := team.User("ada"), team.User("bob")
	help, far := team.Channel("help").Add(ada), team.Channel("far").Remove(team.Bot())
	old, secret := team.Channel("old"), team.PrivateChannel("secret").Remove(team.Bot())
	stale := form(t, s, team, "chat.postMessage", "channel", old.ID, "text", "x").TS
	old.Archive(true)
	foreign := other.Channel("theirs")
	asked := ada.Says(help, "a question")
	mine := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "an answer", "thread_ts", asked).TS
	joined := team.User("eve")
	joined.Joins(help)
	join := s.Messages(help)[1].TS
	bob.Deactivate()
	long := strings.Repeat("x", 4001)
	where := func(pairs ...string) []string { return append([]string{"channel", help.ID}, pairs...) }
	meta := func(value string) []string { return where("text", "x", "metadata", value) }
	for name, tt := range map[string]struct {
		method string
		args   []string
		want   string
	}{
		"no channel":               {"chat.postMessage", []string{"text", "x"}, "invalid_arguments"},
		"unknown channel":          {"chat.postMessage", []string{"channel", "C0000NOWHERE", "text", "x"}, "channel_not_found"},
		"channel by name":          {"chat.postMessage", []string{"channel", "#help", "text", "x"}, "channel_not_found"},
		"to a former colleague":    {"chat.postMessage", []string{"channel", bob.ID, "text", "x"}, "channel_not_found"},
		"not a member":             {"chat.postMessage", []string{"channel", far.ID, "text", "x"}, "not_in_channel"},
		"private, not a member":    {"chat.postMessage", []string{"channel", secret.ID, "text", "x"}, "channel_not_found"},
		"another workspace":        {"chat.postMessage", []string{"channel", foreign.ID, "text", "x"}, "channel_not_found"},
		"archived":                 {"chat.postMessage", []string{"channel", old.ID, "text", "x"}, "is_archived"},
		"nothing to say":           {"chat.postMessage", where(), "no_text"},
		"blank":                    {"chat.postMessage", where("text", " \n"), "no_text"},
		"too long":                 {"chat.postMessage", where("text", strings.Repeat("x", 40001)), "msg_too_long"},
		"markdown too long":        {"chat.postMessage", where("markdown_text", strings.Repeat("x", 12001)), "msg_too_long"},
		"markdown and text":        {"chat.postMessage", where("markdown_text", "x", "text", "x"), "markdown_text_conflict"},
		"no such thread":           {"chat.postMessage", where("text", "x", "thread_ts", "1700000000.000001"), "thread_not_found"},
		"thread of a reply":        {"chat.postMessage", where("text", "x", "thread_ts", mine), "cannot_reply_to_message"},
		"thread of a join":         {"chat.postMessage", where("text", "x", "thread_ts", join), "cannot_reply_to_message"},
		"metadata no JSON":         {"chat.postMessage", meta("x"), "invalid_metadata_format"},
		"metadata without type":    {"chat.postMessage", meta(`{"event_payload":{}}`), "invalid_metadata_format"},
		"metadata without payload": {"chat.postMessage", meta(`{"event_type":"a"}`), "invalid_metadata_format"},
		"metadata with more":       {"chat.postMessage", meta(`{"event_type":"a","event_payload":{},"x":1}`), "invalid_metadata_format"},
		"metadata type":            {"chat.postMessage", meta(`{"event_type":"a b","event_payload":{}}`), "invalid_metadata_schema"},
		"metadata too large":       {"chat.postMessage", meta(`{"event_type":"a","event_payload":{"x":"` + strings.Repeat("x", 8001) + `"}}`), "metadata_too_large"},
		"attachments":              {"chat.postMessage", where("text", "x", "attachments", "["+strings.Repeat("{},", 100)+"{}]"), "too_many_attachments"},
		"attachments no JSON":      {"chat.postMessage", where("text", "x", "attachments", "{"), "invalid_attachments"},

		"ephemeral to an outsider": {"chat.postEphemeral", where("text", "x", "user", team.User("zoe").ID), "user_not_in_channel"},
		"ephemeral to nobody":      {"chat.postEphemeral", where("text", "x", "user", "U0NOBODY"), "user_not_in_channel"},
		"ephemeral without user":   {"chat.postEphemeral", where("text", "x"), "invalid_arguments"},
		"ephemeral empty":          {"chat.postEphemeral", where("user", ada.ID), "no_text"},

		"update nothing":        {"chat.update", where("ts", "1700000000.000001", "text", "x"), "message_not_found"},
		"update another's":      {"chat.update", where("ts", asked, "text", "x"), "cant_update_message"},
		"update too long":       {"chat.update", where("ts", mine, "text", long), "msg_too_long"},
		"update empty":          {"chat.update", where("ts", mine), "no_text"},
		"update in the archive": {"chat.update", []string{"channel", old.ID, "ts", stale, "text", "x"}, "is_inactive"},
		"update without ts":     {"chat.update", where("text", "x"), "invalid_arguments"},
		"delete nothing":        {"chat.delete", where("ts", "1700000000.000001"), "message_not_found"},
		"delete another's":      {"chat.delete", where("ts", asked), "cant_delete_message"},
		"permalink of nothing":  {"chat.getPermalink", where("message_ts", "1700000000.000001"), "message_not_found"},

		"schedule in the past": {"chat.scheduleMessage", where("text", "x", "post_at", "1000000000"), "time_in_past"},
		"schedule far away":    {"chat.scheduleMessage", where("text", "x", "post_at", strconv.FormatInt(time.Now().AddDate(1, 0, 0).Unix(), 10)), "time_too_far"},
		"unschedule nothing":   {"chat.deleteScheduledMessage", where("scheduled_message_id", "Q1"), "invalid_scheduled_message_id"},

		"react to nothing":   {"reactions.add", where("name", "eyes", "timestamp", "1700000000.000001"), "message_not_found"},
		"react at no time":   {"reactions.add", where("name", "eyes", "timestamp", "yesterday"), "bad_timestamp"},
		"react with a space": {"reactions.add", where("name", "two eyes", "timestamp", asked), "invalid_name"},
		"react with colons":  {"reactions.add", where("name", ":eyes:", "timestamp", asked), "invalid_name"},
		"unreact":            {"reactions.remove", where("name", "eyes", "timestamp", asked), "no_reaction"},
		"reactions of what":  {"reactions.get", nil, "no_item_specified"},

		"history, no member":     {"conversations.history", []string{"channel", far.ID}, "not_in_channel"},
		"history limit":          {"conversations.history", where("limit", "5000"), "invalid_limit"},
		"history cursor":         {"conversations.history", where("cursor", "xyz"), "invalid_cursor"},
		"history time":           {"conversations.history", where("oldest", "noon"), "invalid_ts_oldest"},
		"history, end":           {"conversations.history", where("latest", "noon"), "invalid_ts_latest"},
		"replies to nothing":     {"conversations.replies", where("ts", "1700000000.000001"), "thread_not_found"},
		"list of what":           {"conversations.list", []string{"types", "secret_channel"}, "invalid_types"},
		"open without people":    {"conversations.open", nil, "users_list_not_supplied"},
		"open with nobody":       {"conversations.open", []string{"users", "U0NOBODY"}, "user_not_found"},
		"open with a former one": {"conversations.open", []string{"users", bob.ID}, "user_disabled"},
		"open with a stranger":   {"conversations.open", []string{"users", other.User("max").ID}, "user_not_visible"},
		"open with nine":         {"conversations.open", []string{"users", "1,2,3,4,5,6,7,8,9"}, "too_many_users"},
		"open a channel":         {"conversations.open", where(), "method_not_supported_for_channel_type"},
		"open a lone guest": {
			"conversations.open", []string{"users", team.User("guest").Is(slacktest.Profile{SingleChannel: true}).ID}, "user_is_restricted",
		},
		"join a private one": {"conversations.join", []string{"channel", secret.ID}, "channel_not_found"},
		"join an archived":   {"conversations.join", []string{"channel", old.ID}, "is_archived"},
		"join a direct one":  {"conversations.join", []string{"channel", ada.DM().ID}, "method_not_supported_for_channel_type"},

		"nobody":              {"users.info", []string{"user", "U0NOBODY"}, "user_not_found"},
		"a stranger":          {"users.info", []string{"user", other.User("max").ID}, "user_not_visible"},
		"no such address":     {"users.lookupByEmail", []string{"email", "nobody@example.com"}, "users_not_found"},
		"a former address":    {"users.lookupByEmail", []string{"email", "bob@example.com"}, "users_not_found"},
		"no such group":       {"usergroups.users.list", []string{"usergroup", "S0"}, "no_such_subteam"},
		"no such bot":         {"bots.info", []string{"bot", "B0"}, "bot_not_found"},
		"no such team":        {"team.info", []string{"team", "T9"}, "team_not_found"},
		"file of no bytes":    {"files.getUploadURLExternal", []string{"filename", "a", "length", "0"}, "missing_argument"},
		"snippet too large":   {"files.getUploadURLExternal", []string{"filename", "a", "length", "1048577", "snippet_type", "text"}, "snippet_too_large"},
		"words for a picture": {"files.getUploadURLExternal", []string{"filename", "a", "length", "1", "alt_txt", strings.Repeat("x", 1001)}, "alt_txt_too_large"},
		"complete nothing":    {"files.completeUploadExternal", []string{"files", `[{"id":"F0"}]`}, "file_not_found"},
		"status nowhere":      {"assistant.threads.setStatus", []string{"channel_id", help.ID, "thread_ts", "1700000000.000001", "status", "x"}, "invalid_thread_ts"},
		"five prompts":        {"assistant.threads.setSuggestedPrompts", []string{"channel_id", help.ID, "prompts", "[" + strings.Repeat(`{"title":"a","message":"b"},`, 4) + `{"title":"a","message":"b"}]`}, "invalid_arguments"},
		"a prompt untitled":   {"assistant.threads.setSuggestedPrompts", []string{"channel_id", help.ID, "prompts", `[{"message":"b"}]`}, "invalid_arguments"},
		"stream at no thread": {"chat.startStream", where("recipient_user_id", ada.ID, "recipient_team_id", "T1"), "invalid_arguments"},
		"stream for nobody":   {"chat.startStream", where("thread_ts", asked), "missing_recipient_user_id"},
		"stream for no team":  {"chat.startStream", where("thread_ts", asked, "recipient_user_id", ada.ID), "missing_recipient_team_id"},
		"append to no stream": {"chat.appendStream", where("ts", mine, "markdown_text", "x"), "message_not_in_streaming_state"},
		"append to another's": {"chat.appendStream", where("ts", asked, "markdown_text", "x"), "message_not_owned_by_app"},
		"a wrong chunk":       {"chat.stopStream", where("ts", mine, "chunks", `[{"type":"song"}]`), "invalid_chunks"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := form(t, s, team, tt.method, tt.args...); got.OK || got.Error != tt.want {
				t.Errorf("got %s, want %s", got.body, tt.want)
			}
		})
	}
}

func TestPostingWhereTheBotIsNoMember(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	team.Grant("chat:write", "chat:write.public")
	far := team.Channel("far").Remove(team.Bot())
	if got := form(t, s, team, "chat.postMessage", "channel", far.ID, "text", "x"); !got.OK {
		t.Errorf("got %s", got.body)
	}
}
