package demand_test

import (
	"strings"
	"testing"
	"time"

	"frontdoor/internal/demand"
)

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 15, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"2026-11-01":                "2026-11-01T00:00:00Z",
		"2026-11-01T10:00:00+02:00": "2026-11-01T08:00:00Z",
		"2026-11-01T10:00:00.5Z":    "2026-11-01T10:00:00.5Z",
		"30d":                       "2026-10-03T09:15:00Z",
		"2w":                        "2026-10-19T09:15:00Z",
		"1d12h":                     "2026-10-31T21:15:00Z",
		"90m":                       "2026-11-02T07:45:00Z",
		"0":                         "2026-11-02T09:15:00Z",
	} {
		got, err := demand.ParseTime(in, now)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v, want %s, %v", in, got, want, err)
		}
	}
	for _, in := range []string{"", "d", "-3d", "3x", "yesterday", "2026-13-01", "99999999999d", "9999999999999d", "1d-12h", "1.5d", "-1h"} {
		if got, err := demand.ParseTime(in, now); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := demand.Default().Validate().Err(); err != nil {
		t.Error(err)
	}
	bad := demand.Config{Key: "short", SmallGroup: 0, RowRetention: -1, Digest: demand.Digest{Cron: "often", TimeZone: "Mars/Base"}}
	var keys []string
	for _, p := range bad.Validate() {
		if p.Message == "" || p.Hint == "" || strings.Contains(p.Message, "short\"") {
			t.Errorf("%+v", p)
		}
		keys = append(keys, p.Key)
	}
	if got := strings.Join(keys, " "); got != "demand.key demand.text_retention demand.row_retention demand.small_group demand.digest.cron demand.digest.time_zone" {
		t.Error(got)
	}
	var d demand.Duration
	if err := d.UnmarshalText([]byte("90d")); err != nil || time.Duration(d) != 90*24*time.Hour || d.String() != "90d" {
		t.Error(d, err)
	}
	if d := demand.Duration(90 * time.Minute); d.String() != "1h30m0s" {
		t.Error(d)
	}
}

func TestTags(t *testing.T) {
	for text, want := range map[string]string{
		"deploy to prod please":             "production",
		"copy the staging db":               "staging",
		"from staging to production":        "", // two
		"the product is great":              "",
		"prod, and Production":              "production",
		"restart my-svc in the DEV cluster": "development",
	} {
		if got := demand.Environment(text); got != want {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"how do I roll back the last deploy of my service": "en",
		"wie kann ich den letzten Stand wiederherstellen":  "",
		"je ne peux pas me connecter à la base de données": "",
		"como faço para reverter o deploy":                 "",
		"payments-api v1.2.3":                              "",
		"is it down":                                       "",
	} {
		if got := demand.Language(text); got != want {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"how do I roll back?":                  demand.KindQuestion,
		"please restart payments":              demand.KindRequest,
		"I need access to the prod database":   demand.KindAccess,
		"payments is down in eu":               demand.KindIncident,
		"there is a bug in the deploy page":    demand.KindBug,
		"thanks, that was quick":               demand.KindFeedback,
		"certificate for payments.example.com": demand.KindQuestion,
	} {
		if got := demand.Kind(text, false); got != want {
			t.Errorf("%q is a %s, want %s", text, got, want)
		}
	}
	if got := demand.Kind("a database for payments", true); got != demand.KindRequest {
		t.Error(got)
	}
}
