package conversation_test

import (
	"context"
	"fmt"
	"testing"

	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

func benchEverywhere(b *testing.B, bench func(b *testing.B, s *conversation.Store)) {
	b.Helper()
	for _, server := range []struct {
		name string
		url  func() string
	}{
		{"embedded", func() string { return "" }},
		{"redis", func() string { return redistest.Start(b).URL }},
		{"redis-always", func() string { return redistest.StartWith(b, redistest.Remembers).URL }},
	} {
		b.Run(server.name, func(b *testing.B) {
			s, err := conversation.Open(b.Context(), conversation.Config{URL: server.url()}, conversation.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			bench(b, s)
		})
	}
}

func BenchmarkAccept(b *testing.B) {
	benchEverywhere(b, func(b *testing.B, s *conversation.Store) {
		for i := 0; b.Loop(); i++ {
			accept(b, s, message(fmt.Sprint("c", i%200), fmt.Sprint("m", i), "how do I roll back a deploy?"))
		}
	})
}

// BenchmarkTurn is one message at a time: accepted, handled, said.
func BenchmarkTurn(b *testing.B) {
	benchEverywhere(b, func(b *testing.B, s *conversation.Store) {
		said, end := turns(b, s)
		defer end()
		for i := 0; b.Loop(); i++ {
			accept(b, s, message(fmt.Sprint("c", i), fmt.Sprint("m", i), "how do I roll back a deploy?"))
			<-said
		}
	})
}

// BenchmarkTurns is many messages of many conversations at once.
func BenchmarkTurns(b *testing.B) {
	benchEverywhere(b, func(b *testing.B, s *conversation.Store) {
		said, end := turns(b, s)
		defer end()
		const atOnce = 64
		i := 0
		for ; b.Loop(); i++ {
			if i >= atOnce {
				<-said
			}
			accept(b, s, message(fmt.Sprint("c", i), fmt.Sprint("m", i), "how do I roll back a deploy?"))
		}
		for range min(i, atOnce) {
			<-said
		}
	})
}

// turns starts the way of a message, events included, and hears its end.
func turns(b *testing.B, s *conversation.Store) (said chan struct{}, end func()) {
	b.Helper()
	said = make(chan struct{}, 1024)
	stops := []func(){
		work(b, s, echo(s)),
		run(b, func(ctx context.Context) error {
			return s.Deliver(ctx, "slack", func(context.Context, conversation.Delivery) error {
				said <- struct{}{}
				return nil
			})
		}),
		run(b, func(ctx context.Context) error {
			return s.Events(ctx, func(context.Context, [][]byte) error { return nil })
		}),
	}
	// The leases are there once one message has gone through.
	accept(b, s, message("c", "first", "x"))
	<-said
	return said, func() {
		for _, stop := range stops {
			stop()
		}
	}
}
