package demand_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"frontdoor/internal/database"
	"frontdoor/internal/demand"
)

// open makes a warehouse in a directory of the test's own.
func open(tb testing.TB) (*demand.Warehouse, *database.DB) {
	tb.Helper()
	db, err := database.Open(tb.Context(), "sqlite:"+filepath.Join(tb.TempDir(), "demand.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	w, err := demand.Open(tb.Context(), db, demand.Default(), filepath.Dir(db.Path))
	if err != nil {
		tb.Fatal(err)
	}
	return w, db
}

// year is a generated year as lines.
func year(seed uint64, requests int) []byte {
	var b bytes.Buffer
	for e := range aYear(seed, requests) {
		b.Write(e.Line())
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func BenchmarkImport(b *testing.B) {
	lines := year(1, 60_000)
	events := bytes.Count(lines, []byte("\n"))
	b.SetBytes(int64(len(lines)))
	for b.Loop() {
		b.StopTimer()
		w, db := open(b)
		b.StartTimer()
		if n, err := w.Import(b.Context(), bytes.NewReader(lines), nil); err != nil || n != events {
			b.Fatal(n, events, err)
		}
		b.StopTimer()
		_ = db.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkRecord(b *testing.B) {
	for _, size := range []int{1, 50} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			lines := bytes.Split(bytes.TrimSpace(year(1, 40_000)), []byte("\n"))
			w, _ := open(b)
			n := 0
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				at := i * size % (len(lines) - size)
				if err := w.Record(b.Context(), lines[at:at+size]); err != nil {
					b.Fatal(err)
				}
				n += size
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkReport(b *testing.B) {
	w, db := open(b)
	n, err := w.Import(b.Context(), bytes.NewReader(year(1, 300_000)), nil)
	if err != nil {
		b.Fatal(err)
	}
	size, err := os.Stat(db.Path)
	if err != nil {
		b.Fatal(err)
	}
	for _, by := range []demand.By{"", demand.ByTopic, demand.ByTeam, demand.ByWeek} {
		b.Run("by="+string(by), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Report(b.Context(), demand.Query{By: by}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "events")
			b.ReportMetric(float64(size.Size())/float64(n), "B/event")
		})
	}
}
