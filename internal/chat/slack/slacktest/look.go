package slacktest

import (
	"regexp"
	"slices"
)

// Messages are the channel's messages outside threads, the oldest first.
func (s *Server) Messages(ch *Channel) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range ch.log {
		if m.Thread == "" || m.Thread == m.TS || m.Subtype == "thread_broadcast" {
			all = append(all, m.copy())
		}
	}
	return all
}

// Log is everything that was said in the channel, threads too, the oldest
// first.
func (s *Server) Log(ch *Channel) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copies(ch.log)
}

// Thread is the message of that ts and the replies to it.
func (s *Server) Thread(ch *Channel, ts string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := ch.byTS[ts]
	if root == nil {
		return nil
	}
	return copies(append([]*Message{root}, ch.threads[ts]...))
}

func copies(messages []*Message) []Message {
	var all []Message
	for _, m := range messages {
		all = append(all, m.copy())
	}
	return all
}

var pings = regexp.MustCompile(`<(@[A-Z0-9]+|!channel|!here|!everyone|!subteam\^[A-Z0-9]+)[|>]`)

// Pings are whom the message notifies by its text and blocks, each once:
// @U… for a person, !subteam^S… for a group, !channel, !here and !everyone.
func (m Message) Pings() []string {
	var all []string
	for _, found := range pings.FindAllStringSubmatch(m.Text, -1) {
		all = append(all, found[1])
	}
	for _, b := range m.Blocks {
		all = append(all, pinged(b)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func pinged(value any) []string {
	var all []string
	switch v := value.(type) {
	case string:
		for _, found := range pings.FindAllStringSubmatch(v, -1) {
			all = append(all, found[1])
		}
	case []any:
		for _, one := range v {
			all = append(all, pinged(one)...)
		}
	case map[string]any:
		switch v["type"] {
		case "user":
			all = append(all, "@"+asText(v["user_id"]))
		case "usergroup":
			all = append(all, "!subteam^"+asText(v["usergroup_id"]))
		case "broadcast":
			all = append(all, "!"+asText(v["range"]))
		}
		for _, one := range v {
			all = append(all, pinged(one)...)
		}
	}
	return all
}

// Message is the message of that ts, as it stands now.
func (s *Server) Message(ch *Channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ch.byTS[ts]
	if m == nil {
		return Message{}, false
	}
	return m.copy(), true
}

// FromBot are the app's own messages in the channel, threads too.
func (s *Server) FromBot(ch *Channel) []Message {
	return slices.DeleteFunc(s.Log(ch), func(m Message) bool { return m.App != s.opts.AppID })
}

// Ephemerals are the messages that only this person sees, the oldest first.
func (s *Server) Ephemerals(u *User) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copies(u.ephemerals)
}

// Views are the modals that the person has open, the one in front last.
func (s *Server) Views(u *User) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []View
	for _, v := range u.stack {
		all = append(all, v.snapshot())
	}
	return all
}

// Home is what the app has published on the person's Home tab.
func (s *Server) Home(u *User) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.home == nil {
		return View{}, false
	}
	return u.home.snapshot(), true
}

// Status is what the bot says that it does in the thread, for two minutes.
func (s *Server) Status(ch *Channel, thread string) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.statuses[ch.ID+" "+thread]
	if st == nil || st.until < s.clock.now() {
		return Status{}, false
	}
	return *st, true
}

// Prompts are the suggestions of the thread, or with "" of the conversation.
func (s *Server) Prompts(ch *Channel, thread string) []Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.prompts[ch.ID+" "+thread])
}

// ThreadTitle is the title that the bot gave the thread.
func (s *Server) ThreadTitle(ch *Channel, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.titles[ch.ID+" "+thread]
}

// People lists the workspace's people and bots in the order of their joining.
func (t *Team) People() []*User {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return slices.Clone(t.users)
}

// Channels lists the workspace's conversations, direct ones too.
func (t *Team) Channels() []*Channel {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return slices.Clone(t.channels)
}

// Members are the ids of who is in the channel, in the order of their joining.
func (c *Channel) Members() []string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return slices.Clone(c.joined)
}

// Person is the person or bot of an id.
func (s *Server) Person(id string) (*User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	return u, ok
}

// Place is the channel of an id.
func (s *Server) Place(id string) (*Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[id]
	return c, ok
}
