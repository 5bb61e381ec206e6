package kit

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	for name, c := range map[string]struct {
		schedule Schedule
		starts   []string // the first ones, in the zone
		shortest int
		says     []string // a part of each finding, in order
	}{
		"nothing against it": {Schedule{Expression: "15 3 * * *"}, []string{"Tue 24 Nov 2026 03:15", "Wed 25 Nov 2026 03:15"}, 1440, nil},
		"runs that meet":     {Schedule{Expression: "*/5 * * * *", Minutes: 7}, []string{"Mon 23 Nov 2026 12:05"}, 5, []string{"still going when the next one is due, 5 minutes"}},
		"a full hour":        {Schedule{Expression: "0 9 * * 1-5"}, []string{"Tue 24 Nov 2026 09:00"}, 1440, []string{"full hours"}},
		"the backup":         {Schedule{Expression: "45 0 * * *", Minutes: 30, Avoid: []string{"01:00-01:30"}}, []string{"Tue 24 Nov 2026 00:45"}, 1440, []string{"falls into 01:00-01:30"}},
		"over midnight":      {Schedule{Expression: "50 23 * * *", Minutes: 30, Avoid: []string{"00:10-00:15"}}, []string{"Mon 23 Nov 2026 23:50"}, 1440, []string{"falls into 00:10-00:15"}},
		"the clocks change":  {Schedule{Expression: "15 3 * * *", Zone: "Europe/Amsterdam"}, []string{"Tue 24 Nov 2026 04:15"}, 1440, []string{"at 05:15 from 28 Mar 2027"}},
		"once in years":      {Schedule{Expression: "15 3 29 2 *"}, []string{"Tue 29 Feb 2028 03:15"}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.schedule
			s.Count = max(1, len(c.starts))
			if s.Zone == "" {
				s.Zone = "UTC"
			}
			if s.Minutes == 0 {
				s.Minutes = 10
			}
			found, err := s.Look(noon)
			if err != nil {
				t.Fatal(err)
			}
			var local []string
			for _, start := range found.Starts {
				local = append(local, start.Local)
			}
			if !slices.Equal(local, c.starts) || found.Shortest != c.shortest || found.Clear != (len(c.says) == 0) || len(found.Findings) != len(c.says) {
				t.Errorf("%+v", found)
			}
			for i, says := range c.says {
				if i < len(found.Findings) && !strings.Contains(found.Findings[i], says) {
					t.Errorf("finding %q, want %q", found.Findings[i], says)
				}
			}
		})
	}
	for _, expression := range []string{"", "x", "0 0 30 2 *", "@hourly", "TZ=UTC 0 0 * * *", "61 * * * *", "* * * * * *"} {
		if found, err := (&Schedule{Expression: expression, Zone: "UTC", Minutes: 1, Count: 1}).Look(noon); err == nil {
			t.Errorf("%q: %+v", expression, found)
		}
	}
	if _, err := (&Schedule{Expression: "* * * * *", Zone: "Mars/Olympus", Minutes: 1, Count: 1}).Look(noon); err == nil || !strings.Contains(err.Error(), "no time zone") {
		t.Errorf("no such zone: %v", err)
	}
}

func TestGrant(t *testing.T) {
	dir := t.TempDir()
	g := Grant{Person: "ana", Service: "labels", Role: "operator", Minutes: 60, CA: filepath.Join(dir, "ca"), Into: filepath.Join(dir, "run")}
	now := time.Now()
	granted, err := g.Issue(now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, authority := readCertificate(t, granted.Cert), readCertificate(t, granted.CA)
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	valid := func(at time.Time) bool {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		return err == nil
	}
	if !valid(now) || !valid(now.Add(59*time.Minute)) || valid(now.Add(61*time.Minute)) {
		t.Errorf("valid until %s, asked for 60 minutes from %s", leaf.NotAfter, now)
	}
	if s := leaf.Subject; s.CommonName != "ana" || s.OrganizationalUnit[0] != "labels" || s.Organization[0] != "operator" {
		t.Errorf("subject %s", s)
	}
	if info, err := os.Stat(granted.Key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
	for range 2 { // twice is once
		g.Revoke = granted.Serial
		revoked, err := g.Withdraw(now)
		if err != nil || revoked.Revoked != 1 {
			t.Fatalf("%+v, %v", revoked, err)
		}
		source, err := os.ReadFile(revoked.List)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(source)
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(authority); err != nil {
			t.Error(err)
		}
		if len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(leaf.SerialNumber) != 0 {
			t.Errorf("revoked: %v", list.RevokedCertificateEntries)
		}
	}
	for name, bad := range map[string]Grant{
		"a path":    {Person: "ana", Service: "../x", Role: "viewer", Minutes: 60},
		"nobody":    {Service: "labels", Role: "viewer", Minutes: 60},
		"a role":    {Person: "ana", Service: "labels", Role: "root", Minutes: 60},
		"a day":     {Person: "ana", Service: "labels", Role: "viewer", Minutes: 1440},
		"a newline": {Person: "ana\nben", Service: "labels", Role: "viewer", Minutes: 60},
	} {
		bad.CA, bad.Into = filepath.Join(dir, "ca"), dir
		if _, err := bad.Issue(now); err == nil {
			t.Errorf("%s was granted", name)
		}
	}
	if _, err := (&Grant{CA: g.CA, Revoke: "../x"}).Withdraw(now); err == nil {
		t.Error("a path was revoked")
	}
}

func readCertificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(source)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDatabase(t *testing.T) {
	d := Database{Name: "parcel-orders", Owner: "shipping", Environment: "staging", Connections: 100, Into: t.TempDir()}
	made, err := d.Write()
	if err != nil {
		t.Fatal(err)
	}
	if made.Database != "parcel_orders" || made.Statements != 15 {
		t.Errorf("%+v", made)
	}
	golden(t, "create.sql", made.Create)
	golden(t, "drop.sql", made.Drop)
	for _, change := range []func(*Database){
		func(d *Database) { d.Name = "x; DROP TABLE y" }, func(d *Database) { d.Name = "postgres" }, func(d *Database) { d.Name = strings.Repeat("a", 51) },
		func(d *Database) { d.Owner = "o'brien" }, func(d *Database) { d.Environment = "moon" }, func(d *Database) { d.Connections = 0 },
	} {
		bad := d
		change(&bad)
		if _, err := bad.Write(); err == nil {
			t.Errorf("written: %+v", bad)
		}
	}
}

func TestSilence(t *testing.T) {
	s := Silence{Alert: "LabelsErrorRateHigh", Service: "labels", Environment: "prod", Hours: 1.5, Reason: "carrier c12 is down,\nsee \"INC 2041\"", By: "ana", Into: t.TempDir()}
	made, err := s.Write(noon)
	if err != nil {
		t.Fatal(err)
	}
	if !made.EndsAt.Equal(noon.Add(90*time.Minute)) || len(made.Matchers) != 3 {
		t.Errorf("%+v", made)
	}
	golden(t, "silence.json", made.File)
	for _, change := range []func(*Silence){
		func(s *Silence) { s.Alert = "a b" }, func(s *Silence) { s.Hours = 0 }, func(s *Silence) { s.Hours = 73 },
		func(s *Silence) { s.Reason = "noise" }, func(s *Silence) { s.By = "" }, func(s *Silence) { s.Service = `x"` },
	} {
		bad := s
		change(&bad)
		if _, err := bad.Write(noon); err == nil {
			t.Errorf("written: %+v", bad)
		}
	}
}

func TestScale(t *testing.T) {
	s := Scale{Name: "labels", Environment: "prod", Min: 3, Max: 12, Target: 65, CPU: "500m", Memory: "1Gi", QuotaCPU: "40", QuotaMemory: "160Gi", Into: t.TempDir()}
	made, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	if made.AtMost != (Capacity{CPU: 6, Memory: 12}) || made.AtLeast != (Capacity{CPU: 1.5, Memory: 3}) || !made.Fits || made.Largest != 80 || len(made.Findings) > 0 {
		t.Errorf("%+v", made)
	}
	golden(t, "autoscaler.yaml", made.File)
	s.Min, s.Max, s.Memory = 1, 100, "2Gi"
	if made, err = s.Render(); err != nil || made.Fits || made.Largest != 80 || len(made.Findings) != 2 {
		t.Errorf("beyond the quota: %+v, %v", made, err)
	}
	for _, change := range []func(*Scale){
		func(s *Scale) { s.Name = "x\ny" }, func(s *Scale) { s.Min = 0 }, func(s *Scale) { s.Max = 0 }, func(s *Scale) { s.Target = 100 },
		func(s *Scale) { s.CPU = "much" }, func(s *Scale) { s.Memory = "-1Gi" }, func(s *Scale) { s.Environment = "moon" },
	} {
		bad := s
		change(&bad)
		if _, err := bad.Render(); err == nil {
			t.Errorf("rendered: %+v", bad)
		}
	}
}

func TestReadAmount(t *testing.T) {
	for text, want := range map[string]string{"250m": "1/4", "2": "2", "1.5": "3/2", "1k": "1000", "1M": "1000000", "1Ki": "1024", "2Mi": "2097152", "1Gi": "1073741824"} {
		if got, ok := readAmount(text); !ok || got.RatString() != want {
			t.Errorf("%s is %v, %v, want %s", text, got, ok, want)
		}
	}
}

func TestSecret(t *testing.T) {
	s := Secret{Name: "carrier_api_key", Length: 40, Days: 90, Into: t.TempDir()}
	made, err := s.Make(noon)
	if err != nil {
		t.Fatal(err)
	}
	value, err := os.ReadFile(made.File)
	if err != nil || len(value) != 40 || made.Length != 40 || made.Bits != 238 || made.RotateBy != "2027-02-21" {
		t.Errorf("%+v, %d signs, %v", made, len(value), err)
	}
	if info, err := os.Stat(made.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	if said, err := json.Marshal(made); err != nil || strings.Contains(string(said), string(value)) {
		t.Errorf("the value was said: %s, %v", said, err)
	}
	if again, err := s.Make(noon); err != nil || again != made {
		t.Errorf("made again: %+v, %v", again, err)
	}
	s.Remove = true
	for range 2 {
		if _, err := s.Make(noon); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(made.File); err == nil {
		t.Error("it is still there")
	}
	for _, bad := range []Secret{{Name: "../x", Length: 40, Days: 90}, {Name: "key", Length: 8, Days: 90}, {Name: "key", Length: 40}} {
		if _, err := bad.Make(noon); err == nil {
			t.Errorf("made: %+v", bad)
		}
	}
}

func TestIncident(t *testing.T) {
	i := Incident{Title: "Labels can't be\nprinted", Severity: "SEV1", Service: "labels", Lead: "ana", Impact: "No shop can print.", Public: true, Into: t.TempDir()}
	friday := time.Date(2026, time.November, 27, 23, 45, 0, 0, time.UTC)
	opened, err := i.Open(friday)
	if err != nil {
		t.Fatal(err)
	}
	if opened.NextUpdate != "2026-11-28T00:15:00Z" || opened.PostmortemDue != "2026-12-02" {
		t.Errorf("%+v", opened)
	}
	golden(t, "timeline.md", opened.Timeline)
	golden(t, "postmortem.md", opened.Postmortem)
	i.Severity, i.Into = "SEV4", t.TempDir()
	if opened, err = i.Open(friday); err != nil || opened.NextUpdate != "" || opened.Postmortem != "" {
		t.Errorf("%+v, %v", opened, err)
	}
	for _, bad := range []Incident{{Title: "x", Severity: "SEV9", Service: "labels"}, {Title: " ", Severity: "SEV1", Service: "labels"}, {Title: "x", Severity: "SEV1", Service: "../x"}} {
		bad.Into = t.TempDir()
		if _, err := bad.Open(friday); err == nil {
			t.Errorf("opened: %+v", bad)
		}
	}
}

func TestHandover(t *testing.T) {
	h := Handover{Team: "shipping", From: "ana", To: "ben", Weekday: "Tuesday", Time: "10:00", Notes: "- two pages for c12\n\n  the queue is slow\n", Silenced: []string{"QueueBacklog"}, Into: t.TempDir()}
	handed, err := h.Write(noon)
	if err != nil {
		t.Fatal(err)
	}
	if handed.At != "2026-11-24T10:00:00Z" || handed.Until != "2026-12-01T10:00:00Z" || handed.Lines != 2 {
		t.Errorf("%+v", handed)
	}
	golden(t, "handover.md", handed.File)
	h.Day = "2026-11-26"
	if handed, err = h.Write(noon); err != nil || handed.At != "2026-11-26T10:00:00Z" || handed.Until != "2026-12-01T10:00:00Z" {
		t.Errorf("an odd day: %+v, %v", handed, err)
	}
	for _, change := range []func(*Handover){
		func(h *Handover) { h.To = "Ana" }, func(h *Handover) { h.To = "" }, func(h *Handover) { h.Team = "../x" },
		func(h *Handover) { h.Day = "soon" }, func(h *Handover) { h.Weekday = "Someday" }, func(h *Handover) { h.Time = "25:00" },
	} {
		bad := h
		change(&bad)
		if _, err := bad.Write(noon); err == nil {
			t.Errorf("written: %+v", bad)
		}
	}
}
