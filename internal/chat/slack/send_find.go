package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"
)

// eventType is the metadata's name of our replies.
const eventType = "frontdoor_reply"

// metadata says in a message which reply it is: id and part find it again, the
// request and the thread say what a reaction to it is about.
func (m mail) metadata(id string, part int) slackgo.SlackMetadata {
	return slackgo.SlackMetadata{EventType: eventType, EventPayload: map[string]any{
		"reply": id, "part": part, "thread": m.r.To.Thread, "request": m.r.Card.Request,
	}}
}

// How far back a reply is looked for: replies are sent again within minutes.
const (
	lookBack  = 6 * time.Hour
	lookPages = 5
	lookLimit = 200
)

// find looks for a reply's parts in a channel or thread. found is the ts of
// each part that is there.
func (m mail) find(ctx context.Context, channel, thread, id string) (found map[int]string, err error) {
	found = map[int]string{}
	oldest := strconv.FormatInt(m.s.o.Now().Add(-lookBack).Unix(), 10)
	cursor := ""
	for range lookPages {
		var messages []slackgo.Message
		method := "conversations.history"
		if thread != "" {
			method = "conversations.replies"
		}
		err := m.do(ctx, Call{Method: method, Repeatable: true}, func(ctx context.Context) error {
			var err error
			if thread == "" {
				var page *slackgo.GetConversationHistoryResponse
				page, err = m.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
					ChannelID: channel, Cursor: cursor, Limit: lookLimit, Oldest: oldest, IncludeAllMetadata: true,
				})
				if err == nil {
					messages, cursor = page.Messages, page.ResponseMetaData.NextCursor
				}
				return err
			}
			var next string
			messages, _, next, err = m.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: thread, Cursor: cursor, Limit: lookLimit, Oldest: oldest, IncludeAllMetadata: true,
			})
			if err == nil {
				cursor = next
			}
			return err
		})
		var no *Refused
		if errors.As(err, &no) && (no.Code == "thread_not_found" || no.absent()) {
			return found, nil // where nobody lets us in, nothing of ours stands
		}
		if err != nil {
			return found, fmt.Errorf("read %s: %w", channel, err)
		}
		for _, one := range messages {
			meta := one.Metadata
			if meta.EventType != eventType || meta.EventPayload["reply"] != id && meta.EventPayload["now"] != id {
				continue
			}
			part, _ := meta.EventPayload["part"].(float64)
			found[int(part)] = one.Timestamp
		}
		if cursor == "" {
			break
		}
	}
	return found, nil
}

// upload shares a text as a file. One that may be there twice is better than
// none: Slack keeps no metadata of files.
func (m mail) upload(ctx context.Context, f Snippet, channel, thread string) error {
	return m.do(ctx, Call{Method: "files.completeUploadExternal", Repeatable: true}, func(ctx context.Context) error {
		_, err := m.api.UploadFileContext(ctx, slackgo.UploadFileParameters{
			Filename: f.Name, Title: f.Title, Content: f.Content, FileSize: len(f.Content), Channel: channel, ThreadTimestamp: thread,
		})
		return err
	})
}

// maxSaid is how many replies are known by where they stand.
const maxSaid = 20_000

// place is where a reply stands. origin is the id of the reply that was first
// said there.
type place struct{ channel, thread, ts, origin string }

// recent is a map that forgets the oldest.
type recent struct {
	mu    sync.Mutex
	most  int
	known map[string]place
	order []string
}

func newRecent(most int) *recent { return &recent{most: most, known: map[string]place{}} }

func (r *recent) get(id string) (place, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.known[id]
	return p, ok
}

func (r *recent) put(id string, p place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[id]; !ok {
		if len(r.order) >= r.most {
			delete(r.known, r.order[0])
			r.order = r.order[1:]
		}
		r.order = append(r.order, id)
	}
	r.known[id] = p
}
