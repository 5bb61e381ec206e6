package intents

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isoDate    = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	dottedDate = regexp.MustCompile(`^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})$`)
	slashed    = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)
	dayMonth   = regexp.MustCompile(`^(?:the )?(\d{1,2})(?:st|nd|rd|th)?\.?(?: of)? ([a-z]{3,9})\.?(?:,? (\d{4}))?$`)
	monthDay   = regexp.MustCompile(`^([a-z]{3,9})\.? (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$`)
	inDays     = regexp.MustCompile(`^(?:in )?(?:the )?(?:next )?(\d{1,3}|[a-z]+) (days?|weeks?|months?)(?: from now)?$`)
	onDay      = regexp.MustCompile(`^(?:on )?(next |this |coming )?([a-z]{3,9})$`)
)

// parseDate reads a day in words or figures; it lies at midnight of now's time
// zone. A weekday is the next one after today; “next friday” is the friday of
// the coming week, Monday to Sunday. A day and month without a year is the
// next one, or one of the last thirty days. 01/12/2026 is
// refused, because it is two days; 24/12/2026 and 12/24/2026 are one.
func parseDate(text string, now time.Time) (time.Time, bool) {
	t := strings.ToLower(strings.Trim(foldSpace(text), ".,! "))
	t = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(t, "until "), "by "), "on ")
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch t {
	case "today", "tonight", "now":
		return today, true
	case "tomorrow", "tmrw", "tmr", "tomorow", "tommorow", "tommorrow":
		return today.AddDate(0, 0, 1), true
	case "day after tomorrow", "the day after tomorrow":
		return today.AddDate(0, 0, 2), true
	case "yesterday":
		return today.AddDate(0, 0, -1), true
	case "next week":
		return monday(today).AddDate(0, 0, 7), true
	case "next month":
		return time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, today.Location()), true
	case "end of month", "end of the month", "eom":
		return time.Date(today.Year(), today.Month()+1, 0, 0, 0, 0, 0, today.Location()), true
	case "end of week", "end of the week", "eow":
		return monday(today).AddDate(0, 0, 4), true
	}
	if m := isoDate.FindStringSubmatch(t); m != nil {
		return calendar(atoi(m[1]), atoi(m[2]), atoi(m[3]), today)
	}
	if m := dottedDate.FindStringSubmatch(t); m != nil {
		return calendar(atoi(m[3]), atoi(m[2]), atoi(m[1]), today)
	}
	if m := slashed.FindStringSubmatch(t); m != nil {
		first, second := atoi(m[1]), atoi(m[2])
		switch {
		case first > 12 || first == second:
			return calendar(atoi(m[3]), second, first, today)
		case second > 12:
			return calendar(atoi(m[3]), first, second, today)
		}
	}
	if m := dayMonth.FindStringSubmatch(t); m != nil {
		return nextCalendar(m[3], month(m[2]), atoi(m[1]), today)
	}
	if m := monthDay.FindStringSubmatch(t); m != nil {
		return nextCalendar(m[3], month(m[1]), atoi(m[2]), today)
	}
	if m := inDays.FindStringSubmatch(t); m != nil {
		n, ok := numberWords[m[1]]
		if !ok {
			if m[1][0] >= 'a' {
				return time.Time{}, false
			}
			n = float64(atoi(m[1]))
		}
		switch m[2][0] {
		case 'd':
			return today.AddDate(0, 0, int(n)), true
		case 'w':
			return today.AddDate(0, 0, 7*int(n)), true
		}
		return today.AddDate(0, int(n), 0), true
	}
	if m := onDay.FindStringSubmatch(t); m != nil {
		if day, ok := weekday(m[2]); ok {
			if m[1] == "next " {
				return monday(today).AddDate(0, 0, 7+(int(day)+6)%7), true
			}
			ahead := (int(day) - int(today.Weekday()) + 7) % 7
			if ahead == 0 {
				ahead = 7
			}
			return today.AddDate(0, 0, ahead), true
		}
	}
	return time.Time{}, false
}

func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// justGone is how many days back a day and month without a year may lie.
const justGone = 30

// calendar is a day that exists: 2026-02-30 does not.
func calendar(year, mon, day int, today time.Time) (time.Time, bool) {
	d := time.Date(year, time.Month(mon), day, 0, 0, 0, 0, today.Location())
	return d, year >= 1 && year <= 9999 && int(d.Month()) == mon && d.Day() == day
}

func nextCalendar(year string, mon, day int, today time.Time) (time.Time, bool) {
	if mon == 0 {
		return time.Time{}, false
	}
	if year != "" {
		return calendar(atoi(year), mon, day, today)
	}
	d, ok := calendar(today.Year(), mon, day, today)
	if !ok || d.AddDate(0, 0, justGone).Before(today) {
		return calendar(today.Year()+1, mon, day, today)
	}
	return d, ok
}

// month is 1 to 12 for a name or its first three letters, 0 for another word.
func month(name string) int {
	for m := time.January; m <= time.December; m++ {
		if full := strings.ToLower(m.String()); name == full || name == full[:3] || name == "sept" && m == time.September {
			return int(m)
		}
	}
	return 0
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		full := strings.ToLower(d.String())
		if name == full || name == full[:3] || name == "tues" && d == time.Tuesday || (name == "thur" || name == "thurs") && d == time.Thursday {
			return d, true
		}
	}
	return 0, false
}
