package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
)

// Forget takes a person out of the runs, and tells how many of them it
// touched: what they asked for, the replies to it and the files of it, their
// name under other people's runs, and the words of their decisions. The runs
// stand on under the pseudonym, which is what the audit knows; actor is that.
// They can be neither retried nor undone: what they were about is gone.
// A run of theirs that is not over is a *Refusal: it has to be stopped first.
func (r *Runner) Forget(ctx context.Context, actor string) (int, error) {
	touched, dirs := 0, []string(nil)
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		rows, err := readRows(ctx, tx, "SELECT "+columns+" FROM runs")
		if err != nil {
			return err
		}
		touched, dirs = 0, nil
		for _, w := range rows {
			theirs := w.By.ID != "" && r.ledger.person(w.By.ID) == actor
			if theirs && !w.Over() {
				return refusef("%s is not over: stop it first, with `bot runs cancel %s`", code(w.ID), w.ID)
			}
			if theirs {
				if err := forgetRun(ctx, tx, w, actor); err != nil {
					return err
				}
				dirs = append(dirs, r.dir(w.Run))
				touched++
			}
		}
		n, err := r.forgetWords(ctx, tx, actor)
		touched += n
		return err
	})
	if err != nil {
		if _, refused := AsRefusal(err); refused {
			return 0, err
		}
		return 0, fmt.Errorf("forget %s in the runs: %w", actor, err)
	}
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return touched, fmt.Errorf("forget the files of a run: %w", err)
		}
	}
	return touched, nil
}

// forgetRun leaves of a run what it was and how it ended.
func forgetRun(ctx context.Context, tx *database.Tx, w row, actor string) error {
	source, err := encode(origin{By: chat.Person{ID: actor}, Forgotten: true})
	if err != nil {
		return err
	}
	for _, s := range []struct {
		do   string
		args []any
	}{
		{"UPDATE runs SET person = ?, origin = ?, inputs = '{}', given = '{}', request = '', cancel = '', error = '', result = '', links = '[]', lock = '', askers = '[]' WHERE id = ?", []any{actor, source, w.ID}},
		{"UPDATE run_steps SET error = '', reply = '' WHERE run = ?", []any{w.ID}},
		{"DELETE FROM run_reports WHERE run = ?", []any{w.ID}},
		{"UPDATE run_trail SET reason = NULL WHERE run = ?", []any{w.ID}},
	} {
		if _, err := tx.ExecContext(ctx, s.do, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// forgetWords takes what the person decided about other people's runs out of
// everything but the audit, and their words out of that.
func (r *Runner) forgetWords(ctx context.Context, tx *database.Tx, actor string) (int, error) {
	rows, err := tx.QueryContext(ctx, "SELECT run, number, record FROM run_trail WHERE instr(record, ?) > 0", actor)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	type said struct {
		run    string
		number int
	}
	var all []said
	for rows.Next() {
		var s said
		var text string
		var record Record
		if err := rows.Scan(&s.run, &s.number, &text); err != nil {
			return 0, err
		}
		if json.Unmarshal([]byte(text), &record) == nil && record.Actor != nil && *record.Actor == actor {
			all = append(all, s)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	runs := map[string]bool{}
	for _, s := range all {
		if _, err := tx.ExecContext(ctx, "UPDATE run_trail SET reason = NULL WHERE run = ? AND number = ?", s.run, s.number); err != nil {
			return 0, err
		}
		if runs[s.run] {
			continue
		}
		runs[s.run] = true
		// How it ended may be in their words, and what was asked to be stopped by name.
		if _, err := tx.ExecContext(ctx, "UPDATE runs SET cancel = CASE WHEN cancel = '' THEN '' ELSE '{}' END, error = CASE WHEN state = 'denied' THEN 'somebody denied it' ELSE error END WHERE id = ? AND ended IS NOT NULL", s.run); err != nil {
			return 0, err
		}
	}
	people, err := r.called(ctx, tx, actor)
	if err != nil {
		return 0, err
	}
	for _, id := range people {
		if _, err := tx.ExecContext(ctx, "UPDATE OR REPLACE run_approvals SET person = ? WHERE person = ?", actor, id); err != nil {
			return 0, err
		}
	}
	return len(runs), nil
}

// called are the ids of the pseudonym among those who approved something.
func (r *Runner) called(ctx context.Context, tx *database.Tx, actor string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT person FROM run_approvals")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		if id != actor && r.ledger.person(id) == actor {
			out = append(out, id)
		}
	}
	return out, rows.Err()
}
