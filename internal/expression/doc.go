// Package expression is the one expression language of playbooks: bare in
// when, if and until, and as `${…}` inside strings. It checks names and types
// when a playbook is loaded, and evaluates in bounded time and memory when a
// run needs a value.
//
// What an expression sees is a map of the roots inputs, steps, config, run, by
// and at; a root that the place doesn't have is refused when it is checked.
// Values are data: nothing here reaches a shell, and ExpandURL escapes what it
// puts into an address.
package expression
