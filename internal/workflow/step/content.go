package step

import (
	"encoding/json"
	"net/http"

	"frontdoor/internal/playbook"
)

// Content is what the step sends or runs, with the names of its secrets in
// place of their values: the same bytes for the same thing. nil where it can't
// be put together, or where the kind does nothing that leaves the bot.
func Content(c Call) []byte {
	var content any
	switch a := c.Action; {
	case a.HTTP != nil:
		r, err := (&HTTP{}).prepare(c)
		if err != nil {
			return nil
		}
		content = struct {
			Method, URL string
			Header      http.Header
			Body        string
			Bearer      string
		}{r.method, r.url.String(), r.header, string(r.body), a.HTTP.Bearer}
	case a.Command != nil:
		p, err := (&Command{}).prepare(c)
		if err != nil {
			return nil
		}
		content = struct {
			Argv    []string
			Dir     string
			Env     []string
			Stdin   string
			Secrets map[string]string
		}{p.argv, p.dir, p.env, p.stdin, secretNames(a.Command)}
	default:
		return nil
	}
	out, err := json.Marshal(content) // maps in the order of their keys
	if err != nil {
		return nil
	}
	return out
}

func secretNames(c *playbook.Command) map[string]string { return c.Secrets }
