package slacktest

import (
	"encoding/json"
	"slices"
	"strings"
)

// object is a JSON object on its way out.
type object = map[string]any

// Message is one message. What the server gives out is a copy of what it has
// stored; there the blocks stay encoded, which takes a fraction of the room.
type Message struct {
	Channel   string // id
	TS        string // names it in its channel
	Thread    string // ts of the thread's first message; "" outside threads, and of the first until it is answered
	Subtype   string // "", bot_message, channel_join, file_share, thread_broadcast, ...
	User      string // id of who said it
	Bot       string // id of the bot that said it, "" for people
	App       string // id of the bot's app
	Name      string // that the bot gave itself
	Team      string // id of the speaker's workspace
	Text      string // Slack's mrkdwn, escaped
	Markdown  string // markdown_text of a stream or message
	Blocks    []any  // decoded, every one with its block_id
	Metadata  map[string]any
	Edited    bool
	Reactions []Reaction
	Files     []File
	Replies   int
	Ephemeral string // id of the only person who sees it
	Streaming bool
	Stopped   bool // the person has stopped the stream

	attachments []any
	clientID    string
	editedAt    string
	blocks      json.RawMessage
	repliers    []string
	latest      string
}

// Reaction is an emoji under a message and who has put it there.
type Reaction struct {
	Name  string
	Users []string
}

// File is an uploaded file.
type File struct {
	ID      string
	Name    string
	Title   string
	Type    string // the snippet_type given
	Content []byte

	length   int
	uploaded bool
	shared   bool
	team     *Team
}

// light is a copy without blocks, reactions and files.
func (m *Message) light() Message {
	c := *m
	c.Reactions, c.Files = nil, nil
	return c
}

func (m *Message) copy() Message {
	c := m.light()
	c.Blocks = m.decoded()
	c.Reactions = nil
	for _, r := range m.Reactions {
		c.Reactions = append(c.Reactions, Reaction{r.Name, slices.Clone(r.Users)})
	}
	c.Files = slices.Clone(m.Files)
	return c
}

// setBlocks stores blocks that were checked; they get the ids that they lack.
func (m *Message) setBlocks(blocks []any) {
	m.blocks = nil
	if len(blocks) > 0 {
		m.blocks, _ = json.Marshal(blocks)
	}
}

// byHand tells whether a person has typed it: its blocks follow from the text.
func (m *Message) byHand() bool { return m.clientID != "" }

// decoded are the blocks.
func (m *Message) decoded() []any {
	if m.byHand() {
		return typedBlocks(m.Text)
	}
	if m.blocks == nil {
		return nil
	}
	value, _ := decode(m.blocks)
	return asList(value)
}

// wire is the message as the API and events show it.
func (s *Server) wire(m *Message, metadata bool) object {
	o := object{"type": "message", "ts": m.TS, "text": m.Text, "team": m.Team}
	set := func(name, value string) {
		if value != "" {
			o[name] = value
		}
	}
	set("subtype", m.Subtype)
	set("user", m.User)
	set("client_msg_id", m.clientID)
	set("thread_ts", m.Thread)
	set("username", m.Name)
	if m.Bot != "" {
		o["bot_id"], o["app_id"] = m.Bot, m.App
		name := ""
		if u := s.users[m.User]; u != nil {
			name = u.Name
		}
		o["bot_profile"] = object{"id": m.Bot, "app_id": m.App, "name": name, "deleted": false, "team_id": m.Team, "updated": 1600000000}
	}
	if m.byHand() {
		o["blocks"] = typedBlocks(m.Text)
	} else if m.blocks != nil {
		o["blocks"] = m.blocks
	}
	if len(m.attachments) > 0 {
		o["attachments"] = m.attachments
	}
	if m.Metadata != nil {
		if metadata {
			o["metadata"] = m.Metadata
		} else {
			o["metadata"] = object{"event_type": m.Metadata["event_type"]}
		}
	}
	if m.Edited {
		o["edited"] = object{"user": m.User, "ts": m.editedAt}
	}
	if m.Thread != "" && m.Thread != m.TS {
		if root := s.channels[m.Channel].byTS[m.Thread]; root != nil {
			o["parent_user_id"] = root.User
		}
	}
	if m.Replies > 0 {
		o["reply_count"], o["reply_users_count"], o["latest_reply"] = m.Replies, len(m.repliers), m.latest
		o["reply_users"], o["is_locked"], o["subscribed"] = slices.Clone(m.repliers), false, false
	}
	var reactions []object
	for _, r := range m.Reactions {
		reactions = append(reactions, object{"name": r.Name, "users": slices.Clone(r.Users), "count": len(r.Users)})
	}
	if reactions != nil {
		o["reactions"] = reactions
	}
	var files []object
	for _, f := range m.Files {
		files = append(files, s.wireFile(f))
	}
	if files != nil {
		o["files"] = files
	}
	return o
}

func (s *Server) wireFile(f File) object {
	return object{
		"id": f.ID, "name": f.Name, "title": f.Title, "mimetype": "text/plain", "filetype": f.Type, "size": f.length, "mode": "snippet",
		"url_private": s.URL() + "/files/" + f.ID, "permalink": s.URL() + "/files/" + f.ID,
	}
}

// add stores a message; the caller holds the lock and has checked everything.
func (c *Channel) add(m *Message) {
	m.Channel = c.ID
	if m.TS == "" {
		m.TS = c.s.newTS()
	}
	if m.App == c.s.opts.AppID {
		delete(c.s.statuses, c.ID+" "+m.Thread) // a message ends the status
	}
	c.log = append(c.log, m)
	c.byTS[m.TS] = m
	if root := c.byTS[m.Thread]; root != nil && root != m {
		root.Thread = root.TS
		root.Replies++
		root.latest = m.TS
		if !slices.Contains(root.repliers, m.User) {
			root.repliers = append(root.repliers, m.User)
		}
		c.threads[root.TS] = append(c.threads[root.TS], m)
	}
	c.s.tell(Posted, m)
}

func (c *Channel) remove(m *Message) {
	same := func(other *Message) bool { return other == m }
	if root := c.byTS[m.Thread]; root != nil && root != m {
		root.Replies--
		c.threads[root.TS] = slices.DeleteFunc(c.threads[root.TS], same)
	}
	c.log = slices.DeleteFunc(c.log, same)
	delete(c.byTS, m.TS)
	c.s.tell(Deleted, m)
}

// typed is the text as Slack passes on what a person typed: what it escapes
// is escaped, mentions and links stand in angle brackets.
func typed(text string) string {
	var out strings.Builder
	for text != "" {
		if text[0] == '<' {
			if end := strings.IndexByte(text, '>'); end > 1 && isToken(text[1:end]) {
				out.WriteString(text[:end+1])
				text = text[end+1:]
				continue
			}
		}
		if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
			end := strings.IndexAny(text, " \t\n<>")
			if end < 0 {
				end = len(text)
			}
			out.WriteString("<" + strings.ReplaceAll(text[:end], "&", "&amp;") + ">")
			text = text[end:]
			continue
		}
		switch text[0] {
		case '&':
			out.WriteString("&amp;")
		case '<':
			out.WriteString("&lt;")
		case '>':
			out.WriteString("&gt;")
		default:
			out.WriteByte(text[0])
		}
		text = text[1:]
	}
	return out.String()
}

func isToken(inside string) bool {
	return strings.ContainsAny(inside[:1], "@#!") || strings.HasPrefix(inside, "http://") || strings.HasPrefix(inside, "https://") || strings.HasPrefix(inside, "mailto:")
}
