// Package slack is the Slack adapter. Nothing of Slack leaves it: what comes
// in becomes a chat.Message, what goes out is a chat.Reply.
//
// # In
//
// A [Receiver] takes what Slack sends, by HTTP or by Socket Mode, as raw bytes.
// It decodes them into small types of our own that forgive what they do not
// know: a client library that refuses an unknown event would leave it
// unacknowledged, and Slack would send it again and again. Everything is either
// handled or ignored on purpose, for a reason that is counted. A message is
// acknowledged only after Options.Accept has stored it. [Receiver.Handler] serves
// mode http, [Receiver.Listen] is mode socket.
//
// # Out
//
// A [Renderer] makes cards into [Post]s. Markdown becomes rich_text blocks, not
// mrkdwn: in rich text a character is a character, so that nothing that a
// person has typed can become a mention, a link or formatting, lists nest, and
// no escaping can be forgotten. Headings become bold lines (a header block is
// plain text of 150 characters), the first table of a post a table block and
// every other one aligned text, pictures become links. The text beside the
// blocks, which screen readers and notifications show, is plain and escaped.
//
// What Slack takes is counted in characters: 50 blocks and about 10,000 over
// all blocks of a message, 3,000 in a text object, 4,000 advised in the text.
// A post stays below 9,000. What is longer is split between paragraphs, rows,
// and lines of code; what takes more than three posts is shortened to one, with
// all of it in a file.
//
// [Pace] keeps Slack's rates: a message a second and channel, and the tier of
// each method and workspace. [Sender] delivers a reply through both.
package slack

// Platform is the name of this platform in addresses and demand records.
const Platform = "slack"
