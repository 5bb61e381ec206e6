package demand

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// returnWithin is how long after the last answer or run a reopening or a later
// request shows that it did not help, in ms; the bound itself counts.
const returnWithin = 72 * 3600 * 1000

// never is a time that did not come.
const never = int64(-1) << 63

// outcome is one request with what became of it.
type outcome struct {
	id        string
	first     int64 // first message
	actor     int32
	team      int32
	channel   int32
	topic     int32
	playbook  int32 // the last matched
	ignored   bool
	answered  bool // as in answered_rate
	escalated bool
	succeeded bool
	human     bool // a person answered
	confirmed bool // request_resolved with how confirmed
	returned  bool
	unmet     bool
	judged    bool  // any feedback
	opinion   uint8 // the asker's last feedback, 0 where there is none
	positive  int32 // of the last feedback of each person
	people    int32 // who gave feedback
	done      int64 // last answer or succeeded run
	reply     int64 // first answer, clarification or started run
	humanAt   int64 // first human answer
	value     int64 // the need was met
}

// outcomes folds every request that has been received.
func (h *history) outcomes() []outcome {
	const share = 20_000 // requests that are worth a goroutine
	parts := make([][]outcome, (len(h.requests)+share-1)/share)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(len(parts), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			var f folder
			for i := int(next.Add(1)) - 1; i < len(parts); i = int(next.Add(1)) - 1 {
				chains := h.requests[i*share : min((i+1)*share, len(h.requests))]
				part := make([]outcome, 0, len(chains))
				for _, c := range chains {
					if o, ok := f.fold(h, c); ok {
						part = append(part, o)
					}
				}
				parts[i] = part
			}
		})
	}
	wg.Wait()
	all := slices.Concat(parts...)
	markReturned(all)
	return all
}

// folder keeps its slices from one request to the next.
type folder struct {
	answers  []int64
	reopened []int64
	opinions []said
}

type said struct {
	time  int64
	id    string
	actor int32
	flag  uint8
}

// fold reads one request's events in any order. It reports false for a
// request of which no message has been seen.
func (f *folder) fold(h *history, c chain) (outcome, bool) {
	o := outcome{id: c.id, done: never, reply: never, humanAt: never, value: never}
	f.answers, f.reopened, f.opinions = f.answers[:0], f.reopened[:0], f.opinions[:0]
	seen := false
	var receivedID, matchedID string
	matchedAt, firstRun, resolvedAt, unmetAt := never, never, never, never
	for i := c.head; i >= 0; i = h.moments[i].next {
		m := &h.moments[i]
		switch m.kind {
		case received:
			r := &h.receipts[m.more]
			if !seen || m.time < o.first || m.time == o.first && r.id < receivedID {
				seen = true
				o.first, receivedID = m.time, r.id
				o.actor, o.team, o.channel, o.topic = r.actor, r.team, r.channel, r.topic
			}
		case matched:
			r := &h.matches[m.more]
			if matchedAt == never || m.time > matchedAt || m.time == matchedAt && r.id > matchedID {
				matchedAt, matchedID, o.playbook = m.time, r.id, r.playbook
			}
		case answered:
			o.answered = true
			f.answers = append(f.answers, m.time)
			o.reply = earlier(o.reply, m.time)
			o.done = max(o.done, m.time)
		case clarified:
			o.reply = earlier(o.reply, m.time)
		case runStarted:
			o.reply = earlier(o.reply, m.time)
		case runSucceeded:
			o.answered, o.succeeded = true, true
			firstRun = earlier(firstRun, m.time)
			o.done = max(o.done, m.time)
		case refused:
			if m.flag == 1 {
				unmetAt = max(unmetAt, m.time)
			}
		case unmatched:
			unmetAt = max(unmetAt, m.time)
		case ignored:
			o.ignored = true
		case escalated:
			o.escalated = true
		case resolved:
			if m.flag == 1 {
				o.confirmed = true
				resolvedAt = earlier(resolvedAt, m.time)
			}
		case reopened:
			f.reopened = append(f.reopened, m.time)
		case feedback:
			r := &h.opinions[m.more]
			f.opinions = append(f.opinions, said{m.time, r.id, r.actor, m.flag})
		case humanAnswered:
			o.human = true
			o.humanAt = earlier(o.humanAt, m.time)
		}
	}
	if !seen {
		return o, false
	}
	confirmedAt := earlier(f.judge(&o), resolvedAt)
	o.value = firstRun
	if confirmedAt != never {
		last := never
		for _, t := range f.answers {
			if t <= confirmedAt {
				last = max(last, t)
			}
		}
		o.value = earlier(o.value, last)
	}
	for _, t := range f.reopened {
		if o.done != never && t > o.done && t <= o.done+returnWithin {
			o.returned = true
		}
	}
	o.unmet = o.escalated || o.answered && o.opinion == flagUnhelpful || unmetAt != never && o.done <= unmetAt
	return o, true
}

// judge settles the last feedback of each person and returns when the asker
// said that it is solved, if that was their last word.
func (f *folder) judge(o *outcome) (solved int64) {
	solved = never
	if len(f.opinions) == 0 {
		return solved
	}
	o.judged = true
	slices.SortFunc(f.opinions, func(a, b said) int {
		return cmp.Or(cmp.Compare(a.actor, b.actor), cmp.Compare(a.time, b.time), cmp.Compare(a.id, b.id))
	})
	for i, s := range f.opinions {
		if i+1 < len(f.opinions) && f.opinions[i+1].actor == s.actor {
			continue // not their last
		}
		o.people++
		if s.flag != flagUnhelpful {
			o.positive++
		}
		if s.actor == o.actor {
			o.opinion = s.flag
			if s.flag == flagSolved {
				solved = s.time
			}
		}
	}
	return solved
}

// markReturned looks for a later request of the same person on the same topic.
func markReturned(all []outcome) {
	slots := map[uint64]int32{}
	var counts []int32
	slotOf := make([]int32, len(all))
	for i := range all {
		o := &all[i]
		slotOf[i] = -1
		if o.ignored || o.topic == 0 {
			continue
		}
		key := uint64(uint32(o.actor))<<32 | uint64(uint32(o.topic))
		s, ok := slots[key]
		if !ok {
			s = int32(len(counts))
			slots[key] = s
			counts = append(counts, 0)
		}
		slotOf[i] = s
		counts[s]++
	}
	starts := make([]int32, len(counts)+1)
	for i, n := range counts {
		starts[i+1] = starts[i] + n
	}
	members := make([]int32, starts[len(counts)])
	fill := slices.Clone(starts)
	for i, s := range slotOf {
		if s >= 0 {
			members[fill[s]] = int32(i)
			fill[s]++
		}
	}
	for s := range counts {
		group := members[starts[s]:starts[s+1]]
		if len(group) < 2 {
			continue
		}
		slices.SortFunc(group, func(a, b int32) int { return cmp.Compare(all[a].first, all[b].first) })
		for _, i := range group {
			o := &all[i]
			if o.returned || o.done == never {
				continue
			}
			next, _ := slices.BinarySearchFunc(group, o.done, func(j int32, done int64) int {
				if all[j].first <= done {
					return -1
				}
				return 1
			})
			if next < len(group) && group[next] == i {
				next++ // its own first message came after its answer, by another clock
			}
			o.returned = next < len(group) && all[group[next]].first <= o.done+returnWithin
		}
	}
}

func earlier(a, b int64) int64 {
	if a == never || b != never && b < a {
		return b
	}
	return a
}
