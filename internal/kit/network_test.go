package kit

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// noon is a Monday.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// golden compares what a file holds with testdata, or rewrites that.
func golden(t *testing.T, name, file string) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; see it with -update:\n%s", path, got)
	}
}

func TestZone(t *testing.T) {
	dir := t.TempDir()
	apply := func(day time.Time, z Zone) Zoned {
		t.Helper()
		z.Zone, z.Dir = "Calderwick.example.", dir
		if z.TTL == 0 {
			z.TTL = 300
		}
		done, err := z.Apply(day)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	labels := Zone{Name: "labels", Type: "A", Value: "203.0.113.10"}
	first := apply(noon, labels)
	if !first.Changed || first.Serial != 2026112301 || !strings.Contains(first.Diff, "+labels 300 IN A 203.0.113.10\n") {
		t.Errorf("the first record: %+v", first)
	}
	if again := apply(noon, labels); again.Changed || again.Serial != first.Serial || again.Diff != "" {
		t.Errorf("the same again: %+v", again)
	}
	www := apply(noon, Zone{Name: "www", Type: "CNAME", Value: "labels.calderwick.example"})
	apply(noon, Zone{Name: "@", Type: "TXT", Value: `site "x"`})
	longer := labels
	longer.TTL = 60
	if first.Before != 0 {
		t.Errorf("it was there for %d seconds", first.Before)
	}
	if done := apply(noon, longer); !done.Changed || done.Before != 300 || done.Records != 3 || done.Serial != www.Serial+2 {
		t.Errorf("another time to live: %+v", done)
	}
	golden(t, "calderwick.zone", www.File)
	labels.Remove = true
	next := apply(noon.AddDate(0, 0, 1), labels)
	if !next.Changed || next.Records != 2 || next.Serial != 2026112401 {
		t.Errorf("taken out on the next day: %+v", next)
	}
	whole := Zone{Name: "www.calderwick.example", Type: "CNAME", Value: "labels.calderwick.example"}
	if same := apply(noon, whole); same.Changed || same.Record != www.Record {
		t.Errorf("the whole name: %+v", same)
	}
	if gone := apply(noon, labels); gone.Changed || gone.Serial != 2026112401 {
		t.Errorf("taken out again: %+v", gone)
	}
}

func TestZoneRefuses(t *testing.T) {
	dir := t.TempDir()
	taken := Zone{Zone: "calderwick.example", Name: "www", Type: "A", Value: "203.0.113.10", TTL: 300, Dir: dir}
	if _, err := taken.Apply(noon); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		zone Zone
		says string
	}{
		"a path":               {Zone{Zone: "../x", Name: "www", Type: "A", Value: "203.0.113.10", TTL: 300}, "no zone"},
		"a name with a break":  {Zone{Zone: "a.example", Name: "w\nx", Type: "A", Value: "203.0.113.10", TTL: 300}, "cannot be the name"},
		"IPv6 in an A":         {Zone{Zone: "a.example", Name: "w", Type: "A", Value: "2001:db8::1", TTL: 300}, "IPv4"},
		"IPv4 in an AAAA":      {Zone{Zone: "a.example", Name: "w", Type: "AAAA", Value: "203.0.113.10", TTL: 300}, "IPv6"},
		"an address in a name": {Zone{Zone: "a.example", Name: "w", Type: "CNAME", Value: "203.0.113.10", TTL: 300}, "host name"},
		"a CNAME at the top":   {Zone{Zone: "a.example", Name: "@", Type: "CNAME", Value: "b.example", TTL: 300}, "the zone itself"},
		"a break in a text":    {Zone{Zone: "a.example", Name: "w", Type: "TXT", Value: "a\nb", TTL: 300}, "plain characters"},
		"a second":             {Zone{Zone: "a.example", Name: "w", Type: "A", Value: "203.0.113.10", TTL: 1}, "60 to 86400"},
		"beside a CNAME":       {Zone{Zone: "calderwick.example", Name: "www", Type: "CNAME", Value: "b.example", TTL: 300}, "stands alone"},
	} {
		t.Run(name, func(t *testing.T) {
			c.zone.Dir = dir
			if _, err := c.zone.Apply(noon); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.example.zone"), []byte("nonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := Zone{Zone: "broken.example", Name: "w", Type: "A", Value: "203.0.113.10", TTL: 300, Dir: dir}
	if _, err := broken.Apply(noon); err == nil || !strings.Contains(err.Error(), "is no record") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestAllow(t *testing.T) {
	base := Allow{Service: "labels", Network: "198.51.100.7/24", Port: 443, Direction: "in", Environment: "prod", Inside: []string{"10.40.0.0/14"}, Into: t.TempDir()}
	made, err := base.Render()
	if err != nil {
		t.Fatal(err)
	}
	if made.Network != "198.51.100.0/24" || made.Addresses != "256 addresses" || made.First != "198.51.100.0" || made.Last != "198.51.100.255" {
		t.Errorf("%+v", made)
	}
	golden(t, "allow-in.yaml", made.File)
	out := base
	out.Direction, out.Network = "out", "2001:db8::7"
	if made, err = out.Render(); err != nil {
		t.Fatal(err)
	}
	if made.Network != "2001:db8::7/128" || made.Addresses != "1 address" || made.Last != "2001:db8::7" {
		t.Errorf("%+v", made)
	}
	golden(t, "allow-out.yaml", made.File)
	for network, says := range map[string]string{
		"10.42.3.0/24": "a network of our own", "0.0.0.0/0": "no network of somebody else", "8.0.0.0/8": "too wide", "127.0.0.1": "no network of somebody else",
		"fe80::1%eth0": "is no network", "300.1.1.1": "is no network", "": "is no network", "2000::/3": "too wide",
	} {
		bad := base
		bad.Network = network
		if _, err := bad.Render(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", network, err, says)
		}
	}
}

// answers is a resolver that knows what it was told.
type answers map[string][]string

func (a answers) LookupHost(_ context.Context, host string) ([]string, error) {
	switch found, known := a[host]; {
	case host == "broken.example":
		return nil, errors.New("the server doesn't answer")
	case known:
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestLookup(t *testing.T) {
	dns := answers{"labels.example": {"203.0.113.11", "203.0.113.10", "203.0.113.10"}}
	found, err := (&Lookup{Host: "Labels.example.", Timeout: time.Second}).Ask(t.Context(), dns)
	if err != nil || !found.Found || !slices.Equal(found.Addresses, []string{"203.0.113.10", "203.0.113.11"}) {
		t.Errorf("%+v, %v", found, err)
	}
	found, err = (&Lookup{Host: "new.example", Timeout: time.Second}).Ask(t.Context(), dns)
	if err != nil || found.Found || found.Addresses == nil {
		t.Errorf("an unknown name: %+v, %v", found, err)
	}
	for _, host := range []string{"broken.example", "*.labels.example", "a b", ""} {
		if found, err := (&Lookup{Host: host, Timeout: time.Second}).Ask(t.Context(), dns); err == nil {
			t.Errorf("%q: %+v", host, found)
		}
	}
}
