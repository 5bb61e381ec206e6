package kit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Zone adds a record to a DNS zone file, or takes it out again.
type Zone struct {
	Zone   string `required:"" help:"Name of the zone, such as calderwick.example."`
	Name   string `required:"" help:"Name of the record below the zone; @ is the zone itself."`
	Type   string `required:"" enum:"A,AAAA,CNAME,TXT" help:"A, AAAA, CNAME or TXT."`
	Value  string `required:"" help:"Address, host name or text."`
	TTL    int    `name:"ttl" default:"300" help:"Seconds for which it may be remembered, 60 to 86400."`
	Dir    string `default:"../dns" help:"Directory of the zone files; a zone that is missing begins empty."`
	Remove bool   `help:"Take the record out."`
}

// Zoned is what became of the zone file. File is absolute; Diff has the lines
// that went with - and those that came with +, and is empty where nothing
// changed.
type Zoned struct {
	File    string `json:"file"`
	Record  string `json:"record"`
	Serial  int    `json:"serial"`
	Changed bool   `json:"changed"`
	Before  int    `json:"before"`  // seconds for which the record could be remembered before; 0 where it wasn't there
	Records int    `json:"records"` // without SOA and NS
	Diff    string `json:"diff"`
}

// recordName allows the underscores of service records in front of a name.
var recordName = regexp.MustCompile(`^(@|(\*\.)?([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9])?\.)*[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9])?)$`)

// record is one line of a zone file.
type record struct {
	name, kind, value string
	ttl               int
}

func (r record) String() string {
	return fmt.Sprintf("%s %d IN %s %s", r.name, r.ttl, r.kind, r.value)
}

// same tells whether two records say the same, for however long.
func (r record) same(other record) bool {
	return r.name == other.name && r.kind == other.kind && r.value == other.value
}

func (z *Zone) run(out io.Writer) error {
	done, err := z.Apply(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, done)
}

// Apply changes the zone file and its serial number. What is there already, or
// gone already, changes nothing, so that a repeated step succeeds. Two at once
// on one zone are for the caller to keep apart.
func (z *Zone) Apply(now time.Time) (Zoned, error) {
	r, err := z.record()
	if err != nil {
		return Zoned{}, err
	}
	dir, err := filepath.Abs(z.Dir)
	if err != nil {
		return Zoned{}, fmt.Errorf("find the zone files: %w", err)
	}
	done := Zoned{File: filepath.Join(dir, z.Zone+".zone"), Record: r.String()}
	serial, records, err := readZone(done.File)
	if errors.Is(err, os.ErrNotExist) {
		serial, err = firstSerial(now)-1, nil
	}
	if err != nil {
		return Zoned{}, fmt.Errorf("read the zone %s: %w", z.Zone, err)
	}
	before := z.text(serial, records)
	changed, err := z.change(records, r)
	if err != nil {
		return Zoned{}, err
	}
	done.Serial, done.Records = serial, len(changed)
	if i := slices.IndexFunc(records, r.same); i >= 0 {
		done.Before = records[i].ttl
	}
	if slices.Equal(records, changed) {
		return done, nil
	}
	done.Serial, done.Changed = max(serial+1, firstSerial(now)), true
	after := z.text(done.Serial, changed)
	done.Diff = difference(before, after)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Zoned{}, fmt.Errorf("write the zone %s: %w", z.Zone, err)
	}
	if err := writeNew(done.File, []byte(after), 0o644); err != nil {
		return Zoned{}, fmt.Errorf("write the zone %s: %w", z.Zone, err)
	}
	return done, nil
}

// record is the record asked for, checked.
func (z *Zone) record() (record, error) {
	z.Zone = strings.TrimSuffix(strings.ToLower(z.Zone), ".")
	r := record{name: strings.ToLower(z.Name), kind: z.Type, value: z.Value, ttl: z.TTL}
	// People write the whole name too.
	if r.name == z.Zone {
		r.name = "@"
	}
	r.name = strings.TrimSuffix(strings.TrimSuffix(r.name, "."), "."+z.Zone)
	switch {
	case !validHost(z.Zone) || strings.HasPrefix(z.Zone, "*"):
		return r, fmt.Errorf("%q is no zone: write one such as calderwick.example", z.Zone)
	case !recordName.MatchString(r.name) || len(r.name)+len(z.Zone) >= maxHostSize:
		return r, fmt.Errorf("%q cannot be the name of a record: write small letters, digits and hyphens, or @ for the zone itself", z.Name)
	case r.ttl < 60 || r.ttl > 86400:
		return r, fmt.Errorf("a record is remembered for 60 to 86400 seconds, not %d", r.ttl)
	}
	switch address, err := netip.ParseAddr(r.value); r.kind {
	case "A":
		if err != nil || !address.Is4() {
			return r, fmt.Errorf("an A record wants an IPv4 address such as 203.0.113.10, not %q", r.value)
		}
	case "AAAA":
		if err != nil || !address.Is6() || address.Zone() != "" {
			return r, fmt.Errorf("an AAAA record wants an IPv6 address such as 2001:db8::10, not %q", r.value)
		}
		r.value = address.String()
	case "CNAME":
		host := strings.TrimSuffix(strings.ToLower(r.value), ".")
		if err == nil || !validHost(host) || !strings.Contains(host, ".") {
			return r, fmt.Errorf("a CNAME record wants a whole host name such as labels.example.com, not %q", r.value)
		}
		if r.name == "@" {
			return r, errors.New("the zone itself cannot be a CNAME, because it has other records: write an A record")
		}
		r.value = host + "."
	case "TXT":
		if r.value == "" || len(r.value) > 255 || strings.ContainsFunc(r.value, func(c rune) bool { return c < ' ' || c > '~' }) {
			return r, errors.New("a TXT record wants 1 to 255 plain characters")
		}
		r.value = strconv.Quote(r.value)
	default:
		return r, fmt.Errorf("there is no record type %q here: write A, AAAA, CNAME or TXT", r.kind)
	}
	return r, nil
}

// change is the records with r in or out, sorted.
func (z *Zone) change(records []record, r record) ([]record, error) {
	i := slices.IndexFunc(records, r.same)
	switch {
	case z.Remove && i >= 0:
		return slices.Delete(slices.Clone(records), i, i+1), nil
	case z.Remove || i >= 0 && records[i].ttl == r.ttl:
		return records, nil
	}
	changed := slices.Clone(records)
	if i >= 0 {
		changed[i] = r
		return changed, nil
	}
	for _, other := range records {
		if other.name == r.name && (other.kind == "CNAME" || r.kind == "CNAME") {
			return nil, fmt.Errorf("%s has a record already, and a CNAME stands alone: %s", r.name, other)
		}
	}
	changed = append(changed, r)
	slices.SortFunc(changed, func(a, b record) int { return strings.Compare(a.String(), b.String()) })
	return changed, nil
}

// text is the zone as a file of RFC 1035.
func (z *Zone) text(serial int, records []record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %s.\n@ 3600 IN SOA ns1.%[1]s. hostmaster.%[1]s. %d 3600 600 1209600 300\n@ 3600 IN NS ns1.%[1]s.\n", z.Zone, serial)
	for _, r := range records {
		fmt.Fprintln(&b, r)
	}
	return b.String()
}

func readZone(file string) (serial int, records []record, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return 0, nil, err
	}
	for line := range strings.Lines(string(source)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "$") {
			continue
		}
		words := strings.SplitN(line, " ", 5)
		if len(words) < 5 || words[2] != "IN" {
			return 0, nil, fmt.Errorf("the line %q is no record", line)
		}
		ttl, err := strconv.Atoi(words[1])
		if err != nil {
			return 0, nil, fmt.Errorf("the line %q has no time to live", line)
		}
		switch words[3] {
		case "SOA":
			fields := strings.Fields(words[4])
			if len(fields) < 3 {
				return 0, nil, errors.New("the SOA record is cut short")
			}
			if serial, err = strconv.Atoi(fields[2]); err != nil {
				return 0, nil, errors.New("the SOA record has no serial number")
			}
		case "NS":
		default:
			records = append(records, record{name: words[0], ttl: ttl, kind: words[3], value: words[4]})
		}
	}
	if serial == 0 {
		return 0, nil, errors.New("it has no SOA record")
	}
	return serial, records, nil
}

// firstSerial is the first serial number of a day, as RFC 1912 recommends it:
// YYYYMMDD and two digits.
func firstSerial(now time.Time) int {
	y, m, d := now.UTC().Date()
	return ((y*100+int(m))*100+d)*100 + 1
}

// difference is what went from a text and what came into it, line by line; the
// lines of neither text repeat.
func difference(before, after string) string {
	old, fresh := strings.Split(before, "\n"), strings.Split(after, "\n")
	var b bytes.Buffer
	for _, line := range old {
		if !slices.Contains(fresh, line) {
			b.WriteString("-" + line + "\n")
		}
	}
	for _, line := range fresh {
		if !slices.Contains(old, line) {
			b.WriteString("+" + line + "\n")
		}
	}
	return b.String()
}
