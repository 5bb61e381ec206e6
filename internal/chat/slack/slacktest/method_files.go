package slacktest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxSnippet = 1 << 20 // bytes

func filesGetUploadURLExternal(c *call) (object, *refusal) {
	length := c.number("length")
	switch {
	case length <= 0:
		return nil, refuse("missing_argument")
	case len([]rune(c.text("alt_txt"))) > 1000:
		return nil, refuse("alt_txt_too_large")
	case c.text("snippet_type") != "" && length > maxSnippet:
		return nil, refuse("snippet_too_large")
	}
	f := &File{ID: c.s.newID("F"), Name: c.text("filename"), Type: c.text("snippet_type"), length: length, team: c.team}
	c.s.uploads[f.ID] = f
	return object{"upload_url": c.s.URL() + "/upload/" + f.ID, "file_id": f.ID}, nil
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	entry := Call{Kind: KindUpload, Method: "upload", Status: http.StatusOK}
	fault := s.faults.take("upload")
	if fault.instead() {
		entry.Error = "fault: " + string(fault.Kind)
		s.record.add(entry, began)
		fault.before(s.ctx, w, r)
		return
	}
	fault.before(s.ctx, w, r)
	fail := func(status int, code string) {
		entry.Status, entry.Error = status, code
		http.Error(w, code, status)
		s.record.add(entry, began)
	}
	body, err := uploadedBytes(w, r)
	s.mu.Lock()
	f := s.uploads[r.PathValue("id")]
	switch {
	case r.Method != http.MethodPost:
		s.mu.Unlock()
		fail(http.StatusMethodNotAllowed, "method_not_allowed")
		return
	case f == nil || f.uploaded:
		s.mu.Unlock()
		fail(http.StatusNotFound, "file_not_found")
		return
	case err != nil || len(body) != f.length:
		s.mu.Unlock()
		fail(http.StatusBadRequest, "length_mismatch")
		return
	}
	f.Content, f.uploaded = body, true
	s.mu.Unlock()
	s.record.add(entry, began)
	if fault.after(w) {
		_, _ = io.WriteString(w, "OK - "+http.StatusText(http.StatusOK))
	}
}

// uploadedBytes are the file's, from a form's field or as they are.
func uploadedBytes(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<20)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return io.ReadAll(r.Body)
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := reader.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	_, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s.mu.Lock()
	f, t := s.uploads[r.PathValue("id")], s.tokens[bearer]
	s.mu.Unlock()
	if f == nil || t == nil || !f.shared {
		http.Error(w, "file_not_found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.Content)
}

func filesCompleteUploadExternal(c *call) (object, *refusal) {
	var files []File
	var stored []*File
	for _, one := range c.list("files") {
		o, _ := one.(map[string]any)
		id, _ := o["id"].(string)
		f := c.s.uploads[id]
		if f == nil || f.team != c.team || !f.uploaded || f.shared {
			return nil, refuse("file_not_found")
		}
		f.Title = f.Name
		if title, ok := o["title"].(string); ok && title != "" {
			f.Title = title
		}
		files, stored = append(files, *f), append(stored, f)
	}
	if len(files) == 0 {
		return nil, refuse("invalid_arguments").with("[ERROR] no fewer than 1 items allowed [json-pointer:/files]")
	}
	ids := c.ids("channels")
	if id := c.text("channel_id"); id != "" {
		ids = append([]string{id}, ids...)
	}
	if len(ids) > 100 {
		return nil, refuse("channels_limit_exceeded")
	}
	var targets []*Channel
	for _, id := range ids {
		c.args["channel"] = id
		ch, refused := c.postTo()
		delete(c.args, "channel")
		if refused == nil {
			refused = c.threadArg(ch)
		}
		if refused != nil {
			return nil, refused
		}
		targets = append(targets, ch)
	}
	for _, f := range stored {
		f.shared = true
	}
	for _, ch := range targets {
		m := c.compose()
		m.Subtype, m.Text, m.Files = "file_share", c.text("initial_comment"), slices.Clone(files)
		ch.add(m)
		c.s.echo(ch, m)
	}
	list := []object{}
	for _, f := range files {
		list = append(list, c.s.wireFile(f))
	}
	return object{"files": list}, nil
}

// Status is what the bot says that it does in a thread.
type Status struct {
	Text    string
	Loading []string
	until   time.Duration
}

// Prompt is a suggestion that a click sends as a message.
type Prompt struct {
	Title   string
	Message string
}

func (c *call) assistantThread() (*Channel, string, *refusal) {
	ch, refused := c.channelArg("channel_id")
	if refused != nil {
		return nil, "", refused
	}
	ts := c.text("thread_ts")
	if ts != "" && ch.byTS[ts] == nil {
		return nil, "", refuse("invalid_thread_ts")
	}
	return ch, ch.ID + " " + ts, nil
}

func assistantSetStatus(c *call) (object, *refusal) {
	ch, key, refused := c.assistantThread()
	if refused != nil {
		return nil, refused
	}
	if len(c.list("loading_messages")) > 10 {
		return nil, refuse("invalid_arguments").with("[ERROR] no more than 10 items allowed [json-pointer:/loading_messages]")
	}
	if !ch.has(c.team) {
		return nil, refuse("channel_not_found")
	}
	delete(c.s.statuses, key)
	if c.text("status") != "" {
		st := &Status{Text: c.text("status"), until: c.s.clock.now() + 2*time.Minute}
		for _, one := range c.list("loading_messages") {
			text, _ := one.(string)
			st.Loading = append(st.Loading, text)
		}
		c.s.statuses[key] = st
	}
	c.s.touchLocked()
	return object{}, nil
}

func assistantSetSuggestedPrompts(c *call) (object, *refusal) {
	_, key, refused := c.assistantThread()
	if refused != nil {
		return nil, refused
	}
	check := &checker{}
	listOf(1, 4, obj(shape{fields: map[string]field{"title": must(str(1, 255)), "message": must(str(1, 3000))}}))(check, "/prompts", c.args["prompts"])
	if len(check.faults) > 0 {
		return nil, refuse("invalid_arguments").with(check.faults...)
	}
	var prompts []Prompt
	for _, one := range c.list("prompts") {
		o, _ := one.(map[string]any)
		title, _ := o["title"].(string)
		message, _ := o["message"].(string)
		prompts = append(prompts, Prompt{title, message})
	}
	c.s.prompts[key] = prompts
	c.s.touchLocked()
	return object{}, nil
}

func assistantSetTitle(c *call) (object, *refusal) {
	_, key, refused := c.assistantThread()
	if refused != nil {
		return nil, refused
	}
	c.s.titles[key] = c.text("title")
	c.s.touchLocked()
	return object{}, nil
}
