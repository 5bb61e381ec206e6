// Package eval measures what the product exists for: whether the right page is
// found, whether what is said is supported and first cites the right page, and
// whether a question that the pages don't answer is refused.
//
// There is a file per subject. Each takes labelled questions and returns
// figures; the command in cmd/eval prints them, and fits the calibration that
// package answers carries.
package eval
