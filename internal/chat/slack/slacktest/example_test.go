package slacktest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"frontdoor/internal/chat/slack/slacktest"
)

// A bot that acknowledges everything and answers each mention, and what ada
// sees of it.
func Example() {
	s, err := slacktest.Start(slacktest.Options{NoEcho: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	team := s.Team("T1")
	ada, help := team.User("ada"), team.Channel("help")

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	api := slack.New(team.Token(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()))
	bot := socketmode.New(api)
	go func() { _ = bot.RunContext(ctx) }()

	if err := s.AwaitConnections(ctx, 1); err != nil {
		fmt.Println(err)
		return
	}
	asked := ada.Mentions(help, "are you there?")
	for e := range bot.Events {
		if e.Type == socketmode.EventTypeEventsAPI {
			_ = bot.Ack(*e.Request)
			_, _, _ = api.PostMessageContext(ctx, help.ID, slack.MsgOptionText("Yes, "+ada.Mention()+".", false), slack.MsgOptionTS(asked))
			break
		}
	}
	_ = s.Await(ctx, func() bool { return len(s.Thread(help, asked)) == 2 })
	fmt.Print(s.Transcript(help))
	// Output:
	// ada: @frontdoor are you there?
	//   frontdoor: Yes, @ada.
}
