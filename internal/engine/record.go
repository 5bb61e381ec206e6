package engine

import (
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/demand"
	"frontdoor/internal/playbook"
)

// event is a demand event that lacks only what all events of a turn share.
type event = demand.Event

// record adds a demand event of the open request. Its id derives from the
// message and its place in the turn.
func (t *turn) record(ev event) {
	ev.ID = derive(t.message, "event/"+itoa(len(t.events)))
	ev.Time = t.now
	if ev.Request == "" && ev.Thread == "" {
		ev.Request = t.talk.Request
	}
	t.events = append(t.events, ev)
}

// begin opens a request with this message, whatever was open before.
func (t *turn) begin(e *Engine, kind string, p *playbook.Playbook) {
	if t.opened {
		t.opened = false // its words were recorded when they were said
		return
	}
	t.talk.Close()
	// Redacted before it is cut: half a secret is no secret to the rules.
	t.reset(t.received(e, kind, p, t.text), clip(e.redacted(t.text), maxKept))
}

// reset makes the request the open one, of which nothing else is known.
func (t *turn) reset(request, text string) {
	talk := t.talk
	talk.Request, talk.Text = request, text
	talk.Opened, talk.Over, talk.Answered = t.message.Time, false, false
	talk.Playbook, talk.Topic, talk.Run, talk.Inputs = "", "", "", nil
	talk.Tried, talk.Quoted = nil, nil
}

// received records a request of its own for the text, and returns its id.
func (t *turn) received(e *Engine, kind string, p *playbook.Playbook, text string) string {
	id := derive(t.message, "request/"+itoa(t.requests()))
	t.record(event{
		Name: demand.RequestReceived, Request: id,
		Platform: t.message.At.Platform, Workspace: t.message.At.Workspace, Channel: channelName(t.message.At),
		Actor: e.Pseudonym(t.person.ID), Team: t.person.Team, Text: clip(e.redacted(text), maxKept), Tags: tags(p, kind, text),
	})
	// What was asked counts from when it was sent, not from when we got to it.
	t.events[len(t.events)-1].Time = t.message.Time
	return id
}

func (t *turn) requests() int {
	n := 0
	for _, ev := range t.events {
		if ev.Name == demand.RequestReceived {
			n++
		}
	}
	return n
}

// latency is the time since the message was sent, in milliseconds.
func (t *turn) latency() int64 {
	return max(0, t.now.Sub(t.message.Time).Milliseconds())
}

// tags are what is known of a request at once.
func tags(p *playbook.Playbook, kind, text string) demand.Tags {
	out := demand.Tags{Kind: kind, Environment: demand.Environment(text), Language: demand.Language(text)}
	if p != nil {
		out.Topic, out.Action = p.Tags["topic"], p.Tags["action"]
	}
	return out
}

func channelName(at chat.Address) string {
	if at.Name != "" {
		return at.Name
	}
	return at.Channel
}

// lines are the turn's events as the stream wants them.
func (t *turn) lines() [][]byte {
	out := make([][]byte, len(t.events))
	for i, ev := range t.events {
		out[i] = ev.Line()
	}
	return out
}

// matched notes the playbook that the request goes to.
func (t *turn) matched(p *playbook.Playbook, confidence float64) {
	t.talk.Playbook, t.talk.Topic = p.ID, p.Tags["topic"]
	t.record(event{Name: demand.RequestMatched, Playbook: p.ID, Confidence: confidence})
}

// answered notes an answer, and what it cites.
func (t *turn) answered(citations []chat.Citation) {
	t.talk.Answered = true
	pages := []string{}
	seen := map[string]bool{}
	for _, c := range citations {
		page := c.Page
		if c.Anchor != "" {
			page += "#" + c.Anchor
		}
		if !seen[page] {
			seen[page] = true
			pages = append(pages, page)
		}
	}
	t.record(event{Name: demand.RequestAnswered, LatencyMS: t.latency(), Citations: pages})
}

// maxKept is how much of a request's words is kept, in code points.
const maxKept = 4000

// pendingFor is how long a question of ours stays open.
const pendingFor = 30 * time.Minute
