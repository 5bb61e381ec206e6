package expression

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/types"
)

// Type is the type of a name in a Scope.
type Type struct {
	of     types.Type
	fields []string        // of an object, sorted
	sub    map[string]Type // of an object whose fields are known
	item   *Type           // of a list
	open   bool            // an object may have more fields

	options []string // of a choice
	likely  []string // fields that an object of any type has for sure; others are doubted
}

// The simple types. A value of TypeAny is checked only when it is there.
var (
	TypeAny    = Type{of: types.Any}
	TypeString = Type{of: types.String}
	TypeInt    = Type{of: types.Int64}
	TypeNumber = Type{of: types.Float64}
	TypeBool   = Type{of: types.Bool}
)

// Choice is a string that is one of options.
func Choice(options []string) Type { return Type{of: types.String, options: options} }

// Likely is anything, and as far as anybody knows an object with these fields.
func Likely(fields ...string) Type { return Type{of: types.Any, likely: fields} }

// Object is an object with these fields and no others.
func Object(fields map[string]Type) Type {
	m := make(types.Map, len(fields))
	for name, t := range fields {
		m[name] = t.of
	}
	return Type{of: m, fields: slices.Sorted(maps.Keys(fields)), sub: fields}
}

// Open is an object with these fields and any others.
func Open(fields map[string]Type) Type {
	m := make(types.Map, len(fields)+1)
	for name, t := range fields {
		m[name] = t.of
	}
	m[types.Extra] = types.Any
	return Type{of: m, fields: slices.Sorted(maps.Keys(fields)), sub: fields, open: true}
}

// List is a list of of.
func List(of Type) Type { return Type{of: types.Array(of.of), item: &of} }

// maxSchemaDepth ends the reading of a schema that is deeper than any reply.
const maxSchemaDepth = 32

// FromSchema is the type that a decoded JSON Schema describes: type,
// properties, items and additionalProperties count, everything else is any.
func FromSchema(schema map[string]any) Type { return fromSchema(schema, 0) }

func fromSchema(schema map[string]any, depth int) Type {
	kind, _ := schema["type"].(string)
	if depth > maxSchemaDepth {
		return TypeAny
	}
	switch kind {
	case "string":
		return TypeString
	case "boolean":
		return TypeBool
	case "number", "integer":
		return TypeNumber // what JSON decodes to
	case "array":
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return List(TypeAny)
		}
		return List(fromSchema(items, depth+1))
	case "object":
		properties, ok := schema["properties"].(map[string]any)
		if !ok {
			return TypeAny
		}
		fields := map[string]Type{}
		for name, p := range properties {
			fields[name] = TypeAny
			if sub, ok := p.(map[string]any); ok {
				fields[name] = fromSchema(sub, depth+1)
			}
		}
		return Object(fields)
	}
	return TypeAny
}
