package demand

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// By is what a report is grouped by; the zero value is one group, "".
type By string

// The groupings.
const (
	ByTopic    By = "topic"
	ByPlaybook By = "playbook"
	ByTeam     By = "team"
	ByChannel  By = "channel"
	ByWeek     By = "week"
)

// Query says what to report on.
type Query struct {
	Since, Until time.Time // by a request's first message, until excluded; zero is no bound
	Now          time.Time // later events do not exist; zero is the clock
	By           By
	// SmallGroup folds each team of fewer people into the group "other"; 1 and
	// less fold nothing.
	SmallGroup int
	// Hours knows a person's business hours by pseudonym; nil, or false, is
	// Monday to Friday, 9 to 17, UTC.
	Hours func(actor string) (Hours, bool)
}

// Figure is one figure of one group. What is unknown or makes no sense is nil:
// a ratio without denominator, a percentile of nothing. N is how many
// observations stand behind the value: requests, durations, or opinions.
type Figure struct {
	Figure      string   `json:"figure"`
	Group       string   `json:"group"`
	Value       *float64 `json:"value"`
	Numerator   *int     `json:"numerator"`
	Denominator *int     `json:"denominator"`
	Low         *float64 `json:"low"`
	High        *float64 `json:"high"`
	N           int      `json:"n"`
}

// The groups that no record names.
const (
	groupNone  = "none"
	groupOther = "other"
)

// Report computes every figure from the events, by figure in the order of the
// definitions and then by group as text.
func (w *Warehouse) Report(ctx context.Context, q Query) ([]Figure, error) {
	switch q.By {
	case "", ByTopic, ByPlaybook, ByTeam, ByChannel, ByWeek:
	default:
		return nil, fmt.Errorf("report demand: unknown grouping %q; write topic, playbook, team, channel or week", q.By)
	}
	now := q.Now
	if now.IsZero() {
		now = time.Now()
	}
	h, err := w.load(ctx, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("report demand: %w", err)
	}
	return h.report(q), nil
}

// tally collects one group.
type tally struct {
	group                                     string
	requests, threads                         int
	people, teams                             map[int32]struct{}
	answered, confirmed, assumed, unknown     int
	judged, positive, opinions                int
	finished, unmet                           int
	reply, humanReply, value, valueInBusiness []int64
}

func (h *history) report(q Query) []Figure {
	since, until := never, int64(1)<<62
	if !q.Since.IsZero() {
		since = ceilMilli(q.Since)
	}
	if !q.Until.IsZero() {
		until = ceilMilli(q.Until)
	}
	tallies := map[string]*tally{}
	group := func(name string) *tally {
		t := tallies[name]
		if t == nil {
			t = &tally{group: name, people: map[int32]struct{}{}, teams: map[int32]struct{}{}}
			tallies[name] = t
		}
		return t
	}
	if q.By == "" {
		group("")
	}
	name := h.grouping(q)
	all := h.outcomes()
	if q.By == ByTeam && q.SmallGroup > 1 {
		name = h.foldSmall(q, all, since, until, name)
	}
	byWeek := weeks{}
	for i := range all {
		o := &all[i]
		if o.first < since || o.first >= until {
			continue
		}
		if o.ignored && !o.human {
			continue
		}
		var g *tally
		if q.By == ByWeek {
			g = group(byWeek.of(o.first))
		} else {
			g = group(name(o))
		}
		if o.ignored {
			g.threads++
		} else {
			h.tally(g, o, q)
		}
	}
	for t, first := range h.threads {
		if first < since || first >= until {
			continue
		}
		switch q.By {
		case "":
			group("").threads++
		case ByChannel:
			group(orNone(h.words[t.channel])).threads++
		case ByWeek:
			group(byWeek.of(first)).threads++
		}
	}
	names := make([]string, 0, len(tallies))
	for n := range tallies {
		names = append(names, n)
	}
	slices.Sort(names)
	groups := make([]*tally, len(names))
	for i, n := range names {
		groups[i] = tallies[n]
	}
	return figures(groups, q.By)
}

// grouping returns the name of a request's group, for all but ByWeek.
func (h *history) grouping(q Query) func(*outcome) string {
	switch q.By {
	case ByTopic:
		return func(o *outcome) string { return orNone(h.words[o.topic]) }
	case ByPlaybook:
		return func(o *outcome) string { return orNone(h.words[o.playbook]) }
	case ByTeam:
		return func(o *outcome) string { return orNone(h.words[o.team]) }
	case ByChannel:
		return func(o *outcome) string { return orNone(h.words[o.channel]) }
	}
	return func(*outcome) string { return "" }
}

func orNone(s string) string {
	if s == "" {
		return groupNone
	}
	return s
}

// foldSmall wraps name so that groups of fewer than q.SmallGroup people in the
// window, askers of ignored requests not among them, are "other".
func (h *history) foldSmall(q Query, all []outcome, since, until int64, name func(*outcome) string) func(*outcome) string {
	people := map[string]map[int32]struct{}{}
	for i := range all {
		o := &all[i]
		if o.first < since || o.first >= until || o.ignored {
			continue
		}
		n := name(o)
		if people[n] == nil {
			people[n] = map[int32]struct{}{}
		}
		people[n][o.actor] = struct{}{}
	}
	return func(o *outcome) string {
		if n := name(o); len(people[n]) >= q.SmallGroup {
			return n
		}
		return groupOther
	}
}

// count adds one request that was not ignored.
func (h *history) tally(g *tally, o *outcome, q Query) {
	g.requests++
	g.people[o.actor] = struct{}{}
	if o.team != 0 {
		g.teams[o.team] = struct{}{}
	}
	if o.answered {
		g.answered++
		if o.judged {
			g.judged++
		}
	}
	switch {
	case !o.answered, o.escalated, o.opinion == flagUnhelpful, o.returned:
	case o.succeeded, o.opinion == flagSolved, o.confirmed:
		g.confirmed++
	case o.human:
	case o.topic != 0 && h.now > o.done+returnWithin:
		g.assumed++
	default:
		g.unknown++
	}
	g.opinions += int(o.people)
	g.positive += int(o.positive)
	if o.unmet {
		g.unmet++
	}
	if o.reply != never {
		g.reply = append(g.reply, o.reply-o.first)
	}
	if o.humanAt != never {
		g.humanReply = append(g.humanReply, o.humanAt-o.first)
	}
	if o.value != never {
		g.finished++
		g.value = append(g.value, o.value-o.first)
		hours := office
		if q.Hours != nil {
			if known, ok := q.Hours(h.words[o.actor]); ok {
				hours = known
			}
		}
		g.valueInBusiness = append(g.valueInBusiness, hours.between(o.first, o.value))
	}
}

// figures turns the groups into lines.
func figures(groups []*tally, by By) []Figure {
	var wg sync.WaitGroup
	for _, of := range []func(*tally) []int64{
		func(g *tally) []int64 { return g.reply },
		func(g *tally) []int64 { return g.humanReply },
		func(g *tally) []int64 { return g.value },
		func(g *tally) []int64 { return g.valueInBusiness },
	} {
		wg.Go(func() {
			for _, g := range groups {
				slices.Sort(of(g))
			}
		})
	}
	wg.Wait()
	var out []Figure
	each := func(name string, f func(*tally) Figure) {
		for _, g := range groups {
			if g.requests == 0 && by != "" && name != "front_door_share" {
				continue // a group of threads alone has only that figure
			}
			line := f(g)
			line.Figure, line.Group = name, g.group
			out = append(out, line)
		}
	}
	share := func(name string, numerator func(*tally) int, denominator func(*tally) int) {
		each(name, func(g *tally) Figure { return ratio(numerator(g), denominator(g)) })
	}
	requests := func(g *tally) int { return g.requests }
	each("adoption_people", func(g *tally) Figure { return count(len(g.people), g.requests) })
	each("adoption_teams", func(g *tally) Figure { return count(len(g.teams), g.requests) })
	if by == "" || by == ByChannel || by == ByWeek {
		share("front_door_share", requests, func(g *tally) int { return g.requests + g.threads })
	}
	share("answered_rate", func(g *tally) int { return g.answered }, requests)
	share("deflection_confirmed", func(g *tally) int { return g.confirmed }, requests)
	share("deflection_assumed", func(g *tally) int { return g.assumed }, requests)
	share("deflection_unknown", func(g *tally) int { return g.unknown }, requests)
	share("feedback_rate", func(g *tally) int { return g.judged }, func(g *tally) int { return g.answered })
	each("satisfaction", func(g *tally) Figure { return satisfaction(g.positive, g.opinions) })
	durations := func(name string, of func(*tally) []int64) {
		for _, p := range [...]int{50, 90, 95} {
			each(fmt.Sprintf("%s_p%d_ms", name, p), func(g *tally) Figure { return percentile(of(g), p) })
		}
	}
	durations("first_reply", func(g *tally) []int64 { return g.reply })
	durations("first_human_reply", func(g *tally) []int64 { return g.humanReply })
	durations("time_to_value", func(g *tally) []int64 { return g.value })
	share("unfinished_share", func(g *tally) int { return g.requests - g.finished }, requests)
	durations("time_to_value_business", func(g *tally) []int64 { return g.valueInBusiness })
	each("unmet_requests", func(g *tally) Figure { return count(g.unmet, g.requests) })
	return out
}

// weeks names ISO weeks in UTC, remembering the days that it has seen.
type weeks map[int64]string

func (w weeks) of(ms int64) string {
	day := floorDiv(ms, dayMS)
	name, ok := w[day]
	if !ok {
		year, week := time.UnixMilli(day * dayMS).UTC().ISOWeek()
		name = fmt.Sprintf("%04d-W%02d", year, week)
		w[day] = name
	}
	return name
}

// String is the figure in one line, for people.
func (f Figure) String() string {
	var b strings.Builder
	b.WriteString(f.Figure)
	if f.Group != "" {
		fmt.Fprintf(&b, "[%s]", f.Group)
	}
	if f.Value == nil {
		b.WriteString(" unknown")
	} else {
		fmt.Fprintf(&b, " %.4g", *f.Value)
	}
	fmt.Fprintf(&b, " (n %d)", f.N)
	return b.String()
}
