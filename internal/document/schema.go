package document

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/invopop/jsonschema"
)

// draft is the one that editors know best. Everything that a Shape says is the
// same in later drafts.
const draft = "http://json-schema.org/draft-07/schema#"

// Schema is s as a JSON Schema of draft 7, indented, with title and id. Keys
// that are not built yet are left out: nothing should propose them.
func (s *Shape) Schema(id, title string) ([]byte, error) {
	root := s.schema()
	root.Version = draft
	root.ID = jsonschema.ID(id)
	root.Title = title
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print the schema: %w", err)
	}
	return append(out, '\n'), nil
}

func (s *Shape) schema() *jsonschema.Schema {
	var forms []*jsonschema.Schema
	for _, o := range append([]*Shape{s}, s.Kinds...) {
		for _, k := range o.Is {
			if k == Int && slices.Contains(o.Is, Float) {
				continue
			}
			forms = append(forms, o.form(k))
		}
		if len(o.Is) == 0 {
			forms = append(forms, &jsonschema.Schema{})
		}
	}
	if len(forms) == 1 {
		forms[0].Description, forms[0].Default, forms[0].Examples = s.Doc, s.Default, s.Examples
		return forms[0]
	}
	return &jsonschema.Schema{Description: s.Doc, Default: s.Default, Examples: s.Examples, AnyOf: forms}
}

// form is the schema of s for values of kind k.
func (s *Shape) form(k Kind) *jsonschema.Schema {
	out := &jsonschema.Schema{Type: [...]string{"null", "boolean", "integer", "number", "string", "array", "object"}[k]}
	one := uint64(1)
	switch k {
	case Object:
		if s.Filled {
			out.MinProperties = &one
		}
		s.properties(out)
		s.wanted(out)
	case List:
		if s.Filled {
			out.MinItems = &one
		}
		if s.Items != nil {
			out.Items = s.Items.schema()
		}
	case String:
		for _, e := range s.Enum {
			out.Enum = append(out.Enum, e)
		}
		if s.Format != nil {
			out.Pattern = s.Format.Pattern
		}
		if s.Filled {
			out.MinLength = &one
		}
	case Int, Float:
		if s.Min != nil {
			out.Minimum = json.Number(number(*s.Min))
		}
		if s.Max != nil {
			out.Maximum = json.Number(number(*s.Max))
		}
	}
	return out
}

// wanted says which keys have to be there.
func (s *Shape) wanted(out *jsonschema.Schema) {
	for _, key := range s.One {
		out.OneOf = append(out.OneOf, &jsonschema.Schema{Required: []string{key}})
	}
	for _, key := range s.Some {
		out.AnyOf = append(out.AnyOf, &jsonschema.Schema{Required: []string{key}})
	}
	for _, c := range s.When {
		is := jsonschema.NewProperties()
		is.Set(c.Key, &jsonschema.Schema{Const: c.Value})
		out.AllOf = append(out.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: is, Required: []string{c.Key}},
			Then: &jsonschema.Schema{Required: c.Needs},
		})
	}
}

func (s *Shape) properties(out *jsonschema.Schema) {
	if s.Fields == nil {
		if s.Values != nil {
			out.AdditionalProperties = s.Values.schema()
		}
		return
	}
	out.Properties = jsonschema.NewProperties()
	for _, f := range s.Fields {
		if f.Shape.Unbuilt != "" {
			continue
		}
		out.Properties.Set(f.Name, f.Shape.schema())
		if f.Required {
			out.Required = append(out.Required, f.Name)
		}
	}
	out.AdditionalProperties = jsonschema.FalseSchema
}
