package document

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/invopop/jsonschema"
)

// Schema is s as a JSON Schema of draft 2020-12, indented, with title and id.
func (s *Shape) Schema(id, title string) ([]byte, error) {
	root := s.schema()
	root.Version = jsonschema.Version
	root.ID = jsonschema.ID(id)
	root.Title = title
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print the schema: %w", err)
	}
	return append(out, '\n'), nil
}

func (s *Shape) schema() *jsonschema.Schema {
	if s.Unbuilt != "" {
		return &jsonschema.Schema{Description: s.Unbuilt, Not: &jsonschema.Schema{}}
	}
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
		forms[0].Description = s.Doc
		return forms[0]
	}
	return &jsonschema.Schema{Description: s.Doc, AnyOf: forms}
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

func (s *Shape) properties(out *jsonschema.Schema) {
	if s.Fields == nil {
		if s.Values != nil {
			out.AdditionalProperties = s.Values.schema()
		}
		return
	}
	out.Properties = jsonschema.NewProperties()
	for _, f := range s.Fields {
		out.Properties.Set(f.Name, f.Shape.schema())
		if f.Required {
			out.Required = append(out.Required, f.Name)
		}
	}
	out.AdditionalProperties = jsonschema.FalseSchema
}
