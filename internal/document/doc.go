// Package document reads YAML that people write by hand. It keeps the position
// of everything, compares a document with the Shape that is wanted of it and
// says all mistakes at once, each with line, column, key, the lines around it
// and the nearest known word. The same Shape prints the JSON Schema that
// editors complete with.
//
// Foreign bytes are bounded before they are parsed: size, nesting and length
// of lines; anchors, aliases, tags and merge keys are refused, so nothing can
// grow while it is read.
package document
