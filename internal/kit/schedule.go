package kit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a database of time zones has people too

	"github.com/robfig/cron/v3"
)

// What is looked at before a schedule is called good.
const (
	scheduleAhead  = 400 * 24 * time.Hour // a year, and both changes of the clocks
	scheduleStarts = 3000                 // at most so many starts of it
)

// Schedule says when a cron expression starts, and what speaks against it.
type Schedule struct {
	Expression string   `required:"" help:"Minute, hour, day of the month, month and day of the week."`
	Zone       string   `default:"UTC" help:"Time zone in which people read the times, such as Europe/Amsterdam."`
	Minutes    int      `default:"10" help:"How long one run takes."`
	Count      int      `default:"5" help:"How many starts to list, 1 to 50."`
	Avoid      []string `placeholder:"HH:MM-HH:MM" help:"Time of day in UTC at which nothing should run; may be given several times."`
}

// Scheduled is what comes of a schedule. Starts are the next ones, in order;
// Findings are sentences, and none of them means that nothing speaks against it.
type Scheduled struct {
	Expression string   `json:"expression"`
	Zone       string   `json:"zone"`
	Starts     []Start  `json:"starts"`
	Shortest   int      `json:"shortest_minutes"` // the least time between two starts
	Findings   []string `json:"findings"`
	Clear      bool     `json:"clear"`
}

// Start is one start, as RFC 3339 in UTC and as people write it in their zone.
type Start struct {
	UTC   string `json:"utc"`
	Local string `json:"local"`
}

func (s *Schedule) run(out io.Writer) error {
	found, err := s.Look(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, found)
}

// Look says what comes of the schedule from now on.
func (s *Schedule) Look(now time.Time) (Scheduled, error) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "" || s.Zone == "Local" {
		return Scheduled{}, fmt.Errorf("there is no time zone %q: write one such as UTC or Europe/Amsterdam", s.Zone)
	}
	if s.Minutes < 1 || s.Count < 1 || s.Count > 50 {
		return Scheduled{}, errors.New("a run takes at least a minute, and 1 to 50 starts can be listed")
	}
	if strings.ContainsAny(s.Expression, "=@") {
		return Scheduled{}, errors.New("a schedule has five fields and no time zone of its own: write one such as 15 3 * * *")
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	schedule, err := parser.Parse(s.Expression)
	if err != nil {
		return Scheduled{}, fmt.Errorf("%q is no schedule: write minute, hour, day of the month, month and day of the week, such as 15 3 * * *", s.Expression)
	}
	var avoid []period
	for _, text := range s.Avoid {
		p, err := parsePeriod(text)
		if err != nil {
			return Scheduled{}, err
		}
		avoid = append(avoid, p)
	}

	found := Scheduled{Expression: s.Expression, Zone: s.Zone, Starts: []Start{}, Findings: []string{}}
	var all []time.Time
	for at := now.UTC(); len(all) < scheduleStarts; {
		at = schedule.Next(at)
		if at.IsZero() || at.Sub(now) > scheduleAhead && len(all) > 0 {
			break
		}
		all = append(all, at)
	}
	if len(all) == 0 {
		return Scheduled{}, fmt.Errorf("%q never starts: there is no such day", s.Expression)
	}
	for _, at := range all[:min(s.Count, len(all))] {
		found.Starts = append(found.Starts, Start{UTC: at.Format(time.RFC3339), Local: at.In(zone).Format("Mon 2 Jan 2006 15:04")})
	}
	s.judge(&found, all, zone, avoid)
	found.Clear = len(found.Findings) == 0
	return found, nil
}

// judge writes down what speaks against the starts.
func (s *Schedule) judge(found *Scheduled, all []time.Time, zone *time.Location, avoid []period) {
	complain := func(format string, args ...any) {
		found.Findings = append(found.Findings, fmt.Sprintf(format, args...))
	}
	length := time.Duration(s.Minutes) * time.Minute
	shortest := time.Duration(0)
	for i := 1; i < len(all); i++ {
		if gap := all[i].Sub(all[i-1]); shortest == 0 || gap < shortest {
			shortest = gap
		}
	}
	found.Shortest = int(shortest / time.Minute)
	if shortest > 0 && length > shortest {
		complain("A run of %d minutes is still going when the next one is due, %d minutes after it.", s.Minutes, found.Shortest)
	}
	for _, p := range avoid {
		for _, at := range all {
			if p.meets(at, length) {
				complain("The run of %s falls into %s UTC, which should stay free.", at.Format("Mon 2 Jan 15:04"), p.text)
				break
			}
		}
	}
	if !slices.ContainsFunc(all, func(at time.Time) bool { return at.Minute() != 0 }) {
		complain("It starts on full hours, as most jobs do: take another minute.")
	}
	first := all[0].In(zone)
	_, offset := first.Zone()
	for _, at := range all[1:] {
		local := at.In(zone)
		if _, other := local.Zone(); other != offset && at.Hour() == all[0].Hour() && at.Minute() == all[0].Minute() {
			complain("In %s it starts at %s, and at %s from %s on, because the clocks change.", s.Zone, first.Format("15:04"), local.Format("15:04"), local.Format("2 Jan 2006"))
			break
		}
	}
}

// period is a time of day, in minutes from midnight UTC. It may go over
// midnight.
type period struct {
	text     string
	from, to int
}

func parsePeriod(text string) (period, error) {
	a, b, found := strings.Cut(text, "-")
	from, errFrom := time.Parse("15:04", a)
	to, errTo := time.Parse("15:04", b)
	if !found || errFrom != nil || errTo != nil || from.Equal(to) {
		return period{}, fmt.Errorf("%q is no time of day: write one such as 01:00-01:30", text)
	}
	p := period{text: text, from: from.Hour()*60 + from.Minute(), to: to.Hour()*60 + to.Minute()}
	if p.to < p.from {
		p.to += 24 * 60
	}
	return p, nil
}

// meets tells whether something that starts then and takes so long touches the
// period.
func (p period) meets(start time.Time, length time.Duration) bool {
	at := start.Hour()*60 + start.Minute()
	end := at + min(int(length/time.Minute), 24*60)
	for _, day := range []int{-24 * 60, 0, 24 * 60} {
		if at < p.to+day && p.from+day < end {
			return true
		}
	}
	return false
}
