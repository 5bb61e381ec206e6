package slacktest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

// Everything here goes through slack-go, so that its own encoding and decoding
// meet the fake's.

func TestPeopleAndPlaces(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ada := team.User("ada").Is(slacktest.Profile{RealName: "Ada L.", TimeZone: "America/New_York", Title: "Engineer", Admin: true})
	guest := team.User("gil").Is(slacktest.Profile{Guest: true})
	help := team.Channel("help").Add(ada, guest)
	oncall := team.Group("oncall", ada)
	api, ctx := client(s, team), t.Context()

	who, err := api.AuthTestContext(ctx)
	if err != nil || who.TeamID != "T1" || who.UserID != team.Bot().ID || who.BotID != team.BotID() {
		t.Errorf("%+v %v", who, err)
	}
	u, err := api.GetUserInfoContext(ctx, ada.ID)
	if err != nil || u.RealName != "Ada L." || u.TZ != "America/New_York" || u.Profile.Email != "ada@example.com" || u.Profile.Title != "Engineer" || !u.IsAdmin || u.IsRestricted {
		t.Errorf("%+v %v", u, err)
	}
	if u, err := api.GetUserInfoContext(ctx, guest.ID); err != nil || !u.IsRestricted || u.IsUltraRestricted {
		t.Errorf("%+v %v", u, err)
	}
	if u, err := api.GetUserByEmailContext(ctx, "ada@example.com"); err != nil || u.ID != ada.ID {
		t.Errorf("%+v %v", u, err)
	}
	if all, err := api.GetUsersContext(ctx); err != nil || len(all) != 3 {
		t.Errorf("%d people, %v", len(all), err)
	}
	members, _, err := api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: help.ID})
	if err != nil || len(members) != 3 {
		t.Errorf("%q %v", members, err)
	}
	if users, err := api.GetUserGroupMembersContext(ctx, oncall.ID); err != nil || len(users) != 1 || users[0] != ada.ID {
		t.Errorf("%q %v", users, err)
	}
	if groups, err := api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeUsers(true)); err != nil || len(groups) != 1 || groups[0].Handle != "oncall" || len(groups[0].Users) != 1 {
		t.Errorf("%+v %v", groups, err)
	}
	dm, _, _, err := api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{ada.ID}, ReturnIM: true})
	if err != nil || dm.ID != ada.DM().ID || !dm.IsIM {
		t.Errorf("%+v %v", dm, err)
	}
	far := team.Channel("far").Remove(team.Bot())
	if c, _, _, err := api.JoinConversationContext(ctx, far.ID); err != nil || !c.IsMember {
		t.Errorf("%+v %v", c, err)
	}
	if info, err := api.GetTeamInfoContext(ctx); err != nil || info.ID != "T1" {
		t.Errorf("%+v %v", info, err)
	}
	if b, err := api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: team.BotID()}); err != nil || b.UserID != team.Bot().ID {
		t.Errorf("%+v %v", b, err)
	}
	names := map[string]bool{}
	for cursor := ""; ; {
		page, next, err := api.GetConversationsContext(ctx, &slack.GetConversationsParameters{Cursor: cursor, Limit: 2})
		if err != nil || len(page) > 2 {
			t.Fatalf("%+v %v", page, err)
		}
		for _, c := range page {
			names[c.Name] = true
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(names) != 3 {
		t.Errorf("got %v", names)
	}
	mine, _, err := api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{UserID: ada.ID})
	if err != nil || len(mine) != 1 || mine[0].ID != help.ID {
		t.Errorf("%+v %v", mine, err)
	}
	if bad := s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

func TestMessagesAndThreads(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ada, help := team.User("ada"), team.Channel("help")
	api, ctx := client(s, team), t.Context()
	asked := ada.Says(help, "?")
	meta := slack.SlackMetadata{EventType: "reply", EventPayload: map[string]any{"id": "r7"}}
	_, ts, err := api.PostMessageContext(ctx, help.ID, slack.MsgOptionText("first", false), slack.MsgOptionTS(asked), slack.MsgOptionMetadata(meta))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, help.ID, ts, slack.MsgOptionText("second", false)); err != nil {
		t.Fatal(err)
	}
	replies, more, _, err := api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: help.ID, Timestamp: asked, IncludeAllMetadata: true})
	if err != nil || more || len(replies) != 2 || replies[1].Text != "second" || replies[1].Metadata.EventPayload["id"] != "r7" || replies[0].ReplyCount != 1 || replies[1].ParentUserId != ada.ID {
		t.Errorf("%+v %v", replies, err)
	}
	history, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: help.ID})
	if err != nil || len(history.Messages) != 1 || history.Messages[0].Timestamp != asked {
		t.Errorf("%+v %v", history, err)
	}
	for i := range 5 {
		ada.Says(help, strconv.Itoa(i))
	}
	history, err = api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: help.ID, Oldest: asked, Limit: 2})
	if err != nil || len(history.Messages) != 2 || !history.HasMore || history.Messages[0].Text != "4" {
		t.Errorf("%+v %v", history, err)
	}
	history, err = api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: help.ID, Oldest: asked, Limit: 2, Cursor: history.ResponseMetaData.NextCursor})
	if err != nil || len(history.Messages) != 2 || history.Messages[0].Text != "2" {
		t.Errorf("%+v %v", history, err)
	}
	link, err := api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: help.ID, Ts: ts})
	if err != nil || !strings.Contains(link, "/archives/"+help.ID+"/p") || !strings.Contains(link, "thread_ts="+asked) {
		t.Errorf("%s %v", link, err)
	}
	item := slack.NewRefToMessage(help.ID, asked)
	if err := api.AddReactionContext(ctx, "eyes", item); err != nil {
		t.Fatal(err)
	}
	if err := api.AddReactionContext(ctx, "eyes", item); err == nil || err.Error() != "already_reacted" {
		t.Errorf("got %v", err)
	}
	if got, err := api.GetReactionsContext(ctx, item, slack.NewGetReactionsParameters()); err != nil || len(got.Reactions) != 1 || got.Reactions[0].Count != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if err := api.RemoveReactionContext(ctx, "eyes", item); err != nil {
		t.Error(err)
	}
	if _, _, err := api.DeleteMessageContext(ctx, help.ID, ts); err != nil {
		t.Error(err)
	}
	if got := s.Thread(help, asked); len(got) != 1 || got[0].Replies != 0 {
		t.Errorf("left %+v", got)
	}
	_, at, err := api.ScheduleMessageContext(ctx, help.ID, strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10), slack.MsgOptionText("later", false))
	if err != nil || at == "" {
		t.Fatal(err)
	}
	s.Advance(time.Hour)
	if err := s.Await(soon(t), func() bool { return len(s.FromBot(help)) == 1 }); err != nil {
		t.Error(err)
	}
	if _, _, err := api.PostMessageContext(ctx, ada.ID, slack.MsgOptionText("directly", false)); err != nil || len(s.FromBot(ada.DM())) != 1 {
		t.Errorf("%v", err)
	}
}

// Text without blocks takes the blocks away; blocks without text keep nothing
// of the text; metadata stays until it is emptied.
func TestUpdateKeepsWhatSlackKeeps(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	divider := `[{"type":"divider"}]`
	ts := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "a", "blocks", divider, "metadata", `{"event_type":"m","event_payload":{"id":"1"}}`).TS
	change := func(pairs ...string) slacktest.Message {
		t.Helper()
		if got := form(t, s, team, "chat.update", append([]string{"channel", help.ID, "ts", ts}, pairs...)...); !got.OK {
			t.Fatal(got.body)
		}
		m, _ := s.Message(help, ts)
		return m
	}
	if m := change("text", "b"); len(m.Blocks) != 0 || m.Text != "b" || !m.Edited || m.Metadata == nil {
		t.Errorf("text: %+v", m)
	}
	if m := change("blocks", divider); len(m.Blocks) != 1 || m.Text != "" || m.Metadata == nil {
		t.Errorf("blocks: %+v", m)
	}
	if m := change("text", "c", "blocks", divider, "metadata", "{}"); len(m.Blocks) != 1 || m.Text != "c" || m.Metadata != nil {
		t.Errorf("both: %+v", m)
	}
}

func TestStreams(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	ada, help := team.User("ada"), team.Channel("help")
	api, ctx := client(s, team), t.Context()
	asked := ada.Says(help, "?")
	begin := func() string {
		t.Helper()
		_, ts, err := api.StartStreamContext(ctx, help.ID, slack.MsgOptionTS(asked), slack.MsgOptionRecipientTeamID("T1"), slack.MsgOptionRecipientUserID(ada.ID), slack.MsgOptionMarkdownText("one "))
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	ts := begin()
	if _, _, err := api.AppendStreamContext(ctx, help.ID, ts, slack.MsgOptionChunks(slack.NewMarkdownTextChunk("two"), slack.NewTaskUpdateChunk("t1", "search"))); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, help.ID, ts, slack.MsgOptionText("x", false)); err == nil || err.Error() != "streaming_state_conflict" {
		t.Errorf("got %v", err)
	}
	if m, _ := s.Message(help, ts); s.RenderText(m) != "one two\n[] search ▌" {
		t.Errorf("got %q", s.RenderText(m))
	}
	if _, _, err := api.StopStreamContext(ctx, help.ID, ts, slack.MsgOptionMarkdownText(" three")); err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Message(help, ts); m.Text != "one two three" || m.Streaming {
		t.Errorf("got %+v", m)
	}
	if _, _, err := api.AppendStreamContext(ctx, help.ID, ts, slack.MsgOptionMarkdownText("x")); err == nil || err.Error() != "message_not_in_streaming_state" {
		t.Errorf("got %v", err)
	}
	ts = begin()
	if err := ada.Stops(help, ts); err != nil {
		t.Fatal(err)
	}
	if _, _, err := api.AppendStreamContext(ctx, help.ID, ts, slack.MsgOptionMarkdownText("x")); err == nil || err.Error() != "stopped_by_user" {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	api := client(s, team)
	f, err := api.UploadFileContext(t.Context(), slack.UploadFileParameters{
		Filename: "log.txt", FileSize: 5, Content: "a\nb\nc", SnippetType: "text", Title: "The log", Channel: help.ID, InitialComment: "the rest",
	})
	if err != nil || f.Title != "The log" {
		t.Fatalf("%+v %v", f, err)
	}
	m := s.FromBot(help)
	if len(m) != 1 || string(m[0].Files[0].Content) != "a\nb\nc" || s.RenderText(m[0]) != "the rest\n[file: The log]" {
		t.Errorf("got %+v", m)
	}
	u, err := api.GetUploadURLExternalContext(t.Context(), slack.GetUploadURLExternalParameters{FileName: "a", FileSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.UploadToURL(t.Context(), slack.UploadToURLParameters{UploadURL: u.UploadURL, Content: "four", Filename: "a"}); err == nil {
		t.Error("more bytes than announced are taken")
	}
	if err := api.UploadToURL(t.Context(), slack.UploadToURLParameters{UploadURL: s.URL() + "/upload/F0", Content: "x", Filename: "a"}); err == nil {
		t.Error("an invented address takes bytes")
	}
	if _, err := api.CompleteUploadExternalContext(t.Context(), slack.CompleteUploadExternalParameters{Files: []slack.FileSummary{{ID: u.FileID}}}); err == nil || err.Error() != "file_not_found" {
		t.Errorf("what was not uploaded is shared: %v", err)
	}
}

func TestFilesGoToAHundredChannels(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	api := client(s, team)
	u, err := api.GetUploadURLExternalContext(t.Context(), slack.GetUploadURLExternalParameters{FileName: "a", FileSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.UploadToURL(t.Context(), slack.UploadToURLParameters{UploadURL: u.UploadURL, Content: "x", Filename: "a"}); err != nil {
		t.Fatal(err)
	}
	got := form(t, s, team, "files.completeUploadExternal", "files", `[{"id":"`+u.FileID+`"}]`, "channels", strings.Repeat("C1,", 101))
	if got.Error != "channels_limit_exceeded" {
		t.Errorf("got %s", got.body)
	}
}

func TestAgents(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	ada := team.User("ada")
	dm, asked := ada.DM(), ada.Tells("?")
	api, ctx := client(s, team), t.Context()
	status := func() error {
		return api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{ChannelID: dm.ID, ThreadTS: asked, Status: "is thinking"})
	}
	if err := status(); err != nil {
		t.Fatal(err)
	}
	if st, ok := s.Status(dm, asked); !ok || st.Text != "is thinking" {
		t.Errorf("%+v %v", st, ok)
	}
	s.Advance(2*time.Minute + time.Second)
	if _, ok := s.Status(dm, asked); ok {
		t.Error("the status stays for more than two minutes")
	}
	if err := status(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := api.PostMessageContext(ctx, dm.ID, slack.MsgOptionText("x", false), slack.MsgOptionTS(asked)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Status(dm, asked); ok {
		t.Error("the status outlives the answer")
	}
	params := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: dm.ID, ThreadTS: asked}
	params.AddPrompt("Databases", "how do I create a database?")
	if err := api.SetAssistantThreadsSuggestedPromptsContext(ctx, params); err != nil {
		t.Fatal(err)
	}
	if got := s.Prompts(dm, asked); len(got) != 1 || got[0].Title != "Databases" {
		t.Errorf("got %+v", got)
	}
	if err := api.SetAssistantThreadsTitleContext(ctx, slack.AssistantThreadsSetTitleParameters{ChannelID: dm.ID, ThreadTS: asked, Title: "Databases"}); err != nil {
		t.Fatal(err)
	}
	if got := s.ThreadTitle(dm, asked); got != "Databases" {
		t.Errorf("got %q", got)
	}
}

func TestWatching(t *testing.T) {
	s := start(t, slacktest.Options{Journal: -1, NoEcho: true})
	team := s.Team("T1")
	ada, help := team.User("ada"), team.Channel("help")
	ws := dial(t, s)
	var changes []string
	stop := s.OnMessage(func(c slacktest.Change) { changes = append(changes, c.Kind+" "+c.Message.Text) })
	calls := make(chan slacktest.Call, 100)
	stopCalls := s.OnCall(func(c slacktest.Call) { calls <- c })
	asked := ada.Says(help, "?")
	ack(t, ws, next(t, ws), nil)
	ts := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "a", "thread_ts", asked).TS
	form(t, s, team, "chat.update", "channel", help.ID, "ts", ts, "text", "b")
	form(t, s, team, "chat.postEphemeral", "channel", help.ID, "user", ada.ID, "text", "c")
	form(t, s, team, "chat.delete", "channel", help.ID, "ts", ts)
	stop()
	ada.Says(help, "unheard")
	ack(t, ws, next(t, ws), nil)
	if got := strings.Join(changes, "|"); got != "posted ?|posted a|changed b|whispered c|deleted b" {
		t.Errorf("got %s", got)
	}
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	stopCalls()
	form(t, s, team, "auth.test")
	seen := map[string]int{}
	for range len(calls) {
		c := <-calls
		seen[c.Method]++
		if c.Method == "message" && (c.Kind != slacktest.KindDelivery || c.Took <= 0) {
			t.Errorf("got %+v", c)
		}
	}
	if seen["message"] != 2 || seen["chat.postMessage"] != 1 || seen["auth.test"] != 0 {
		t.Errorf("got %v", seen)
	}
}

func TestJournal(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ada, help := team.User("ada"), team.Channel("help").Add(team.User("ada"))
	asked := ada.Says(help, "?")
	ts := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "for <@"+ada.ID+">", "thread_ts", asked, "blocks", `[{"type":"divider"}]`).TS
	form(t, s, team, "chat.update", "channel", help.ID, "ts", ts, "text", "done", "colour", "red")
	form(t, s, team, "chat.delete", "channel", help.ID, "ts", asked)
	form(t, s, team, "reactions.add", "channel", help.ID, "timestamp", asked, "name", "eyes")
	golden(t, "journal.txt", s.JournalText())
	if got := strings.Join(s.Complaints(), "|"); got != "chat.update  unknown_argument:colour|chat.delete cant_delete_message" {
		t.Errorf("got %s", got)
	}
	s.ForgetJournal()
	if len(s.Journal()) != 0 || len(s.Counts()) != 0 {
		t.Error("it is still there")
	}
	small := start(t, slacktest.Options{Journal: 3})
	for range 20 {
		raw(t, small, http.MethodPost, "api.test", "", asForm, "")
	}
	if got := small.Journal(); len(got) != 3 || got[2].Seq != 20 || small.Counts()["api.test"] != 20 {
		t.Errorf("got %+v", got)
	}
}
