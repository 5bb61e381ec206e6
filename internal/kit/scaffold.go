package kit

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// templates holds one folder a language, and common for what all share. Every
// file is a text/template; its name below the folder is its name in the new
// service, but for renamed.
//
//go:embed all:templates
var templates embed.FS

// renamed are the files that cannot be embedded, or read, under their own name.
var renamed = map[string]string{
	"gitignore":        ".gitignore",
	"ci/pipeline.yaml": ".ci/pipeline.yaml",
}

// Scaffold renders a new service.
type Scaffold struct {
	Name     string `required:"" help:"Name of the service: 3 to 31 lower-case letters, digits and hyphens."`
	Language string `default:"go" help:"Template: go or python."`
	Team     string `required:"" help:"Team that owns it."`
	Into     string `default:"." help:"Directory in which the service's own directory is made."`
}

// Scaffolded is what Scaffold made. Dir is absolute; Files are below it, in
// order.
type Scaffolded struct {
	Dir      string   `json:"dir"`
	Name     string   `json:"name"`
	Language string   `json:"language"`
	Team     string   `json:"team"`
	Files    []string `json:"files"`
}

// run renders the service and prints what was made.
func (s *Scaffold) run(out io.Writer) error {
	made, err := s.Make()
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Make renders the service into Into/Name: the whole directory or nothing.
// Doing it again with the same values succeeds, because a step can be repeated
// after a crash; a directory with other contents is left alone and refused.
func (s *Scaffold) Make() (Scaffolded, error) {
	rendered, err := s.render()
	if err != nil {
		return Scaffolded{}, err
	}
	into, err := filepath.Abs(s.Into)
	if err != nil {
		return Scaffolded{}, fmt.Errorf("scaffold %s: %w", s.Name, err)
	}
	made := Scaffolded{Dir: filepath.Join(into, s.Name), Name: s.Name, Language: s.Language, Team: s.Team}
	for name := range rendered {
		made.Files = append(made.Files, name)
	}
	slices.Sort(made.Files)

	if _, err := os.Lstat(made.Dir); err == nil {
		if !holds(made.Dir, rendered) {
			return Scaffolded{}, fmt.Errorf("scaffold %s: %s is there already and holds something else", s.Name, made.Dir)
		}
		return made, nil
	}
	if err := place(into, made.Dir, rendered); err != nil {
		return Scaffolded{}, fmt.Errorf("scaffold %s: %w", s.Name, err)
	}
	return made, nil
}

// place writes the files into a directory beside dir and renames it.
func place(into, dir string, rendered map[string][]byte) (err error) {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(into, ".scaffold-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	for name, data := range rendered {
		target := filepath.Join(temporary, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(temporary, dir)
}

// holds tells whether dir has every rendered file as it was rendered.
func holds(dir string, rendered map[string][]byte) bool {
	for name, data := range rendered {
		there, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(there, data) {
			return false
		}
	}
	return true
}

// languages are the templates by the word that chooses them, with the name
// that people read.
var languages = map[string]string{"go": "Go", "python": "Python"}

// render fills in the templates; the keys are slash paths below the service.
func (s *Scaffold) render() (map[string][]byte, error) {
	title, known := languages[s.Language]
	switch {
	case !serviceName.MatchString(s.Name):
		return nil, fmt.Errorf("scaffold: %q cannot be the name of a service: write 3 to 31 lower-case letters, digits and hyphens, with a letter first and no hyphen last", s.Name)
	case !teamName.MatchString(s.Team):
		return nil, fmt.Errorf("scaffold: %q cannot be the name of a team: write lower-case letters, digits and hyphens, with a letter first", s.Team)
	case !known:
		return nil, fmt.Errorf("scaffold: there is no template for %q: write go or python", s.Language)
	}
	values := struct{ Name, Team, Language, Title, Camel, Metric string }{
		Name: s.Name, Team: s.Team, Language: s.Language, Title: title,
		Camel:  camel(s.Name),
		Metric: strings.ReplaceAll(s.Name, "-", "_"),
	}
	rendered := map[string][]byte{}
	for _, folder := range []string{"templates/common", "templates/" + s.Language} {
		err := fs.WalkDir(templates, folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name := strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), ".tmpl")
			if other, found := renamed[name]; found {
				name = other
			}
			rendered[name], err = fill(file, values)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("scaffold %s: %w", s.Name, err)
		}
	}
	return rendered, nil
}

func fill(file string, values any) ([]byte, error) {
	parsed, err := template.New(path.Base(file)).Option("missingkey=error").ParseFS(templates, file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, values); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// camel writes a kebab-case name as alerts are called: parcel-labels as
// ParcelLabels.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
