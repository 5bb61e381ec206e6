package intents

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"frontdoor/internal/playbook"
)

// TestRenew wants the matcher of a restart from one that was made in a hurry.
func TestRenew(t *testing.T) {
	t.Parallel()
	set := catalogue(t)
	i := slices.IndexFunc(set, func(p *playbook.Playbook) bool { return p.ID == "vpn-help" })
	changed := *set[i]
	changed.Match.Examples = append(slices.Clone(changed.Match.Examples), "my zygomorphic tunnel is down")
	next := slices.Clone(set)
	next[i] = &changed
	hasty, err := newTestMatcher(t, set).Reload(next)
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := hasty.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fresh := newTestMatcher(t, next)
	for _, p := range next {
		for _, text := range append(slices.Clone(p.Match.Examples), p.Title, "zygomorphic "+p.Title) {
			if got, want := renewed.Match(text, nil), fresh.Match(text, nil); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v\nwant %+v", text, got, want)
			}
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := hasty.Renew(ctx); m != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", m, err)
	}
}
