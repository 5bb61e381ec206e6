package demand

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"frontdoor/internal/keyfile"
	"frontdoor/internal/problem"
)

// Config is the part of the configuration that this room owns.
type Config struct {
	// Key is what pseudonyms and addresses are made with, at least 16
	// characters; "" makes one and keeps it in data_dir.
	Key string `yaml:"key"`
	// TextRetention is how long what people wrote, and the way from a
	// pseudonym to an address, are kept.
	TextRetention Duration `yaml:"text_retention"`
	// RowRetention is how long events are kept, without their text.
	RowRetention Duration `yaml:"row_retention"`
	// SmallGroup is the number of people below which a group is folded into
	// "other" in what others than admins see; 1 folds nothing.
	SmallGroup int    `yaml:"small_group"`
	Digest     Digest `yaml:"digest"`
}

// Digest is the weekly message to the platform's leads.
type Digest struct {
	Channel  string `yaml:"channel"`   // "" sends none
	Cron     string `yaml:"cron"`      // five fields
	TimeZone string `yaml:"time_zone"` // IANA name
}

// Default is what holds where nothing is written.
func Default() Config {
	return Config{
		TextRetention: Duration(90 * day),
		RowRetention:  Duration(400 * day),
		SmallGroup:    5,
		Digest:        Digest{Cron: "0 9 * * MON", TimeZone: "UTC"},
	}
}

// Validate returns what is wrong with c; Key says where.
func (c Config) Validate() problem.List {
	var faults problem.List
	fault := func(key, hint, format string, args ...any) {
		faults = append(faults, problem.Problem{Key: "demand." + key, Severity: problem.Error, Message: "demand." + key + " " + fmt.Sprintf(format, args...), Hint: hint})
	}
	if n := len([]rune(c.Key)); n > 0 && n < keyfile.MinLength {
		fault("key", "write at least 16 characters, or leave it out and one is made", "has %d characters", n)
	}
	if c.TextRetention <= 0 {
		fault("text_retention", "write a duration such as 90d", "is %s; text cannot be kept for no time", c.TextRetention)
	}
	if c.RowRetention < c.TextRetention {
		fault("row_retention", "write a duration such as 400d", "is %s, shorter than text_retention (%s)", c.RowRetention, c.TextRetention)
	}
	if c.SmallGroup < 1 {
		fault("small_group", "write a number of people such as 5; 1 folds nothing", "is %d", c.SmallGroup)
	}
	if _, err := cron.ParseStandard(c.Digest.Cron); err != nil {
		fault("digest.cron", "write five fields such as '0 9 * * MON'", "is %q: %v", c.Digest.Cron, err)
	}
	if _, err := time.LoadLocation(c.Digest.TimeZone); err != nil || c.Digest.TimeZone == "Local" {
		fault("digest.time_zone", "write a name such as Europe/Berlin or UTC", "is %q, no time zone that we know", c.Digest.TimeZone)
	}
	return faults
}

const day = 24 * time.Hour

// Duration is a time span that may be written in days (90d) beside Go's own
// units (36h, 1h30m).
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	span, err := ParseSpan(string(text))
	if err != nil {
		return err
	}
	*d = Duration(span)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the duration as it would be written in a configuration.
func (d Duration) String() string {
	if d != 0 && time.Duration(d)%day == 0 {
		return strconv.FormatInt(int64(time.Duration(d)/day), 10) + "d"
	}
	return time.Duration(d).String()
}

// ParseSpan reads a duration: weeks and days (2w, 30d) before Go's units.
func ParseSpan(s string) (time.Duration, error) {
	var sum time.Duration
	rest := s
	for _, unit := range []struct {
		letter string
		span   time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		before, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(before, 10, 32)
		if err != nil || time.Duration(n) > (1<<63-1-sum)/unit.span {
			return 0, badSpan(s)
		}
		sum += time.Duration(n) * unit.span
		rest = after
	}
	if rest == "" && s != "" {
		return sum, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 && sum > 0 || more > 1<<63-1-sum {
		return 0, badSpan(s)
	}
	return sum + more, nil
}

func badSpan(s string) error {
	return fmt.Errorf("%q is no duration; write one such as 30d, 36h or 90m", s)
}

// ParseTime reads what --since, --until and --now take: a date (midnight UTC),
// an RFC 3339 time, or a span back from now (30d).
func ParseTime(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	if span, err := ParseSpan(s); err == nil && span >= 0 {
		return now.Add(-span).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write a date (2026-11-02), a time (2026-11-02T09:00:00Z) or a span back from now (30d)", s)
}
