package demand

import "time"

const (
	hourMS = int64(3_600_000)
	dayMS  = 24 * hourMS
)

// Hours are when somebody works, Monday to Friday. From and To are counted
// from midnight by the clock of Zone; nil is UTC.
type Hours struct {
	Zone     *time.Location
	From, To time.Duration
}

// office is what holds where nothing is known.
var office = Hours{From: 9 * time.Hour, To: 17 * time.Hour}

// between counts the ms of business hours from one time to another.
func (h Hours) between(from, to int64) int64 {
	if h.Zone == nil || h.Zone == time.UTC {
		return h.since1970(to) - h.since1970(from)
	}
	if to < from {
		return -h.between(to, from)
	}
	var sum int64
	for day := time.UnixMilli(from).In(h.Zone); ; {
		y, m, d := day.Date()
		if midnight := time.Date(y, m, d, 0, 0, 0, 0, h.Zone).UnixMilli(); midnight > to {
			return sum
		}
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			opens, closes := h.clock(y, m, d, h.From), h.clock(y, m, d, h.To)
			sum += max(0, min(closes, to)-max(opens, from))
		}
		day = time.Date(y, m, d+1, 12, 0, 0, 0, h.Zone)
	}
}

// clock is when the clock on the wall shows at, in ms; also on the days that
// have 23 or 25 hours.
func (h Hours) clock(y int, m time.Month, d int, at time.Duration) int64 {
	return time.Date(y, m, d, int(at/time.Hour), int(at/time.Minute)%60, int(at/time.Second)%60, 0, h.Zone).UnixMilli()
}

// since1970 counts the business ms from 1970 to t, in UTC.
func (h Hours) since1970(t int64) int64 {
	day := floorDiv(t, dayMS)
	monday := day + 3 // 1970-01-01 was a Thursday
	week := floorDiv(monday, 7)
	weekday := monday - 7*week
	from, to := h.From.Milliseconds(), h.To.Milliseconds()
	length := max(0, to-from)
	sum := week*5*length + min(weekday, 5)*length
	if weekday < 5 {
		sum += min(max(t-day*dayMS-from, 0), length)
	}
	return sum
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
