// Package slacktest is a strict fake Slack over real HTTP and WebSocket, for
// tests, for measuring and for demonstrations, as net/http/httptest is for
// servers. It needs no testing.T: Start it, point a client at APIURL, let its
// people talk, look at what they see, Close it.
//
// What it refuses, with Slack's own error names: wrong, revoked and missing
// tokens and scopes; unknown methods; missing arguments and arguments of the
// wrong type; channels that the bot cannot see, is no member of, or that are
// archived; text, blocks, metadata and views that are too long, malformed or
// of a kind that the surface does not show, with JSON pointers to each fault;
// other people's messages to change; triggers that are unknown, used or older
// than three seconds; stale view hashes; more calls than the method's tier
// allows, more than a message a second in a channel, more than five uses of a
// response_url; Socket Mode tickets used twice, an eleventh connection, and
// acknowledgements of 20 KB and more. An acknowledgement later than three
// seconds is a failure that the person sees and the test can read.
//
// What the bot has to survive: retried, duplicated and reordered deliveries,
// its own messages coming back as events, one mention as two events, sockets
// asked to disconnect or cut within a frame, errors 5xx, connections that hang
// or end after the message was stored, HTML and broken JSON as answers.
//
// Where Slack says nothing or is lenient, this package is strict or says so.
// What Slack takes without a word is answered with a warning of our own that
// stands in the journal and in Complaints: unknown_argument, json_not_read (a
// JSON body for a method that reads forms only), missing_text_in_message (blocks
// without the text that screen readers need), text_longer_than_advised. A
// thread_ts that names no message is refused with thread_not_found, one that
// names a reply with cannot_reply_to_message; channels are taken by id only, and
// by the id of a person who is still active; the values of a menu's options
// have to differ; link_disabled answers apps.connections.open while Socket Mode
// is off. Slack documents two tiers for apps.connections.open: here it is the
// higher. The size of metadata (8,000 bytes), the text over all blocks of a message (10,000
// characters), the burst of a channel (3 messages) and a workspace's messages a
// minute (600) are our readings of limits that Slack does not print.
//
// What it leaves out: OAuth and token rotation, user tokens, message search,
// unfurling, canvases, lists, calls, workflow steps, pins and bookmarks,
// attachments beyond their count, the blocks that a bot like ours has no use
// for (video, file, call, card, carousel, container, data tables and charts;
// each is refused as unsupported), TLS, and what Slack's clients draw beyond
// the plain text of RenderText.
package slacktest
