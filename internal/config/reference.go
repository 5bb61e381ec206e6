package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// reference is `${NAME}` or `${file:NAME}`, or the escape `$${`.
var reference = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}`)

// bare is a variable as a shell knows it.
var bare = regexp.MustCompile(`^\$[A-Z_][A-Z0-9_]*$`)

// envName is what an environment variable is called.
var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// missing is a reference that leads nowhere.
type missing struct {
	node    *document.Node
	message string
	hint    string
}

// resolver puts values in the place of references.
type resolver struct {
	dir     string // that of the file
	env     func(string) (string, bool)
	missing []missing
	secrets []string // every value that came from outside
	found   problem.List
}

// maxSecret bounds a mounted file in bytes.
const maxSecret = 64 << 10

// resolve replaces the references in every string below root. One that leads
// nowhere becomes "" and is remembered.
func (r *resolver) resolve(root *document.Node) {
	root.Walk(func(n *document.Node) {
		text := n.Text()
		if !strings.Contains(text, "${") {
			if bare.MatchString(text) {
				p := n.Problem("write ${"+text[1:]+"}", "%s: %s is taken word for word", n.Path(), text)
				p.Severity = problem.Warning
				r.found = append(r.found, p)
			}
			return
		}
		if rest := reference.ReplaceAllString(text, ""); strings.Contains(rest, "${") {
			r.found = append(r.found, n.Problem("close it, as in ${ENV_NAME} or ${file:NAME}, or write $${ for a plain ${", "%s: ${ isn't closed", n.Path()))
		}
		n.Replace(reference.ReplaceAllStringFunc(text, func(ref string) string {
			if ref == "$${" {
				return "${"
			}
			value, message, hint := r.lookup(ref[2 : len(ref)-1])
			if message != "" {
				r.missing = append(r.missing, missing{node: n, message: message, hint: hint})
			}
			r.secrets = append(r.secrets, value)
			return value
		}))
	})
}

// lookup is the value of one reference, or why there is none.
func (r *resolver) lookup(name string) (value, message, hint string) {
	file, isFile := strings.CutPrefix(name, "file:")
	if !isFile {
		if !envName.MatchString(name) {
			return "", "${" + name + "} names no environment variable", "write ${ENV_NAME} or ${file:NAME}, or $${ for a plain ${"
		}
		value, ok := r.env(name)
		if value != "" {
			return value, "", ""
		}
		if ok {
			return "", "the environment variable " + name + " is set but empty", "give it a value, or remove the key"
		}
		return "", "the environment variable " + name + " isn't set", "set it, or remove the key"
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	src, err := readSecret(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "there is no file " + file, "mount it, or remove the key"
	case err != nil:
		return "", "the file " + file + " can't be read", "check what it is and who may read it"
	case len(src) > maxSecret:
		return "", "the file " + file + " is too long for a value", "name the file that holds the value alone"
	}
	// Editors and kubectl leave a line break behind that belongs to no secret.
	value = strings.TrimRight(string(src), "\r\n")
	if value == "" {
		return "", "the file " + file + " is empty", "write the value into it"
	}
	return value, "", ""
}

func readSecret(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxSecret+1))
}
