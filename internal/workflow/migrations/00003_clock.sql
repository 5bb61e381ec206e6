-- +goose Up

-- When due_at was said: where that lies ahead, the clock has been put back, and
-- what was meant is the time between the two.
ALTER TABLE runs ADD COLUMN due_from INTEGER;

-- +goose Down
ALTER TABLE runs DROP COLUMN due_from;
