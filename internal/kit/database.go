package kit

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// databaseName is what PostgreSQL takes without quotes once hyphens are
// underscores: at most 63 bytes with the longest suffix of its roles.
var databaseName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,48}[a-z0-9]$`)

// Database writes the SQL that makes a PostgreSQL database with roles of its
// own, for review.
type Database struct {
	Name        string `required:"" help:"Name: 3 to 50 lower-case letters, digits and hyphens."`
	Owner       string `required:"" help:"Team that owns it."`
	Environment string `default:"dev" help:"dev, staging or prod."`
	Connections int    `default:"100" help:"Connections that its service may open, 1 to 400."`
	Into        string `default:"." help:"Directory to write create.sql and drop.sql into."`
}

// Databased is what was written. Paths are absolute.
type Databased struct {
	Database   string   `json:"database"` // as PostgreSQL calls it
	Roles      []string `json:"roles"`
	Create     string   `json:"create"`
	Drop       string   `json:"drop"`
	Statements int      `json:"statements"`
}

// reservedNames are databases and roles that PostgreSQL has by itself.
var reservedNames = []string{"postgres", "template0", "template1", "public", "none"}

func (d *Database) run(out io.Writer) error {
	made, err := d.Write()
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Write writes create.sql and drop.sql. Doing it again writes the same files.
func (d *Database) Write() (Databased, error) {
	switch {
	case !databaseName.MatchString(d.Name) || slices.Contains(reservedNames, d.Name):
		return Databased{}, fmt.Errorf("%q cannot be the name of a database: write 3 to 50 lower-case letters, digits and hyphens", d.Name)
	case !teamName.MatchString(d.Owner):
		return Databased{}, fmt.Errorf("%q cannot be the name of a team: write lower-case letters, digits and hyphens, with a letter first", d.Owner)
	case !slices.Contains(environments, d.Environment):
		return Databased{}, fmt.Errorf("there is no environment %q: write dev, staging or prod", d.Environment)
	case d.Connections < 1 || d.Connections > 400:
		return Databased{}, fmt.Errorf("a service opens 1 to 400 connections, not %d", d.Connections)
	}
	into, err := filepath.Abs(d.Into)
	if err != nil {
		return Databased{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	name := strings.ReplaceAll(d.Name, "-", "_")
	made := Databased{
		Database: name, Roles: []string{name + "_owner", name + "_app", name + "_read"},
		Create: filepath.Join(into, "create.sql"), Drop: filepath.Join(into, "drop.sql"),
	}
	values := struct {
		Name, Owner, Environment string
		Connections              int
	}{name, d.Owner, d.Environment, d.Connections}
	create, err := fill("templates/database/create.sql.tmpl", values)
	if err != nil {
		return Databased{}, fmt.Errorf("write the SQL of %s: %w", d.Name, err)
	}
	drop, err := fill("templates/database/drop.sql.tmpl", values)
	if err != nil {
		return Databased{}, fmt.Errorf("write the SQL of %s: %w", d.Name, err)
	}
	made.Statements = strings.Count(string(create), ";\n")
	if err := writeAll(into, map[string][]byte{made.Create: create, made.Drop: drop}); err != nil {
		return Databased{}, fmt.Errorf("write the SQL of %s: %w", d.Name, err)
	}
	return made, nil
}
