package kit

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// maxObjects bounds a file: each is parsed on its own.
const maxObjects = 100

// checkManifest says which objects a file holds and what is wrong with them:
// first every key and type against the fields of the kinds, then what our
// clusters ask for. Findings are in file order.
func checkManifest(file string, source []byte) (names []string, findings problem.List) {
	names, findings = []string{}, problem.List{}
	source = bytes.ReplaceAll(bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	parts := split(string(source))
	if len(source) > document.MaxSize || len(parts) > maxObjects {
		return names, append(findings, problem.Problem{File: file, Severity: problem.Error, Message: "the file is too long to be checked", Hint: "split it"})
	}
	known := newCatalogue()
	var objects []object
	for _, part := range parts {
		parsed, problems := document.Parse(file, []byte(part))
		findings = append(findings, problems...)
		if parsed.Root == nil {
			continue
		}
		o, problems := identify(known, parsed.Root)
		findings = append(findings, problems...)
		findings = append(findings, oldBooleans(parsed.Root, strings.Split(part, "\n"))...)
		if o.kind != "" {
			objects = append(objects, o)
			names = append(names, o.String())
		}
	}
	if len(objects) == 0 && len(findings) == 0 {
		findings = append(findings, problem.Problem{File: file, Severity: problem.Error, Message: "the file holds no object", Hint: "write apiVersion, kind, metadata and spec"})
	}
	findings = append(findings, policy(objects)...)
	slices.SortStableFunc(findings, func(a, b problem.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return names, findings
}

// split cuts a file at its lines of three hyphens. Each part keeps its line
// numbers: the lines before it are there, empty.
func split(source string) []string {
	var parts []string
	var part strings.Builder
	number := 0
	for line := range strings.Lines(source) {
		if rest, found := strings.CutPrefix(line, "---"); found && (strings.TrimSpace(rest) == "" || rest[0] == ' ' || rest[0] == '\t') {
			parts = append(parts, part.String())
			part.Reset()
			part.WriteString(strings.Repeat("\n", number))
			line = "\n"
			if len(parts) > maxObjects {
				return parts
			}
		}
		part.WriteString(line)
		number++
	}
	return append(parts, part.String())
}

// identify reads what an object is and checks its keys and types.
func identify(known *catalogue, root *document.Node) (object, problem.List) {
	if root.Kind != document.Object {
		return object{}, problem.List{root.Problem("write apiVersion, kind, metadata and spec", "this is no Kubernetes object")}
	}
	o := object{kind: root.Get("kind").Text(), name: root.Get("metadata").Get("name").Text(), root: root}
	version := root.Get("apiVersion").Text()
	if o.kind == "" || version == "" {
		return object{}, problem.List{root.Problem("write apiVersion: apps/v1 and kind: Deployment, for example", "the object lacks its apiVersion or kind")}
	}
	shape := known.of(version, o.kind)
	if shape == nil {
		if versions := known.versionsOf(o.kind); len(versions) > 0 {
			return o, problem.List{root.Get("apiVersion").Problem("write apiVersion: "+versions[0], "%s is not in %s", o.kind, version)}
		}
		unknown := root.Get("kind").Problem("", "objects of kind %s in %s are not checked", o.kind, version)
		unknown.Severity = problem.Warning
		return o, problem.List{unknown}
	}
	found := shape.Check(root)
	if o.name == "" && root.Get("metadata").Get("generateName").Text() == "" {
		found = append(found, root.Problem("add metadata.name", "the %s has no name", o.kind))
	} else if o.name != "" && !dnsLabel.MatchString(o.name) {
		found = append(found, root.Get("metadata").Get("name").Problem("write at most 63 lower-case letters, digits and hyphens", "%q cannot be a name", o.name))
	}
	return o, found
}

// oldBoolean are the words that Kubernetes, which reads YAML 1.1, takes for
// true and false where they stand without quotes.
var oldBoolean = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

func oldBooleans(n *document.Node, lines []string) problem.List {
	var found problem.List
	switch n.Kind {
	case document.String:
		if oldBoolean.MatchString(n.Text()) && n.Line >= 1 && n.Line <= len(lines) {
			if line := []rune(lines[n.Line-1]); n.Column >= 1 && n.Column <= len(line) && line[n.Column-1] != '"' && line[n.Column-1] != '\'' {
				found = append(found, n.Problem("put quotes around it", "Kubernetes reads %s without quotes as true or false", n.Text()))
			}
		}
	case document.List:
		for _, item := range n.Items {
			found = append(found, oldBooleans(item, lines)...)
		}
	case document.Object:
		for _, pair := range n.Pairs {
			found = append(found, oldBooleans(pair.Value, lines)...)
		}
	}
	return found
}
