// Package kit does the work behind the sample workflows, with no service
// outside this machine: it scaffolds a service, issues a development
// certificate, renders and checks a Kubernetes manifest. A command step reaches
// it as `bot kit …`. Each command prints one JSON object, so that the next
// step can read it; an error is one plain line for the person who asked.
package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is `bot kit`, as flags.
type Command struct {
	Scaffold    Scaffold    `cmd:"" help:"Render a new service from the template into a directory."`
	Certificate Certificate `cmd:"" help:"Issue a certificate of the local development CA."`
	Manifest    Manifest    `cmd:"" help:"Render a Kubernetes manifest and check it, or check a file."`
}

// Run prints what was made to the command line's standard output.
func (s *Scaffold) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was issued to the command line's standard output.
func (c *Certificate) Run(line *kong.Context) error { return c.run(line.Stdout) }

// Run prints what was rendered or found to the command line's standard output.
func (m *Manifest) Run(line *kong.Context) error { return m.run(line.Stdout) }

// dnsLabel is RFC 1123 as Kubernetes asks it of Deployments and their labels.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// serviceName and teamName are how services and teams are called in the
// catalogue.
var (
	serviceName = regexp.MustCompile(`^[a-z]([a-z0-9-]{1,29})[a-z0-9]$`)
	teamName    = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$`)
)

// printJSON writes v as one line.
func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// writeNew writes a whole file or nothing: beside its place first, then
// renamed, so that a reader and a repeated step never see half of it.
func writeNew(path string, data []byte, mode os.FileMode) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.Write(data)
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// inOneLine joins the complaints of a check into a sentence.
func inOneLine(complaints []string) string {
	return strings.Join(strings.Fields(strings.Join(complaints, "; ")), " ")
}
