package conversation

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"frontdoor/internal/chat"
)

func FuzzDecodeMessage(f *testing.F) {
	m := chat.Message{ID: "m1", At: chat.Address{Platform: "slack", Workspace: "T/1", Channel: "c"}, Text: "hello"}
	good, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(messageKey(m), good)
	f.Add("slack/T1/m1", []byte(`{"id":"m1","form":{"a":1}}`))
	f.Add("", []byte{})
	f.Add("//x", []byte(`{"id":"x","time":"yesterday"}`))
	f.Fuzz(func(t *testing.T, key string, body []byte) {
		for p := range partition(partitions) {
			got, err := decodeMessage(p, key, body)
			if err == nil && (got.ID == "" || messageKey(got) != key || partitionOf(got.At) != p) {
				t.Fatalf("read %+v from %q", got, body)
			}
			if err != nil && !errors.Is(err, ErrForeign) {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeReply(f *testing.F) {
	r := chat.Reply{ID: "r1", To: chat.Address{Platform: "slack", Channel: "c"}, Card: chat.Card{Text: "hello"}}
	good, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.To.Key(), good)
	f.Add("slack//c/", []byte(`{"id":"r1","card":[]}`))
	f.Add("", []byte("null"))
	f.Fuzz(func(t *testing.T, conversation string, body []byte) {
		got, err := decodeReply(body, conversation)
		if err == nil && (got.ID == "" || got.To.Key() != conversation) {
			t.Fatalf("read %+v from %q", got, body)
		}
		if err != nil && !errors.Is(err, ErrForeign) {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte(`{"talks":{"ana":{"text":"x","inputs":{}}}}`))
	f.Add([]byte(`{"talks":{"ana":null}}`))
	f.Add([]byte(`[]`))
	f.Add([]byte{0xff, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		st, err := decodeState(raw)
		if err != nil {
			if !errors.Is(err, ErrForeign) {
				t.Fatal(err)
			}
			return
		}
		for person, talk := range st.Talks {
			if talk == nil {
				t.Fatalf("nothing is known of %q", person)
			}
		}
		if _, err := json.Marshal(st); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzReadWake(f *testing.F) {
	f.Add("me", 7, "deliver:sl ack")
	f.Add("", -1, "")
	f.Fuzz(func(t *testing.T, sender string, p int, r string) {
		got, at, roles, ok := readWake(sender) // anything may be published
		if ok && (at < 0 || at >= partitions || len(roles) == 0) {
			t.Fatalf("%q %d %q", got, at, roles)
		}
		if strings.Contains(sender, " ") || p < 0 || p >= partitions {
			return
		}
		got, at, roles, ok = readWake(wake(sender, partition(p), []role{role(r), roleWork}))
		if !ok || got != sender || at != partition(p) || !slices.Equal(roles, []role{role(r), roleWork}) {
			t.Fatalf("%q %d %q %v", got, at, roles, ok)
		}
	})
}

// Every partition has one owner, all agree on it, and when a replica goes only
// its partitions move.
func TestOwner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z2-7]{8}`), 1, 8, rapid.ID[string]).Draw(t, "members")
		gone := rapid.SampledFrom(members).Draw(t, "gone")
		left := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return m == gone })
		turned := slices.Clone(members)
		slices.Reverse(turned)
		for p := range partition(partitions) {
			owner := ownerOf(p, members)
			if !slices.Contains(members, owner) || owner != ownerOf(p, turned) {
				t.Fatalf("partition %d: %q", p, owner)
			}
			if owner != gone && ownerOf(p, left) != owner {
				t.Fatalf("partition %d left %q without need", p, owner)
			}
		}
	})
	if ownerOf(0, nil) != "" {
		t.Error("nobody owns nothing")
	}
}

// The shares are about even: three replicas of 64 partitions get 10 or more.
func TestOwnersShare(t *testing.T) {
	count := map[string]int{}
	for p := range partition(partitions) {
		count[ownerOf(p, []string{"a/work", "b/work", "c/work"})]++
	}
	for m, n := range count {
		if n < 10 {
			t.Errorf("%s has %d partitions", m, n)
		}
	}
	if len(count) != 3 {
		t.Errorf("shares: %v", count)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s     string
		limit int
		want  string
	}{{"abc", 5, "abc"}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"aü", 2, "a"}, {"ü", 1, ""}} {
		if got := cut(c.s, c.limit); got != c.want {
			t.Errorf("cut(%q, %d) = %q", c.s, c.limit, got)
		}
	}
}
