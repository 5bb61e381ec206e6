// Package kit does the work behind the sample workflows, with no service
// outside this machine: it scaffolds a service, issues certificates, renders
// and checks Kubernetes manifests, keeps DNS zone files, looks at schedules,
// fills in pages. A command step reaches it as `bot kit …`. Each command prints
// one JSON object, so that the next step can read it; an error is one plain
// line for the person who asked.
package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is `bot kit`, as flags.
type Command struct {
	Scaffold    Scaffold    `cmd:"" help:"Render a new service from the template into a directory."`
	Certificate Certificate `cmd:"" help:"Issue a certificate of the local development CA."`
	Manifest    Manifest    `cmd:"" help:"Render a Kubernetes manifest and check it, or check a file."`
	Scale       Scale       `cmd:"" help:"Render an autoscaler and count what it takes."`
	Allow       Allow       `cmd:"" help:"Render a rule that lets a network in, or a service out."`
	Database    Database    `cmd:"" help:"Write the SQL that makes a database."`
	Zone        Zone        `cmd:"" help:"Add a record to a DNS zone file, or take it out."`
	Lookup      Lookup      `cmd:"" help:"Ask the DNS for a host name."`
	Grant       Grant       `cmd:"" help:"Issue short access as a client certificate, or revoke it."`
	Secret      Secret      `cmd:"" help:"Make a random secret in a file."`
	Silence     Silence     `cmd:"" help:"Write a silence for Alertmanager."`
	Schedule    Schedule    `cmd:"" help:"Say when a cron expression starts, and what speaks against it."`
	Incident    Incident    `cmd:"" help:"Write the pages that an incident begins with."`
	Handover    Handover    `cmd:"" help:"Write the page of an on-call handover."`
}

// Run prints what was made to the command line's standard output.
func (s *Scaffold) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was issued to the command line's standard output.
func (c *Certificate) Run(line *kong.Context) error { return c.run(line.Stdout) }

// Run prints what was rendered or found to the command line's standard output.
func (m *Manifest) Run(line *kong.Context) error { return m.run(line.Stdout) }

// Run prints what was rendered to the command line's standard output.
func (s *Scale) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was rendered to the command line's standard output.
func (a *Allow) Run(line *kong.Context) error { return a.run(line.Stdout) }

// Run prints what was written to the command line's standard output.
func (d *Database) Run(line *kong.Context) error { return d.run(line.Stdout) }

// Run prints what was changed to the command line's standard output.
func (z *Zone) Run(line *kong.Context) error { return z.run(line.Stdout) }

// Run prints what was found to the command line's standard output.
func (l *Lookup) Run(line *kong.Context) error { return l.run(line.Stdout) }

// Run prints what was issued or revoked to the command line's standard output.
func (g *Grant) Run(line *kong.Context) error { return g.run(line.Stdout) }

// Run prints what was made, without its value, to the command line's standard output.
func (s *Secret) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was written to the command line's standard output.
func (s *Silence) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was found to the command line's standard output.
func (s *Schedule) Run(line *kong.Context) error { return s.run(line.Stdout) }

// Run prints what was written to the command line's standard output.
func (i *Incident) Run(line *kong.Context) error { return i.run(line.Stdout) }

// Run prints what was written to the command line's standard output.
func (h *Handover) Run(line *kong.Context) error { return h.run(line.Stdout) }

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

// writeAll makes the directory and writes the files, whose keys are their paths.
func writeAll(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := writeNew(path, files[path], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// plainLine is a text on one line.
func plainLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// inOneLine joins the complaints of a check into a sentence.
func inOneLine(complaints []string) string {
	return plainLine(strings.Join(complaints, "; "))
}
