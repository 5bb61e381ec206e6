package app

import (
	"context"
	"errors"

	"frontdoor/internal/telemetry"
)

// parts are what /readyz asks. Without Redis nothing can be taken; without the
// database answers go on.
func (b *Bot) parts() []telemetry.Part {
	return []telemetry.Part{
		{Name: "redis", Vital: true, Check: b.conversations.Ping},
		{Name: "docs", Vital: true, Check: func(context.Context) error {
			if b.corpus.Index() == nil {
				return errors.New("no index can be used")
			}
			return nil
		}},
		{Name: "playbooks", Check: b.shelf.check},
		{Name: "docs sources", Check: func(context.Context) error {
			if err := b.stale.Load(); err != nil {
				return *err
			}
			return nil
		}},
		{Name: "database", Check: func(ctx context.Context) error { return b.db.Read.PingContext(ctx) }},
	}
}
