package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"frontdoor/internal/conversation"
)

func event(t *testing.T, s *conversation.Store, channel, id string) {
	t.Helper()
	if err := s.Announce(t.Context(), id, in(channel), nil, [][]byte{[]byte(id)}); err != nil {
		t.Fatal(err)
	}
}

// While the warehouse is down every event stays; when it is back none is
// missing, and each conversation's are in order.
func TestEventsWait(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log = nil
		s := open(t, url, o)
		const channels, each = 20, 30
		var mu sync.Mutex
		down, refusals := true, newNotes()
		recorded := map[string][]string{}
		var batches, total int
		run(t, func(ctx context.Context) error {
			return s.Events(ctx, func(_ context.Context, batch [][]byte) error {
				mu.Lock()
				defer mu.Unlock()
				if down {
					refusals.add("%d", len(batch))
					return errBoom
				}
				batches++
				for _, e := range batch {
					channel := string(e[:3])
					if !slices.Contains(recorded[channel], string(e)) {
						recorded[channel] = append(recorded[channel], string(e))
						total++
					}
				}
				return nil
			})
		})
		for n := range each {
			for c := range channels {
				event(t, s, fmt.Sprintf("c%02d", c), fmt.Sprintf("c%02d %02d", c, n))
			}
		}
		refusals.wait(t, 3)
		if n := stats(t, s).Events; n != channels*each {
			t.Errorf("%d events wait, want %d", n, channels*each)
		}
		mu.Lock()
		down = false
		mu.Unlock()
		eventually(t, "all are recorded", func() bool { return stats(t, s).Events == 0 })
		mu.Lock()
		defer mu.Unlock()
		if total != channels*each {
			t.Errorf("%d recorded, want %d", total, channels*each)
		}
		for channel, list := range recorded {
			if !slices.IsSorted(list) {
				t.Errorf("%s out of order: %q", channel, list)
			}
		}
		if batches > total/2 {
			t.Errorf("%d batches for %d events that had waited", batches, total)
		}
	})
}

// A reader that is ended within its record leaves the batch to the next one.
func TestEventsCutOff(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		event(t, s, "c", "e1")
		event(t, s, "c", "e2")
		begun := make(chan struct{})
		var once sync.Once
		stop := run(t, func(ctx context.Context) error {
			return s.Events(ctx, func(context.Context, [][]byte) error {
				once.Do(func() { close(begun) })
				return context.Canceled
			})
		})
		<-begun
		stop()
		recorded := newNotes()
		recordInto(t, s, recorded)
		equal(t, recorded.wait(t, 2), []string{"e1", "e2"})
	})
}
