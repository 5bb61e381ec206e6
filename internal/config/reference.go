package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"frontdoor/internal/document"
)

// reference is `${NAME}` or `${file:NAME}`, or the escape `$${`.
var reference = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}`)

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
}

// maxSecret bounds a mounted file in bytes.
const maxSecret = 64 << 10

// resolve replaces the references in every string below root. One that leads
// nowhere becomes "" and is remembered.
func (r *resolver) resolve(root *document.Node) {
	root.Walk(func(n *document.Node) {
		text := n.Text()
		if !strings.Contains(text, "${") {
			return
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
		if value, ok := r.env(name); ok && value != "" {
			return value, "", ""
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
	if info.Size() > maxSecret {
		return make([]byte, maxSecret+1), nil
	}
	return os.ReadFile(file)
}
