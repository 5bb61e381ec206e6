package slacktest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

// said is what Slack said to a refusal.
func said(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return fmt.Sprintf("%v: %q", err, refused.ResponseMetadata.Messages)
	}
	return err.Error()
}

// What slack-go builds is taken as it encodes it: the fake refuses what Slack
// refuses, not what the client writes.
func TestWhatTheClientBuilds(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	api, ctx := client(st.s, st.team), soon(t)
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, text, true, false)
	}
	rich := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
	}
	options := []*slack.OptionBlockObject{slack.NewOptionBlockObject("a", plain("A"), plain("the first")), slack.NewOptionBlockObject("b", plain("B"), nil)}
	button := slack.NewButtonBlockElement("go", "7", plain("Go")).WithStyle(slack.StylePrimary).
		WithConfirm(slack.NewConfirmationBlockObject(plain("Sure?"), rich("really"), plain("Yes"), plain("No")).WithStyle(slack.StyleDanger))
	selects := []slack.BlockElement{
		slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("pick"), "s1", options...),
		slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("who"), "s2"),
		slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, plain("where"), "s3"),
		slack.NewOptionsSelectBlockElement(slack.OptTypeChannels, plain("where"), "s4"),
		slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("what"), "s5"),
		slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("pick"), "m1", options...),
		slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeUser, plain("who"), "m2"),
		slack.NewOptionsGroupSelectBlockElement(slack.OptTypeStatic, plain("pick"), "g1", slack.NewOptionGroupBlockElement(plain("letters"), options...)),
		slack.NewCheckboxGroupsBlockElement("c1", options...),
		slack.NewRadioButtonsBlockElement("r1", options...),
		slack.NewDatePickerBlockElement("d1"),
		slack.NewTimePickerBlockElement("t1"),
		slack.NewDateTimePickerBlockElement("d2"),
	}
	actions := append([]slack.BlockElement{button, slack.NewOverflowBlockElement("o1", options[1])}, selects...)
	list := slack.NewRichTextList(slack.RTEListBullet, 0, slack.NewRichTextSection(
		slack.NewRichTextSectionTextElement("one", &slack.RichTextSectionTextStyle{Bold: true}), slack.NewRichTextSectionUserElement(st.ada.ID, nil),
		slack.NewRichTextSectionLinkElement("https://example.com", "two", nil), slack.NewRichTextSectionEmojiElement("eyes", 0, nil)))
	_, _, err := api.PostMessageContext(ctx, st.help.ID, slack.MsgOptionText("all", false), slack.MsgOptionBlocks(
		slack.NewHeaderBlock(plain("Header")),
		slack.NewSectionBlock(rich("*section*"), []*slack.TextBlockObject{rich("f")}, slack.NewAccessory(button), slack.SectionBlockOptionBlockID("sec")),
		slack.NewSectionBlock(rich("beside it"), nil, slack.NewAccessory(slack.NewImageBlockElement("https://example.com/a.png", "a lamp"))),
		slack.NewDividerBlock(),
		slack.NewContextBlock("", rich("small"), slack.NewImageBlockElement("https://example.com/a.png", "a lamp")),
		slack.NewImageBlock("https://example.com/a.png", "a lamp", "", plain("Lamp")),
		slack.NewMarkdownBlock("", "**bold**"),
		slack.NewRichTextBlock("", list),
		slack.NewTableBlock("").AddRow(slack.NewTableRawTextCell("a"), slack.NewTableRichTextCell(slack.NewRichTextSection(slack.NewRichTextSectionTextElement("b", nil)))),
		slack.NewActionBlock("", actions...),
		slack.NewContextActionsBlock("", slack.NewFeedbackButtonsBlockElement("fb", slack.NewFeedbackButton(plain("Good"), "+"), slack.NewFeedbackButton(plain("Bad"), "-")),
			slack.NewIconButtonBlockElement("trash", plain("Delete"), "del")),
		slack.NewInputBlock("", plain("Why"), nil, slack.NewPlainTextInputBlockElement(nil, "why")),
	))
	if err != nil {
		t.Fatal(said(err))
	}
	inputs := append([]slack.BlockElement{
		slack.NewPlainTextInputBlockElement(plain("text"), "p1").WithMultiline(true).WithMaxLength(100),
		slack.NewEmailTextInputBlockElement(plain("mail"), "p2"), slack.NewURLTextInputBlockElement(plain("url"), "p3"),
		slack.NewNumberInputBlockElement(plain("number"), "p4", false).WithMinValue("1"), slack.NewRichTextInputBlockElement(nil, "p5"),
	}, selects...)
	view := slack.ModalViewRequest{Type: slack.VTModal, Title: plain("All"), Submit: plain("Go"), Close: plain("No"), PrivateMetadata: "{}"}
	for _, e := range inputs {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, slack.NewInputBlock("", plain("Input"), plain("hint"), e).WithOptional(true))
	}
	view.Blocks.BlockSet = append(view.Blocks.BlockSet, slack.NewAlertBlock(plain("careful")))
	trigger, _ := st.trigger(t)
	opened, err := api.OpenViewContext(ctx, trigger, view)
	if err != nil {
		t.Fatal(said(err))
	}
	if _, err := api.UpdateViewContext(ctx, view, "", opened.Hash, opened.ID); err != nil {
		t.Error(err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewActionBlock("", button)}}}
	if _, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: st.ada.ID, View: home}); err != nil {
		t.Error(err)
	}
	x, err := st.ada.Submits(st.s.Views(st.ada)[0], map[string]any{
		"p1": "text", "p2": "ada@example.com", "p3": "https://example.com", "p4": "5", "s1": "A", "s2": st.ada.ID, "s3": st.help.ID, "s4": st.help.ID,
		"s5": "typed", "m1": []string{"a", "B"}, "m2": []string{st.ada.ID}, "g1": "b", "c1": []string{"a"}, "r1": "b", "d1": "2026-11-23", "t1": "12:30", "d2": "1795437434",
	})
	if err != nil {
		t.Fatal(err)
	}
	ack(t, st.ws, next(t, st.ws), nil)
	if o, err := x.Wait(ctx); err != nil || o.Error != "" || len(st.s.Views(st.ada)) != 0 {
		t.Errorf("%+v %v", o, err)
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}
