// Package demand keeps what people needed and what became of it: events are
// recorded as they come, everything else is derived from them. It holds the
// events' format, the pseudonyms of the people behind them, the warehouse and
// the figures.
//
// An event is one JSON object on one line (Event). The warehouse never changes
// an event; its only other copy, the packs, is a compact form of the same log
// that a report can read in one go. Nothing is rolled up, so late, repeated
// and out-of-order events cannot make a figure wrong.
package demand
