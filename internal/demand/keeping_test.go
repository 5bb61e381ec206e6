package demand_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdoor/internal/database"
	"frontdoor/internal/demand"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bytesOf is everything that the database keeps on disk.
func bytesOf(t *testing.T, db *database.DB) []byte {
	t.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		b, err := os.ReadFile(db.Path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestForgetLeavesNoByte(t *testing.T) {
	w, db := open(t)
	var lines, others [][]byte
	add := func(mine bool, e demand.Event) {
		e.ID, e.Time = fmt.Sprintf("e%05d", len(lines)), yearStart.Add(time.Duration(len(lines))*time.Minute)
		lines = append(lines, e.Line())
		if !mine {
			others = append(others, e.Line())
		}
	}
	const who = "pforgetmeplease234"
	for i := range 3000 {
		mine := i%7 == 0
		actor, request, text := fmt.Sprintf("p%d", i%50), fmt.Sprintf("r%d", i), strings.Repeat("words of somebody else ", 1+i%5)
		if mine {
			actor, request, text = who, "r-mine-"+fmt.Sprint(i), strings.Repeat("my-own-words ", 1+i%40)
		}
		add(mine, demand.Event{Name: demand.RequestReceived, Request: request, Actor: actor, Text: text, Tags: demand.Tags{Topic: "ci"}})
		add(mine, demand.Event{Name: demand.RequestAnswered, Request: request, Citations: []string{"page"}})
		add(true, demand.Event{Name: demand.FeedbackGiven, Request: "r1", Actor: who, Value: demand.Helpful})
	}
	half := len(lines) / 2
	if _, err := w.Import(t.Context(), bytes.NewReader(bytes.Join(lines[:half], []byte("\n"))), nil); err != nil {
		t.Fatal(err)
	}
	for l := range slices.Chunk(lines[half:], 100) {
		if err := w.Record(t.Context(), append(slices.Clip(l), []byte(`{"event":"broken","actor":"`+who+`"}`))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Remember(t.Context(), who, "slack:T1/U99", yearStart); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(bytesOf(t, db), []byte(who)) {
		t.Fatal("the test looks in the wrong place")
	}
	n, err := w.Forget(t.Context(), who)
	if err != nil || n != len(lines)-len(others) {
		t.Fatalf("%d events, want %d, %v", n, len(lines)-len(others), err)
	}
	for _, trace := range []string{who, "my-own-words", "r-mine-"} {
		if b := bytesOf(t, db); bytes.Contains(b, []byte(trace)) {
			at := bytes.Index(b, []byte(trace))
			t.Errorf("%q is still there: %q", trace, b[max(0, at-60):min(len(b), at+60)])
		}
	}
	if address, err := w.Address(t.Context(), who, yearStart); address != "" || err != nil {
		t.Error(address, err)
	}
	if got := export(t, w); got != string(bytes.Join(others, []byte("\n")))+"\n" {
		t.Error("others lost something")
	}
	now := yearStart.AddDate(1, 0, 0)
	figures, err := w.Report(t.Context(), demand.Query{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	fresh, _ := open(t)
	if err := fresh.Record(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	want, err := fresh.Report(t.Context(), demand.Query{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(figures) != fmt.Sprint(want) {
		t.Errorf("figures %v, want %v", figures, want)
	}
	// What comes after is packed after, not twice.
	if err := w.Record(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	if again, err := w.Report(t.Context(), demand.Query{Now: now}); err != nil || fmt.Sprint(again) != fmt.Sprint(want) {
		t.Error(again, err)
	}
}

func TestExpire(t *testing.T) {
	w, _ := open(t)
	old, recent := yearStart, yearStart.AddDate(0, 0, 395)
	var lines [][]byte
	for i, at := range []time.Time{old, recent} {
		request := fmt.Sprint("r", i)
		lines = append(lines,
			demand.Event{ID: request + "a", Name: demand.RequestReceived, Request: request, Time: at, Actor: "p1", Text: "what " + request + " said"}.Line(),
			demand.Event{ID: request + "b", Name: demand.RequestAnswered, Request: request, Time: recent}.Line(),
			demand.Event{ID: request + "c", Name: demand.HumanAnswered, Time: at, Channel: "c", Thread: request, Actor: "p2"}.Line())
	}
	if err := w.Record(t.Context(), append(lines, []byte("no event"))); err != nil {
		t.Fatal(err)
	}
	for _, a := range []string{"p1", "p2"} {
		if err := w.Remember(t.Context(), a, "slack:"+a, map[string]time.Time{"p1": old, "p2": recent}[a]); err != nil {
			t.Fatal(err)
		}
	}
	aside := 0
	for _, step := range []struct {
		days int // after old
		want demand.Expired
		left int
	}{
		{90, demand.Expired{}, 6}, // exactly 90 days are kept
		{91, demand.Expired{Texts: 1, Addresses: 1}, 6},
		{400, demand.Expired{}, 6},
		{401, demand.Expired{Rows: 3}, 3}, // the answer goes with its request
		{486, demand.Expired{Texts: 1, Addresses: 1}, 3},
	} {
		at := old.AddDate(0, 0, step.days)
		if step.days == 90 {
			at = at.Add(-time.Millisecond)
		}
		got, err := w.Expire(t.Context(), at)
		aside += got.SetAside // its time is the clock's
		got.SetAside = 0
		if err != nil || got != step.want {
			t.Errorf("after %d days %+v, want %+v, %v", step.days, got, step.want, err)
		}
		if n := strings.Count(export(t, w), "\n"); n != step.left {
			t.Errorf("after %d days %d events, want %d", step.days, n, step.left)
		}
	}
	if strings.Contains(export(t, w), "said") {
		t.Error("text is left")
	}
	figures, err := w.Report(t.Context(), demand.Query{Now: recent.AddDate(1, 0, 0)})
	if err != nil || *figures[2].Denominator != 2 {
		t.Error(figures, err)
	}
	if e, err := w.Expire(t.Context(), time.Now().AddDate(0, 0, 91)); err != nil || aside+e.SetAside != 1 {
		t.Error(aside, e, err)
	}
}

func TestRewrite(t *testing.T) {
	w, _ := open(t)
	importAll(t, w, canonical[0])
	for _, text := range []string{"edited", ""} {
		if err := w.Rewrite(t.Context(), "e1", text); err != nil {
			t.Fatal(err)
		}
		if got := export(t, w); strings.Contains(got, "roll back") || strings.Contains(got, `"text":"edited"`) != (text != "") {
			t.Error(got)
		}
	}
}

func TestPseudonymsAndAddresses(t *testing.T) {
	dir := t.TempDir()
	db, err := database.Open(t.Context(), filepath.Join(dir, "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	with := func(key string) *demand.Warehouse {
		cfg := demand.Default()
		cfg.Key = key
		w, err := demand.Open(t.Context(), db, cfg, dir)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	made, again := with(""), with("")
	info, err := os.Stat(filepath.Join(dir, demand.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	p := made.Pseudonym("slack:T1/U1")
	if p != again.Pseudonym("slack:T1/U1") || p == made.Pseudonym("slack:T1/U2") || len(p) != 17 || strings.Contains(p, "U1") {
		t.Error(p)
	}
	other := with("0123456789abcdef")
	if got := other.Pseudonym("slack:T1/U1"); got == p || len(got) != 17 {
		t.Error(got)
	}
	now := time.Now()
	if err := made.Remember(t.Context(), p, "slack:T1/U1", now); err != nil {
		t.Fatal(err)
	}
	if a, err := again.Address(t.Context(), p, now); a != "slack:T1/U1" || err != nil {
		t.Error(a, err)
	}
	if _, err := other.Address(t.Context(), p, now); err == nil {
		t.Error("another key opened it")
	}
	if a, err := made.Address(t.Context(), p, now.AddDate(0, 0, 91)); a != "" || err != nil {
		t.Error(a, err)
	}
	if bytes.Contains(bytesOf(t, db), []byte("T1/U1")) {
		t.Error("the address is readable")
	}
	if _, err := demand.Open(t.Context(), db, demand.Config{Key: "short"}, dir); err == nil {
		t.Error("a short key was taken")
	}
}

// Everybody who starts at once ends up with one key.
func TestOneKeyForAll(t *testing.T) {
	dir := t.TempDir()
	db, err := database.Open(t.Context(), filepath.Join(dir, "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var wg sync.WaitGroup
	pseudonyms := make([]string, 6)
	for i := range pseudonyms {
		wg.Go(func() {
			w, err := demand.Open(t.Context(), db, demand.Default(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			pseudonyms[i] = w.Pseudonym("ana")
		})
	}
	wg.Wait()
	if len(slices.Compact(pseudonyms)) != 1 {
		t.Error(pseudonyms)
	}
}

func TestImportEndsWithItsContextAndItsReader(t *testing.T) {
	w, _ := open(t)
	broken := errors.New("the disk is gone")
	n, err := w.Import(t.Context(), io.MultiReader(strings.NewReader(canonical[0]+"\n"), failing{broken}), nil)
	if n != 1 || !errors.Is(err, broken) {
		t.Error(n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	go func() {
		_, _ = write.Write([]byte(canonical[1] + "\n"))
		cancel()
	}()
	if n, err := w.Import(ctx, read, nil); n != 0 || !errors.Is(err, context.Canceled) {
		t.Error(n, err)
	}
	_ = write.Close()
	long := `{"id":"` + strings.Repeat("x", 5<<20) + `"}`
	if bad := importAll(t, w, long+"\n"+canonical[1]); len(bad) != 1 || bad[1] != "longer than 4194304 bytes" {
		t.Error(len(bad))
	}
	var out bytes.Buffer
	from := time.Date(2026, 11, 2, 9, 15, 4, 121_000_000, time.UTC)
	if err := w.Export(t.Context(), &out, from, from.Add(time.Millisecond)); err != nil || out.String() != canonical[1]+"\n" {
		t.Error(out.String(), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Two processes write the same file at once; nothing is packed twice or lost.
func TestTwoWriters(t *testing.T) {
	w, db := open(t)
	second, err := database.Open(t.Context(), db.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	other, err := demand.Open(t.Context(), second, demand.Default(), filepath.Dir(db.Path))
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	for e := range aYear(3, 1500) {
		lines = append(lines, e.Line())
	}
	var wg sync.WaitGroup
	for i, to := range []*demand.Warehouse{w, other, w, other} {
		wg.Go(func() {
			mine := lines[i*len(lines)/5 : (i+2)*len(lines)/5]
			for part := range slices.Chunk(mine, 150+i*70) {
				if i%2 == 0 {
					if err := to.Record(t.Context(), part); err != nil {
						t.Error(err)
					}
				} else if _, err := to.Import(t.Context(), bytes.NewReader(bytes.Join(part, []byte("\n"))), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	now := yearStart.AddDate(1, 0, 0)
	figures, err := w.Report(t.Context(), demand.Query{Now: now, By: demand.ByTopic})
	if err != nil {
		t.Fatal(err)
	}
	alone, _ := open(t)
	if err := alone.Record(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	want, err := alone.Report(t.Context(), demand.Query{Now: now, By: demand.ByTopic})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, plain(figures), plain(want))
}
