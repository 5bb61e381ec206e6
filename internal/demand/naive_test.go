package demand_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"time"
)

// naive computes the figures a second time, from the lines, as slowly and as
// close to the words of the definitions as can be. It shares nothing with the
// package but the format of the events.
type naive struct {
	now, since, until time.Time
	events            []map[string]any
}

func (n naive) event(m map[string]any) string { return str(m, "event") }

func str(m map[string]any, key string) string { s, _ := m[key].(string); return s }

func when(m map[string]any) time.Time {
	t, err := time.Parse(time.RFC3339Nano, str(m, "time"))
	if err != nil {
		panic(err)
	}
	return t
}

func newNaive(lines [][]byte, now, since, until time.Time) naive {
	n := naive{now: now, since: since, until: until}
	seen := map[string]bool{}
	for _, l := range lines {
		var m map[string]any
		if err := json.Unmarshal(l, &m); err != nil {
			panic(err)
		}
		if seen[str(m, "id")] || when(m).After(now) {
			continue
		}
		seen[str(m, "id")] = true
		n.events = append(n.events, m)
	}
	return n
}

// all is the events of a request with one of the names, by time and id.
func (n naive) all(request string, names ...string) []map[string]any {
	var out []map[string]any
	for _, e := range n.events {
		for _, name := range names {
			if str(e, "request") == request && n.event(e) == name {
				out = append(out, e)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if a, b := when(out[i]), when(out[j]); !a.Equal(b) {
			return a.Before(b)
		}
		return str(out[i], "id") < str(out[j], "id")
	})
	return out
}

func (n naive) in(t time.Time) bool {
	return (n.since.IsZero() || !t.Before(n.since)) && (n.until.IsZero() || t.Before(n.until))
}

func week(t time.Time) string {
	y, w := t.UTC().ISOWeek()
	return fmt.Sprintf("%d-W%02d", y, w)
}

type naiveRequest struct {
	id                          string
	first                       time.Time
	actor, topic, team, channel string
	ignored                     bool
}

func (n naive) requests() []naiveRequest {
	var out []naiveRequest
	seen := map[string]bool{}
	for _, e := range n.events {
		id := str(e, "request")
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		messages := n.all(id, "request_received")
		if len(messages) == 0 {
			continue
		}
		m := messages[0]
		tags, _ := m["tags"].(map[string]any)
		out = append(out, naiveRequest{id, when(m), str(m, "actor"), str(tags, "topic"), str(m, "team"), str(m, "channel"), len(n.all(id, "request_ignored")) > 0})
	}
	return out
}

// report returns value (nil is unknown), numerator and denominator of every
// figure as text, by "figure/group".
func (n naive) report(by string, smallGroup int) map[string]string {
	requests := n.requests()
	groupOf := func(r naiveRequest) string {
		g := ""
		switch by {
		case "":
			return ""
		case "week":
			return week(r.first)
		case "topic":
			g = r.topic
		case "team":
			g = r.team
		case "channel":
			g = r.channel
		case "playbook":
			if m := n.all(r.id, "request_matched"); len(m) > 0 {
				g = str(m[len(m)-1], "playbook")
			}
		}
		if g == "" {
			return "none"
		}
		return g
	}
	groups := map[string][]naiveRequest{}
	threads := map[string]int{}
	people := map[string]map[string]bool{}
	if by == "" {
		groups[""] = nil
	}
	for _, r := range requests {
		if n.in(r.first) && !r.ignored {
			g := groupOf(r)
			if people[g] == nil {
				people[g] = map[string]bool{}
			}
			people[g][r.actor] = true
		}
	}
	for _, r := range requests {
		if !n.in(r.first) {
			continue
		}
		g := groupOf(r)
		if by == "team" && len(people[g]) < smallGroup {
			g = "other"
		}
		if !r.ignored {
			groups[g] = append(groups[g], r)
		} else if len(n.all(r.id, "human_answered")) > 0 {
			threads[g]++
		}
	}
	first := map[[2]string]time.Time{}
	for _, e := range n.all("", "human_answered") {
		key := [2]string{str(e, "channel"), str(e, "thread")}
		if _, ok := first[key]; !ok {
			first[key] = when(e)
		}
	}
	for key, t := range first {
		if !n.in(t) {
			continue
		}
		switch by {
		case "":
			threads[""]++
		case "channel":
			threads[key[0]]++
		case "week":
			threads[week(t)]++
		}
	}
	out := map[string]string{}
	for g, rs := range groups {
		n.group(out, g, rs, requests)
	}
	if by == "" || by == "channel" || by == "week" {
		for g := range groups {
			put(out, "front_door_share", g, len(groups[g]), len(groups[g])+threads[g])
		}
		for g := range threads {
			put(out, "front_door_share", g, len(groups[g]), len(groups[g])+threads[g])
		}
	}
	return out
}

func put(out map[string]string, figure, group string, a, b int) {
	value := "null"
	if b > 0 {
		value = fmt.Sprintf("%.12g", float64(a)/float64(b))
	}
	out[figure+"/"+group] = fmt.Sprintf("%s %d/%d", value, a, b)
}

func (n naive) group(out map[string]string, g string, rs, everything []naiveRequest) {
	people, teams := map[string]bool{}, map[string]bool{}
	var answered, confirmed, assumed, unknown, judged, positive, opinions, unfinished, unmet int
	var reply, human, value, business []time.Duration
	for _, r := range rs {
		people[r.actor] = true
		if r.team != "" {
			teams[r.team] = true
		}
		good := n.all(r.id, "request_answered", "run_succeeded")
		runs := n.all(r.id, "run_succeeded")
		answers := n.all(r.id, "request_answered")
		feedback := n.all(r.id, "feedback_given")
		if len(good) > 0 {
			answered++
			if len(feedback) > 0 {
				judged++
			}
		}
		last := map[string]map[string]any{}
		for _, f := range feedback {
			last[str(f, "actor")] = f
		}
		for _, f := range last {
			opinions++
			if str(f, "value") != "unhelpful" {
				positive++
			}
		}
		asker := str(last[r.actor], "value")
		resolved := false
		var confirmations []time.Time
		for _, e := range n.all(r.id, "request_resolved") {
			if str(e, "how") == "confirmed" {
				resolved = true
				confirmations = append(confirmations, when(e))
			}
		}
		if asker == "solved" {
			confirmations = append(confirmations, when(last[r.actor]))
		}
		sort.Slice(confirmations, func(i, j int) bool { return confirmations[i].Before(confirmations[j]) })
		humans := n.all(r.id, "human_answered")
		escalated := len(n.all(r.id, "request_escalated")) > 0
		switch {
		case len(good) == 0, escalated, asker == "unhelpful", n.returned(r, when(good[max(0, len(good)-1)]), everything):
		case len(runs) > 0, asker == "solved", resolved:
			confirmed++
		case len(humans) > 0:
		case r.topic != "" && n.now.Sub(when(good[len(good)-1])) > 72*time.Hour:
			assumed++
		default:
			unknown++
		}
		isUnmet := escalated || len(good) > 0 && asker == "unhelpful"
		for _, e := range n.all(r.id, "request_unmatched", "request_refused") {
			if n.event(e) == "request_refused" && str(e, "reason") != "no_playbook" {
				continue
			}
			if len(good) == 0 || !when(good[len(good)-1]).After(when(e)) {
				isUnmet = true
			}
		}
		if isUnmet {
			unmet++
		}
		if e := n.all(r.id, "request_answered", "request_clarified", "run_started"); len(e) > 0 {
			reply = append(reply, when(e[0]).Sub(r.first))
		}
		if len(humans) > 0 {
			human = append(human, when(humans[0]).Sub(r.first))
		}
		var candidates []time.Time
		if len(runs) > 0 {
			candidates = append(candidates, when(runs[0]))
		}
		if len(confirmations) > 0 {
			for _, a := range slices.Backward(answers) {
				if !when(a).After(confirmations[0]) {
					candidates = append(candidates, when(a))
					break
				}
			}
		}
		if len(candidates) == 0 {
			unfinished++
			continue
		}
		end := candidates[0]
		if len(candidates) > 1 && candidates[1].Before(end) {
			end = candidates[1]
		}
		value = append(value, end.Sub(r.first))
		business = append(business, office(r.first, end))
	}
	if len(rs) == 0 && g != "" {
		return
	}
	out["adoption_people/"+g] = fmt.Sprint(len(people))
	out["adoption_teams/"+g] = fmt.Sprint(len(teams))
	out["unmet_requests/"+g] = fmt.Sprint(unmet)
	put(out, "answered_rate", g, answered, len(rs))
	put(out, "deflection_confirmed", g, confirmed, len(rs))
	put(out, "deflection_assumed", g, assumed, len(rs))
	put(out, "deflection_unknown", g, unknown, len(rs))
	put(out, "feedback_rate", g, judged, answered)
	put(out, "unfinished_share", g, unfinished, len(rs))
	put(out, "satisfaction", g, positive, opinions)
	if opinions < 5 {
		out["satisfaction/"+g] = fmt.Sprintf("null %d/%d", positive, opinions)
	}
	for name, ds := range map[string][]time.Duration{"first_reply": reply, "first_human_reply": human, "time_to_value": value, "time_to_value_business": business} {
		for _, p := range []int{50, 90, 95} {
			out[fmt.Sprintf("%s_p%d_ms/%s", name, p, g)] = nearestRank(ds, p)
		}
	}
}

// returned looks for a reopening or a later request of the same person on the
// same topic.
func (n naive) returned(r naiveRequest, last time.Time, everything []naiveRequest) bool {
	within := func(t time.Time) bool { return t.After(last) && t.Sub(last) <= 72*time.Hour }
	for _, e := range n.all(r.id, "request_reopened") {
		if within(when(e)) {
			return true
		}
	}
	for _, o := range everything {
		if o.id != r.id && !o.ignored && o.actor == r.actor && r.topic != "" && o.topic == r.topic && within(o.first) {
			return true
		}
	}
	return false
}

// nearestRank sorts and counts, in exact arithmetic.
func nearestRank(ds []time.Duration, p int) string {
	if len(ds) == 0 {
		return "null"
	}
	slices.Sort(ds)
	rank := int(math.Ceil(float64(p*len(ds)) / 100))
	ms := ds[rank-1].Milliseconds()
	f, _, err := big.ParseFloat(fmt.Sprintf("%.2e", float64(ms)), 10, 53, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return f.Text('f', 0)
}

// office walks through the time minute by minute where it must.
func office(from, to time.Time) time.Duration {
	if to.Before(from) {
		return -office(to, from)
	}
	var sum time.Duration
	for t := from.UTC(); t.Before(to); {
		next := t.Truncate(time.Minute).Add(time.Minute)
		if next.After(to) {
			next = to
		}
		if wd := t.Weekday(); wd != time.Saturday && wd != time.Sunday && t.Hour() >= 9 && t.Hour() < 17 {
			sum += next.Sub(t)
		}
		t = next
	}
	return sum
}
