package kit

import (
	_ "embed" // the table of fields
	"fmt"
	"regexp"
	"strings"

	"frontdoor/internal/document"
)

// kubernetesFields is the table that tools/kubernetes prints.
//
//go:embed kubernetes.txt
var kubernetesFields string

// quantity is how Kubernetes writes amounts: resource.Quantity's grammar.
var quantity = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$`)

// catalogue makes the shapes of the kinds from the table.
type catalogue struct {
	kinds  map[string]string          // "apps/v1 Deployment" to its type
	fields map[string]string          // type to its fields, as they are in the table
	shapes map[string]*document.Shape // type to its shape, once made
}

func newCatalogue() *catalogue {
	c := &catalogue{kinds: map[string]string{}, fields: map[string]string{}, shapes: map[string]*document.Shape{}}
	for line := range strings.Lines(kubernetesFields) {
		line = strings.TrimSpace(line)
		if words := strings.Fields(line); len(words) == 4 && words[0] == "kind" {
			c.kinds[words[1]+" "+words[2]] = words[3]
			continue
		}
		if name, fields, _ := strings.Cut(line, " "); name != "#" && name != "" {
			c.fields[name] = fields
		}
	}
	return c
}

// shape is the shape of a word of the table. Every value may be null: that is
// how Kubernetes reads a key without value.
func (c *catalogue) shape(word string) *document.Shape {
	if inner, found := strings.CutPrefix(word, "[]"); found {
		return &document.Shape{Is: []document.Kind{document.List, document.Null}, Items: c.shape(inner)}
	}
	if inner, found := strings.CutPrefix(word, "map:"); found {
		return &document.Shape{Is: []document.Kind{document.Object, document.Null}, Values: c.shape(inner)}
	}
	switch word {
	case "any":
		return &document.Shape{}
	case "string", "time":
		return &document.Shape{Is: []document.Kind{document.String, document.Null}}
	case "boolean":
		return &document.Shape{Is: []document.Kind{document.Bool, document.Null}}
	case "integer":
		return &document.Shape{Is: []document.Kind{document.Int, document.Null}}
	case "int-or-string":
		return &document.Shape{Is: []document.Kind{document.Int, document.String, document.Null}}
	case "quantity":
		return &document.Shape{
			Is:     []document.Kind{document.Int, document.Float, document.String, document.Null},
			Format: &document.Format{Name: "an amount", Hint: "write one such as 250m or 256Mi", Check: quantity.MatchString},
		}
	}
	if known := c.shapes[word]; known != nil {
		return known
	}
	shape := &document.Shape{Is: []document.Kind{document.Object, document.Null}, Fields: []document.Field{}}
	c.shapes[word] = shape // before its fields: a type may lead back to itself
	for field := range strings.FieldsSeq(c.fields[word]) {
		name, inner, _ := strings.Cut(field, "=")
		shape.Fields = append(shape.Fields, document.Field{Name: name, Shape: c.shape(inner)})
	}
	return shape
}

// of is the shape of an object's kind; nil where the table has none.
func (c *catalogue) of(version, kind string) *document.Shape {
	if word := c.kinds[version+" "+kind]; word != "" {
		return c.shape(word)
	}
	return nil
}

// versionsOf are the API versions under which the table has a kind.
func (c *catalogue) versionsOf(kind string) []string {
	var found []string
	for key := range c.kinds {
		if version, k, _ := strings.Cut(key, " "); k == kind {
			found = append(found, version)
		}
	}
	return found
}

// object is one document of a manifest.
type object struct {
	kind, name string
	root       *document.Node
}

func (o object) String() string { return fmt.Sprintf("%s/%s", o.kind, o.name) }
