package workflow_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"frontdoor/internal/workflow"
)

// BenchmarkRuns counts whole runs, from Start until the result is stored, of a
// playbook with one http step against a server on the same machine and one
// message. Each client starts its next run when its last has ended.
func BenchmarkRuns(b *testing.B) {
	for _, clients := range []int{1, 50} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			url, host := server(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"id": 7}`)) })
			var mu sync.Mutex
			ended := map[string]chan struct{}{}
			w := begin(b, setting{config: allowing(host, url), options: workflow.Options{
				Poll: 200 * time.Millisecond, Workers: clients,
				Say: func(_ context.Context, r workflow.Report) error {
					if r.Kind == workflow.ReportSucceeded {
						mu.Lock()
						defer mu.Unlock()
						close(ended[r.Run.ID])
					}
					return nil
				},
			}})
			p := book(b, `
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
  - {id: tell, message: 'made ${steps.create.json.id}'}
`)
			var next atomic.Int64
			var wait sync.WaitGroup
			before := processor(b)
			b.ResetTimer()
			for range clients {
				wait.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						id, done := fmt.Sprintf("r-%d", n), make(chan struct{})
						mu.Lock()
						ended[id] = done
						mu.Unlock()
						if _, err := w.Start(b.Context(), workflow.Request{ID: id, Playbook: p, By: ana}); err != nil {
							b.Error(err)
							return
						}
						<-done
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-µs/run")
		})
	}
}

// processor is the processor time of this process so far: what a run costs
// whatever else the machine is doing.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
