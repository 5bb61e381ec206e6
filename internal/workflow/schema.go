package workflow

import (
	"encoding/json"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

// fits tells whether the reply has the form that the step declares. What was
// type-checked against a schema must not meet another type in the run.
func (f *flow) fits(s *playbook.Step, reply map[string]any) error {
	if s.Schema == nil {
		return nil
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no schema is fetched from anywhere
	text, err := json.Marshal([]any{s.Schema, reply["json"]})
	if err != nil {
		return &step.Failure{Sentence: "its reply can't be checked", Cause: err}
	}
	both, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return &step.Failure{Sentence: "its reply can't be checked", Cause: err}
	}
	pair, _ := both.([]any)
	if err := compiler.AddResource("reply.json", pair[0]); err != nil {
		return &step.Failure{Sentence: "its schema can't be used", Cause: err}
	}
	schema, err := compiler.Compile("reply.json")
	if err != nil {
		return &step.Failure{Sentence: "its schema can't be used", Cause: err}
	}
	if err := schema.Validate(pair[1]); err != nil {
		return &step.Failure{Sentence: "its reply has another form than the playbook's schema says", Cause: err}
	}
	return nil
}
