package bench_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontdoor/internal/bench"
	"frontdoor/internal/chat"
)

func TestMix(t *testing.T) {
	m, err := bench.ParseMix("commands=50, questions=30,chatter=20,chatter=1")
	if err != nil || m.String() != "commands=50,questions=30,workflows=0,chatter=21" {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := bench.ParseMix(bench.DefaultMix); err != nil || m.String() != bench.DefaultMix {
		t.Errorf("the default is %v, %v", m, err)
	}
	for wrong, want := range map[string]string{
		"": "is no part of a mix", "commands": "is no part of a mix", "commands=-1": "is no part of a mix", "commands=x": "is no part of a mix",
		"talk=3": "there is no kind “talk”", "chatter=0": "a mix of nothing",
	} {
		if _, err := bench.ParseMix(wrong); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", wrong, err, want)
		}
	}
}

// talk is what a crowd measures and says where reply tells how often and after
// how long each message is answered.
func talk(t *testing.T, messages int, reply func(n int) (times int, after time.Duration)) (bench.Result, []chat.Message) {
	t.Helper()
	mix, err := bench.ParseMix("questions=1,chatter=1")
	if err != nil {
		t.Fatal(err)
	}
	var crowd *bench.Crowd
	var mu sync.Mutex
	var said []chat.Message
	var answering sync.WaitGroup
	crowd = bench.New(bench.Options{
		Messages: messages, AtOnce: 3, People: 9, Mix: mix, Seed: 7, Patience: time.Minute,
		Material: bench.Material{bench.Questions: {{"why?", "and how?"}}, bench.Chatter: {{"lol"}}},
		Accept: func(_ context.Context, m chat.Message) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, m)
			times, after := reply(len(said))
			answering.Go(func() {
				time.Sleep(after)
				for range times {
					if err := crowd.Hear(t.Context(), chat.Reply{ID: m.ID + "/reply", InReplyTo: m.ID}); err != nil {
						t.Error(err)
					}
				}
			})
			return true, nil
		},
	})
	result, err := crowd.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answering.Wait()
	return crowd.Counted(result), said
}

func TestEveryMessageIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result, said := talk(t, 100, func(n int) (int, time.Duration) { return 1, time.Duration(n) * time.Millisecond })
		if result.Messages != 100 || len(said) != 100 || result.Lost != 0 || result.Twice != 0 || result.Replies != 100 {
			t.Errorf("%+v of %d said", result, len(said))
		}
		if result.Reply.P50 != 50*time.Millisecond || result.Reply.P99 != 99*time.Millisecond || result.Reply.Max != 100*time.Millisecond {
			t.Errorf("the replies took %+v", result.Reply)
		}
		if n := result.ByKind[bench.Questions].N + result.ByKind[bench.Chatter].N; n != 100 {
			t.Errorf("%d by kind", n)
		}
		people, ids := map[string]bool{}, map[string]bool{}
		for _, m := range said {
			people[m.At.Channel], ids[m.ID] = true, true
		}
		if len(people) != 9 || len(ids) != 100 {
			t.Errorf("%d people said %d different messages", len(people), len(ids))
		}
	})
}

func TestLostAndTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result, _ := talk(t, 10, func(n int) (int, time.Duration) { return n % 3, time.Millisecond })
		// Messages 3, 6 and 9 get none; 2, 5 and 8 the same reply again.
		if result.Lost != 3 || result.Twice != 3 || result.Messages != 7 {
			t.Errorf("%+v", result)
		}
	})
}

func TestRefusedMessageEndsIt(t *testing.T) {
	mix, err := bench.ParseMix("chatter=1")
	if err != nil {
		t.Fatal(err)
	}
	crowd := bench.New(bench.Options{
		Messages: 5, AtOnce: 1, Mix: mix, Material: bench.Material{bench.Chatter: {{"hi"}}}, Patience: time.Minute,
		Accept: func(context.Context, chat.Message) (bool, error) { return false, fmt.Errorf("away") },
	})
	if _, err := crowd.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "accept message 1: away") {
		t.Errorf("%v", err)
	}
}

// The bar of a terminal is made at the first word of progress, by one of them.
func TestProgressIsToldByOneAtATime(t *testing.T) {
	mix, err := bench.ParseMix("chatter=1")
	if err != nil {
		t.Fatal(err)
	}
	var telling atomic.Bool
	told := 0
	var crowd *bench.Crowd
	crowd = bench.New(bench.Options{
		Messages: 6400, AtOnce: 16, Mix: mix, Material: bench.Material{bench.Chatter: {{"hi"}}}, Patience: time.Minute,
		Accept: func(ctx context.Context, m chat.Message) (bool, error) {
			return true, crowd.Hear(ctx, chat.Reply{ID: m.ID, InReplyTo: m.ID})
		},
		Progress: func(int, int) {
			if telling.Swap(true) {
				t.Error("two tell at the same time")
			}
			time.Sleep(time.Millisecond) // somebody else gets that far meanwhile
			told++
			telling.Store(false)
		},
	})
	if _, err := crowd.Run(t.Context()); err != nil || told != 100 {
		t.Errorf("told %d times, %v", told, err)
	}
}

func TestSpread(t *testing.T) {
	if s := bench.SpreadOf(nil); s != (bench.Spread{}) {
		t.Errorf("of nothing: %+v", s)
	}
	if s := bench.SpreadOf([]time.Duration{3, 1, 2}); s != (bench.Spread{N: 3, P50: 2, P99: 3, Max: 3}) {
		t.Errorf("of three: %+v", s)
	}
}
