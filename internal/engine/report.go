package engine

import (
	"context"
	"fmt"
	"sync"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/demand"
	"frontdoor/internal/workflow"
)

// runStarted is recorded in the transaction of the message that confirmed it;
// everything later comes from the run's own reports.
const runStarted = demand.RunStarted

// Report says what a run reports in the conversation that it was started from,
// and records it, in one transaction. It is what the runner is given as its
// say function; the report's id makes saying it twice say it once.
func (e *Engine) Report(ctx context.Context, r workflow.Report) error {
	if r.Kind == workflow.ReportStarted {
		return nil // the message that started it has said so
	}
	if err := e.starting.wait(ctx, r.Run.ID); err != nil {
		return err
	}
	reply := chat.Reply{
		ID: "run/" + r.ID, To: r.At, Person: r.By.ID, InReplyTo: r.Message,
		Card: chat.Card{Text: r.Text, Run: r.Run.ID, Request: r.Request},
	}
	ev := event{ID: "run/" + r.ID, Request: r.Request, Time: r.Time, Run: r.Run.ID}
	// All progress of a run is one reply that changes.
	progress := "run/" + r.Run.ID + "/progress"
	switch r.Kind {
	case workflow.ReportStep:
		ev.Name, ev.Step, ev.OK = demand.RunStepFinished, r.Step, r.OK
		reply.Updates = progress
	case workflow.ReportMessage:
		ev.Name, ev.Step, ev.OK = demand.RunStepFinished, r.Step, r.OK
	case workflow.ReportSkipped, workflow.ReportProgress:
		reply.Updates = progress
	case workflow.ReportSucceeded:
		ev.Name = demand.RunSucceeded
		for _, l := range r.Links {
			reply.Card.Text += fmt.Sprintf("\n- [%s](%s)", l.Label, l.URL)
		}
		reply.Card.Buttons = append([]chat.Button{{ID: commands.Command{Verb: commands.Solved, Request: r.Request}.Button(), Label: "That solved it"}, humanButton(r.Request)}, undoButton(r)...)
	case workflow.ReportWaiting:
		if r.Run.Waits == workflow.ForApproval {
			reply.Card.Buttons = []chat.Button{
				{ID: commands.Command{Verb: commands.Approve, Run: r.Run.ID}.Button(), Label: "Approve", Style: "primary"},
				{ID: commands.Command{Verb: commands.Deny, Run: r.Run.ID}.Button(), Label: "Deny", Style: "danger"},
			}
		}
	case workflow.ReportPaused:
		reply.Card.Buttons = []chat.Button{stopButton(r.Run.ID)}
	case workflow.ReportFailed:
		ev.Name = demand.RunFailed
		reply.Card.Buttons = append([]chat.Button{retryButton(r.Run.ID)}, append(undoButton(r), humanButton(r.Request))...)
	case workflow.ReportUnknown:
		reply.Card.Buttons = []chat.Button{retryButton(r.Run.ID), stopButton(r.Run.ID), humanButton(r.Request)}
	case workflow.ReportCancelled:
		ev.Name = demand.RunCancelled
		if r.Undoable {
			reply.Card.Text += fmt.Sprintf(" `undo %s` takes it back.", r.Run.ID)
		}
		reply.Card.Buttons = append(undoButton(r), retryButton(r.Run.ID))
	case workflow.ReportApproved:
		ev.Name, ev.Actor = demand.RunApproved, e.Pseudonym(r.Actor)
	case workflow.ReportDenied:
		ev.Name, ev.Actor = demand.RunDenied, e.Pseudonym(r.Actor) // of nobody where it expired: the format wants one
	}
	if reply.Card.Text == "" {
		reply.Card.Text = fmt.Sprintf("`%s` is %s.", r.Run.ID, stateWords(r.Run))
	}
	var lines [][]byte
	if ev.Name != "" {
		lines = append(lines, ev.Line())
	}
	return e.Conversations.Announce(ctx, r.ID, r.At, []chat.Reply{reply}, lines)
}

// starting are the runs that a message has started or changed and that is not
// committed yet. Their reports wait for it, so that "Started" is said before the
// first step is reported. It is for order only: after a crash there is nobody
// left to wait for.
type starting struct {
	mu   sync.Mutex
	runs map[string]chan struct{}
}

func (s *starting) hold(t *turn, run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs == nil {
		s.runs = map[string]chan struct{}{}
	}
	if s.runs[run] == nil {
		s.runs[run] = make(chan struct{})
	}
	t.held = append(t.held, run)
}

// release lets the reports that the turn held go, committed or not.
func (s *starting) release(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range t.held {
		if committed, ok := s.runs[run]; ok {
			close(committed)
			delete(s.runs, run)
		}
	}
}

func (s *starting) wait(ctx context.Context, run string) error {
	s.mu.Lock()
	committed, ok := s.runs[run]
	s.mu.Unlock()
	if !ok {
		return nil
	}
	select {
	case <-committed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// undoButton is none where there is nothing to take back.
func undoButton(r workflow.Report) []chat.Button {
	if !r.Undoable {
		return nil
	}
	return []chat.Button{{ID: commands.Command{Verb: commands.Undo, Run: r.Run.ID}.Button(), Label: "Undo it"}}
}

func retryButton(run string) chat.Button {
	return chat.Button{ID: commands.Command{Verb: commands.Retry, Run: run}.Button(), Label: "Try again"}
}

func stopButton(run string) chat.Button {
	return chat.Button{ID: commands.Command{Verb: commands.Cancel, Run: run}.Button(), Label: "Stop it", Style: "danger"}
}
