package slacktest

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// FaultKind is one way in which an answer goes wrong.
type FaultKind string

// What can happen to a call. With CutAfter, BrokenAfter and Slow it has its
// effect, with the others none.
const (
	Broken      FaultKind = "broken"       // the Status (500 by default), nothing done
	Hang        FaultKind = "hang"         // no answer at all until the client goes
	Cut         FaultKind = "cut"          // the connection ends, nothing done
	CutAfter    FaultKind = "cut after"    // the call is done, then the connection ends: delivery is unknown
	BrokenAfter FaultKind = "broken after" // the call is done, then the Status is answered
	Slow        FaultKind = "slow"         // the call is done after Delay
	Malformed   FaultKind = "malformed"    // 200 with half a JSON object, nothing done
	HTML        FaultKind = "html"         // 200 with a page of HTML, nothing done
	Limited     FaultKind = "limited"      // 429 with a Retry-After of Delay
)

// Fault spoils calls.
type Fault struct {
	Method string // of the Web API; response_url or upload; "" is all of these
	Kind   FaultKind
	Status int           // for Broken; 0 is 500
	Delay  time.Duration // for Slow and Limited
	Skip   int           // so many calls go well before
	Times  int           // so many calls are spoilt; 0 is every one until it is healed
}

type faults struct {
	mu     sync.Mutex
	active []*activeFault
}

type activeFault struct {
	Fault
	healed bool
}

// Inject spoils calls from now on. heal ends it.
func (s *Server) Inject(f Fault) (heal func()) {
	active := &activeFault{Fault: f}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, active)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		active.healed = true
	}
}

// take is the fault for this call, nil for none.
func (f *faults) take(method string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.active {
		switch {
		case a.healed || a.Method != "" && a.Method != method:
		case a.Skip > 0:
			a.Skip--
		default:
			if a.Times > 0 {
				if a.Times--; a.Times == 0 {
					a.healed = true
				}
			}
			taken := a.Fault
			return &taken
		}
	}
	return nil
}

// instead tells whether something happens in place of the call.
func (f *Fault) instead() bool {
	return f != nil && f.Kind != CutAfter && f.Kind != BrokenAfter && f.Kind != Slow
}

// before does what happens before the call, or instead of it.
func (f *Fault) before(life context.Context, w http.ResponseWriter, r *http.Request) {
	if f == nil {
		return
	}
	switch f.Kind {
	case Broken:
		http.Error(w, "upstream connect error", cmp.Or(f.Status, http.StatusInternalServerError))
	case Hang:
		select {
		case <-r.Context().Done():
		case <-life.Done():
		}
		panic(http.ErrAbortHandler)
	case Cut:
		panic(http.ErrAbortHandler)
	case Malformed:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte(`{"ok":true,"channel":"C00`))
	case HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something has gone awry.</body></html>"))
	case Limited:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.Delay.Seconds()))))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"ok":false,"error":"ratelimited"}`))
	case Slow:
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		case <-life.Done():
		}
	}
}

// after does what happens to the answer of a call that was done. It returns
// false when there is none.
func (f *Fault) after(w http.ResponseWriter) bool {
	switch {
	case f == nil:
		return true
	case f.Kind == CutAfter:
		panic(http.ErrAbortHandler)
	case f.Kind == BrokenAfter:
		http.Error(w, "upstream connect error", cmp.Or(f.Status, http.StatusInternalServerError))
		return false
	}
	return true
}
