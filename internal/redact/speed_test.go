package redact

import (
	"runtime"
	"strings"
	"testing"
)

func BenchmarkLoad(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var l leaks
	for b.Loop() {
		l = loadLeaks()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
	runtime.KeepAlive(l)
}

func BenchmarkRedact(b *testing.B) {
	r, err := New()
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Warm(); err != nil {
		b.Fatal(err)
	}
	long := strings.Repeat("the rollout of payments-api-7c9d4b8f5-x2k4q to eu-west-1 is stuck since 10:42, token expired? see https://ci.example.com/runs/48213\n", 1<<20/130)
	for name, text := range map[string]string{
		"talk":    "how do I roll back the payments-api deploy to v1.42.3 in staging? the pod payments-api-7c9d4b8f5-x2k4q keeps restarting",
		"secret":  "db_url is postgres://app:S3cr3t-pa55@db.internal:5432/app and it says password authentication failed, mail me at ana@example.org",
		"1MB":     long,
		"hostile": strings.Repeat("token=abc1defg2hijk3 ", 1<<20/21),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Redact(text)
			}
		})
	}
}
