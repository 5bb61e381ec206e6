package slacktest

import (
	"slices"
	"time"
)

// What happens to a message.
const (
	Posted    = "posted"    // it stands in a channel, by whomever
	Changed   = "changed"   // it was updated, edited or streamed on
	Deleted   = "deleted"   // it is gone
	Whispered = "whispered" // one person sees it
)

// Change is one thing that happened to a message.
type Change struct {
	Kind    string // Posted, Changed, Deleted or Whispered
	At      time.Time
	Message Message // as it stands now, or stood before it was deleted; without blocks, reactions and files
}

// watchers are called in the order in which they came.
type watchers[T any] struct{ all []*func(T) }

func (w *watchers[T]) add(do func(T)) *func(T) {
	w.all = append(slices.Clone(w.all), &do)
	return &do
}

func (w *watchers[T]) remove(do *func(T)) {
	w.all = slices.DeleteFunc(slices.Clone(w.all), func(other *func(T)) bool { return other == do })
}

// OnMessage calls do for every change of a message from now on, until stop: for
// load tests, that cannot look again after each change as Await does. do is
// called while the server is locked: it must be quick and call none of its
// methods.
func (s *Server) OnMessage(do func(Change)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	handle := s.onMessage.add(do)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.onMessage.remove(handle)
	}
}

// tell reports a change. The caller holds the lock.
func (s *Server) tell(kind string, m *Message) {
	s.touchLocked()
	if len(s.onMessage.all) == 0 {
		return
	}
	c := Change{Kind: kind, At: time.Now(), Message: m.light()}
	for _, do := range s.onMessage.all {
		(*do)(c)
	}
}

// OnCall calls do for every line of the journal from now on, until stop, also
// when none is kept: each call of the bot's, each attempt of a delivery with
// the time until its acknowledgement. do is called by the goroutine that serves
// the call and may call the server.
func (s *Server) OnCall(do func(Call)) (stop func()) {
	j := s.record
	j.mu.Lock()
	defer j.mu.Unlock()
	handle := j.on.add(do)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.on.remove(handle)
	}
}
