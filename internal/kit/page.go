package kit

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Incident writes the pages that an incident begins with: a timeline and,
// where one is due, a postmortem to fill in.
type Incident struct {
	Title    string `required:"" help:"What hurts, in a few words."`
	Severity string `required:"" help:"SEV1, SEV2, SEV3 or SEV4."`
	Service  string `required:"" help:"Name of the service."`
	Lead     string `required:"" help:"Who leads it."`
	Impact   string `help:"What customers notice."`
	Public   bool   `help:"Customers are affected."`
	Into     string `default:"." help:"Directory to write timeline.md and postmortem.md into."`
}

// Opened is what was written. Paths are absolute, Postmortem is empty where
// none is due; NextUpdate is RFC 3339 in UTC, empty where none is promised, and
// PostmortemDue a day.
type Opened struct {
	Timeline      string `json:"timeline"`
	Postmortem    string `json:"postmortem"`
	OpenedAt      string `json:"opened_at"`
	NextUpdate    string `json:"next_update"`
	PostmortemDue string `json:"postmortem_due"`
}

// updateEvery is how often people are told, by severity.
var updateEvery = map[string]time.Duration{"SEV1": 30 * time.Minute, "SEV2": time.Hour, "SEV3": 24 * time.Hour, "SEV4": 0}

func (i *Incident) run(out io.Writer) error {
	opened, err := i.Open(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, opened)
}

// Open writes the pages, beginning now.
func (i *Incident) Open(now time.Time) (Opened, error) {
	every, known := updateEvery[i.Severity]
	title, impact := plainLine(i.Title), plainLine(i.Impact)
	switch {
	case !known:
		return Opened{}, fmt.Errorf("there is no severity %q: write SEV1, SEV2, SEV3 or SEV4", i.Severity)
	case title == "":
		return Opened{}, errors.New("an incident needs a title")
	case !serviceName.MatchString(i.Service):
		return Opened{}, fmt.Errorf("%q cannot be the name of a service: write 3 to 31 lower-case letters, digits and hyphens", i.Service)
	}
	if impact == "" {
		impact = "Not known yet."
	}
	into, err := filepath.Abs(i.Into)
	if err != nil {
		return Opened{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	now = now.UTC().Truncate(time.Minute)
	opened := Opened{Timeline: filepath.Join(into, "timeline.md"), OpenedAt: now.Format(time.RFC3339)}
	next := "not promised"
	if every > 0 {
		opened.NextUpdate = now.Add(every).Format(time.RFC3339)
		next = now.Add(every).Format("2 Jan 15:04") + " UTC"
	}
	needed := i.Severity == "SEV1" || i.Severity == "SEV2"
	if needed {
		opened.Postmortem, opened.PostmortemDue = filepath.Join(into, "postmortem.md"), workingDays(now, 3).Format(time.DateOnly)
	}
	values := struct {
		Title, Severity, Service, Lead, Impact, Next, Due, Day, Time string
		Public                                                       bool
	}{title, i.Severity, i.Service, plainLine(i.Lead), impact, next, opened.PostmortemDue, now.Format("2 January 2006"), now.Format("15:04"), i.Public}
	files := map[string][]byte{}
	if files[opened.Timeline], err = fill("templates/pages/timeline.md.tmpl", values); err != nil {
		return Opened{}, fmt.Errorf("fill in the timeline: %w", err)
	}
	if needed {
		if files[opened.Postmortem], err = fill("templates/pages/postmortem.md.tmpl", values); err != nil {
			return Opened{}, fmt.Errorf("fill in the postmortem: %w", err)
		}
	}
	if err := writeAll(into, files); err != nil {
		return Opened{}, fmt.Errorf("write the pages of the incident: %w", err)
	}
	return opened, nil
}

// workingDays is the day so many working days after day. Holidays are not known.
func workingDays(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			n--
		}
	}
	return day
}

// Handover writes the page that a person on call leaves to the next.
type Handover struct {
	Team     string   `required:"" help:"Team whose rota it is."`
	From     string   `required:"" help:"Who hands over."`
	To       string   `required:"" help:"Who takes over."`
	Day      string   `help:"Day of the handover, such as 2026-11-24; the next handover day by default."`
	Weekday  string   `default:"Tuesday" help:"Day of the week on which the rota changes."`
	Time     string   `default:"10:00" help:"Time of the handover, UTC."`
	Notes    string   `help:"What happened, a line each."`
	Silenced []string `help:"Alert that is silent; may be given several times."`
	Into     string   `default:"." help:"Directory to write the page into."`
}

// Handed is what was written. File is absolute, At and Until are RFC 3339 in
// UTC, Lines is how many notes there are.
type Handed struct {
	File  string `json:"file"`
	At    string `json:"at"`
	Until string `json:"until"`
	Lines int    `json:"lines"`
}

func (h *Handover) run(out io.Writer) error {
	handed, err := h.Write(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, handed)
}

// weekdays by their names.
var weekdays = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}

// Write writes the page. Doing it again writes the same one.
func (h *Handover) Write(now time.Time) (Handed, error) {
	day := slices.IndexFunc(weekdays, func(d time.Weekday) bool { return strings.EqualFold(d.String(), h.Weekday) })
	clock, err := time.Parse("15:04", h.Time)
	switch {
	case !teamName.MatchString(h.Team):
		return Handed{}, fmt.Errorf("%q cannot be the name of a team: write lower-case letters, digits and hyphens, with a letter first", h.Team)
	case plainLine(h.From) == "" || plainLine(h.To) == "":
		return Handed{}, errors.New("a handover needs two people")
	case strings.EqualFold(plainLine(h.From), plainLine(h.To)):
		return Handed{}, fmt.Errorf("%s cannot hand over to the same person", plainLine(h.From))
	case day < 0:
		return Handed{}, fmt.Errorf("there is no day %q: write one such as Tuesday", h.Weekday)
	case err != nil:
		return Handed{}, fmt.Errorf("%q is no time of day: write one such as 10:00", h.Time)
	}
	at := now.UTC().Truncate(24 * time.Hour)
	if h.Day != "" {
		if at, err = time.Parse(time.DateOnly, h.Day); err != nil {
			return Handed{}, fmt.Errorf("%q is no day: write one such as 2026-11-24", h.Day)
		}
	} else {
		for at.Weekday() != weekdays[day] {
			at = at.AddDate(0, 0, 1)
		}
	}
	at = at.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
	until := at.AddDate(0, 0, 1)
	for until.Weekday() != weekdays[day] {
		until = until.AddDate(0, 0, 1)
	}
	var notes []string
	for line := range strings.Lines(h.Notes) {
		if line = strings.TrimLeft(plainLine(line), "-* "); line != "" {
			notes = append(notes, line)
		}
	}
	into, err := filepath.Abs(h.Into)
	if err != nil {
		return Handed{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	values := struct {
		Team, From, To, At, Until string
		Notes, Silenced           []string
	}{h.Team, plainLine(h.From), plainLine(h.To), at.Format("Monday 2 January 2006, 15:04"), until.Format("Monday 2 January 2006, 15:04"), notes, h.Silenced}
	page, err := fill("templates/pages/handover.md.tmpl", values)
	if err != nil {
		return Handed{}, fmt.Errorf("fill in the handover: %w", err)
	}
	handed := Handed{File: filepath.Join(into, "handover-"+h.Team+"-"+at.Format(time.DateOnly)+".md"), At: at.Format(time.RFC3339), Until: until.Format(time.RFC3339), Lines: len(notes)}
	if err := writeAll(into, map[string][]byte{handed.File: page}); err != nil {
		return Handed{}, fmt.Errorf("write the handover: %w", err)
	}
	return handed, nil
}
