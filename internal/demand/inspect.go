package demand

import (
	"context"
	"fmt"
	"io/fs"

	"frontdoor/internal/database"
)

// Survey is how the records of a database stand.
type Survey struct {
	Events    int // recorded
	Addresses int // sealed with the key
	SetAside  int // lines that were no events
}

// Migrations are the tables of this room.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}

// Look surveys the records, changing nothing; db may be database.Look's.
func Look(ctx context.Context, db *database.DB) (Survey, error) {
	var out Survey
	err := db.Read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM demand_events), (SELECT count(*) FROM demand_addresses), (SELECT count(*) FROM demand_set_aside)`).
		Scan(&out.Events, &out.Addresses, &out.SetAside)
	if err != nil {
		return out, fmt.Errorf("look at the demand records: %w", err)
	}
	return out, nil
}
