package demand_test

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"frontdoor/internal/demand"
)

// yearStart is when the year begins: a Monday, midnight UTC.
var yearStart = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// topics are what people ask about, with how often the bot can help and the
// playbook that does.
var topics = []struct {
	topic, action, playbook string
	weight                  int
	answered                float64
	run                     bool
}{
	{"deploys", "rollback", "deploy-rollback", 12, .9, false},
	{"deploys", "status", "deploy-status", 9, .85, false},
	{"databases", "create", "db-create", 8, .8, true},
	{"databases", "restore", "", 3, .2, false},
	{"access", "grant", "access-grant", 10, .75, true},
	{"certificates", "issue", "cert-issue", 5, .9, true},
	{"ci", "failure", "ci-cache", 14, .5, false},
	{"costs", "report", "", 4, .3, false},
	{"previews", "create", "preview-create", 6, .85, true},
	{"", "", "", 6, .4, false},
}

type person struct {
	actor, team string
}

type maker struct {
	*rand.Rand
	people []person
	n      int
	emit   func(demand.Event) bool
	more   bool
}

// aYear yields the events of so many requests over 364 days, in the order in
// which the requests were opened; each request's events follow one another, so
// the times are not in order. The same seed gives the same year.
func aYear(seed uint64, requests int) iter.Seq[demand.Event] {
	return func(yield func(demand.Event) bool) {
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 17)), emit: yield, more: true}
		for i := range max(8, min(4000, requests/40)) {
			m.people = append(m.people, person{fmt.Sprintf("p%04x", i*7919), fmt.Sprintf("team-%d", int(math.Sqrt(float64(i)))%31)})
		}
		weight := 0
		for _, t := range topics {
			weight += t.weight
		}
		for i := range requests {
			if !m.more {
				return
			}
			m.request(i, weight, m.at(i, requests))
		}
	}
}

// at spreads the requests over the year, most of them in working hours.
func (m *maker) at(i, requests int) time.Time {
	day := i * 364 / requests
	if wd := day % 7; wd >= 5 && m.IntN(6) > 0 {
		day -= 1 + wd - 5 // weekends are quiet
	}
	hour := 8 + m.IntN(10)
	if m.IntN(12) == 0 {
		hour = m.IntN(24)
	}
	return yearStart.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(m.IntN(3_600_000))*time.Millisecond)
}

func (m *maker) add(e demand.Event) {
	m.n++
	e.ID = fmt.Sprintf("e%08x", uint32(m.n)*2654435761)
	if m.more {
		m.more = m.emit(e)
	}
}

func (m *maker) request(i, weight int, at time.Time) {
	w := m.IntN(weight)
	t := topics[0]
	for _, t = range topics {
		if w -= t.weight; w < 0 {
			break
		}
	}
	who := m.people[int(float64(len(m.people))*math.Pow(m.Float64(), 2))] // some ask more than others
	id := fmt.Sprintf("r-%07x", uint32(i)*2246822519%(1<<28))
	channel := []string{"help-platform", "help-platform", "deploys", "D" + who.actor}[m.IntN(4)]
	after := func(d time.Duration) time.Time { return at.Add(d) }
	say := func(name demand.Name, d time.Duration, e demand.Event) {
		e.Name, e.Request, e.Time = name, id, after(d)
		m.add(e)
	}
	if m.IntN(25) == 0 {
		m.add(demand.Event{Name: demand.HumanAnswered, Time: after(time.Duration(m.IntN(7200)) * time.Second), Channel: "deploys", Thread: fmt.Sprint(1700000000 + m.IntN(4*i+4)), Actor: m.people[0].actor})
	}
	say(demand.RequestReceived, 0, demand.Event{
		Platform: "slack", Workspace: "T1", Channel: channel, Actor: who.actor, Team: who.team,
		Text: fmt.Sprintf("how do I get %s %s done for service %d?", t.topic, t.action, m.IntN(300)),
		Tags: demand.Tags{Topic: t.topic, Action: t.action, Kind: []string{demand.KindQuestion, demand.KindRequest}[m.IntN(2)], Language: "en"},
	})
	latency := time.Duration(80+m.ExpFloat64()*400) * time.Millisecond
	end := latency
	switch p := m.Float64(); {
	case m.IntN(30) == 0:
		say(demand.RequestIgnored, latency, demand.Event{Reason: "not_confident"})
		if m.IntN(2) == 0 {
			say(demand.HumanAnswered, time.Duration(m.ExpFloat64()*float64(time.Hour)), demand.Event{Actor: m.people[1].actor})
		}
		return
	case p >= t.answered:
		name, reason := demand.RequestUnmatched, "no_match"
		if m.IntN(4) == 0 {
			name, reason = demand.RequestRefused, []string{demand.NoPlaybook, "no_access"}[m.IntN(2)]
		}
		say(name, latency, demand.Event{Reason: reason})
		if m.IntN(3) == 0 {
			say(demand.RequestEscalated, latency+time.Second, demand.Event{To: "@platform-oncall"})
		}
		if m.IntN(2) == 0 {
			say(demand.HumanAnswered, time.Duration(m.ExpFloat64()*3*float64(time.Hour)), demand.Event{Actor: m.people[m.IntN(4)].actor})
		}
		return
	case t.run:
		run := "run-" + id
		say(demand.RequestMatched, latency, demand.Event{Playbook: t.playbook, Confidence: float64(60+m.IntN(40)) / 100})
		say(demand.RequestClarified, latency, demand.Event{Candidates: []string{t.playbook}})
		end += time.Duration(20+m.ExpFloat64()*60) * time.Second
		say(demand.RunStarted, end, demand.Event{Run: run, Playbook: t.playbook})
		end += time.Duration(m.ExpFloat64()*20) * time.Second
		say(demand.RunStepFinished, end, demand.Event{Run: run, Step: "create", OK: true})
		if m.IntN(10) == 0 {
			say(demand.RunFailed, end, demand.Event{Run: run})
		} else {
			say(demand.RunSucceeded, end, demand.Event{Run: run})
		}
	default:
		if t.playbook != "" {
			say(demand.RequestMatched, latency, demand.Event{Playbook: t.playbook, Confidence: float64(50+m.IntN(50)) / 100})
		}
		say(demand.RequestAnswered, latency, demand.Event{LatencyMS: latency.Milliseconds(), Citations: []string{"handbook/" + t.topic + ".md#" + t.action}})
	}
	m.aftermath(say, end, who)
}

// aftermath is what people do with an answer.
func (m *maker) aftermath(say func(demand.Name, time.Duration, demand.Event), end time.Duration, who person) {
	if m.IntN(4) == 0 {
		value := []string{demand.Helpful, demand.Solved, demand.Solved, demand.Unhelpful}[m.IntN(4)]
		say(demand.FeedbackGiven, end+time.Duration(10+m.IntN(900))*time.Second, demand.Event{Actor: who.actor, Value: value})
	}
	if m.IntN(15) == 0 {
		say(demand.FeedbackGiven, end+time.Duration(m.IntN(900))*time.Second, demand.Event{Actor: m.people[m.IntN(len(m.people))].actor, Value: demand.Helpful})
	}
	switch m.IntN(20) {
	case 0:
		say(demand.RequestReopened, end+time.Duration(m.IntN(100))*time.Hour, demand.Event{})
	case 1, 2:
		say(demand.RequestResolved, end+time.Minute, demand.Event{How: demand.Confirmed})
	case 3:
		say(demand.HumanAnswered, end+time.Duration(m.IntN(300))*time.Minute, demand.Event{Actor: m.people[2].actor})
	}
}
