package kit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"frontdoor/internal/problem"
)

// Bounds of what is rendered.
const (
	maxReplicas = 100
	maxPort     = 65535
)

// Manifest renders a Deployment, a Service and, where there is more than one
// replica, a PodDisruptionBudget; or checks a file of such objects.
type Manifest struct {
	Check       string `placeholder:"FILE" help:"Check this file instead of rendering one."`
	Name        string `help:"Name of the service."`
	Image       string `help:"Image with a tag or a digest."`
	Replicas    int    `default:"2" help:"Number of replicas, 1 to 100."`
	Port        int    `default:"8080" help:"Port that the container listens on."`
	Environment string `default:"dev" help:"dev, staging or prod."`
	CPU         string `name:"cpu" default:"100m" help:"CPU to reserve."`
	Memory      string `default:"128Mi" help:"Memory to reserve."`
	MemoryLimit string `default:"256Mi" help:"Memory above which the container is ended."`
	Into        string `default:"." help:"Directory to write NAME-ENVIRONMENT.yaml into."`
}

// Checked is what became of a manifest. File is absolute where it was written
// here, and as given where it was checked; Objects are `Kind/name` in file
// order; Findings are in file order too.
type Checked struct {
	File     string       `json:"file"`
	OK       bool         `json:"ok"` // nothing worse than a warning
	Objects  []string     `json:"objects"`
	Findings problem.List `json:"findings"`
}

// run renders or checks, and prints the result. A manifest with errors is an
// error, and one that was to be rendered is not written.
func (m *Manifest) run(out io.Writer) error {
	if m.Check != "" {
		checked, err := m.CheckFile()
		if err != nil {
			return err
		}
		if err := printJSON(out, checked); err != nil {
			return err
		}
		if !checked.OK {
			return refused(checked)
		}
		return nil
	}
	checked, err := m.Render()
	if err != nil {
		return err
	}
	return printJSON(out, checked)
}

// refused says the errors of a manifest in one line.
func refused(c Checked) error {
	var complaints []string
	for _, p := range c.Findings {
		if p.Severity == problem.Error {
			complaint := p.Message
			if p.Hint != "" {
				complaint += " (" + p.Hint + ")"
			}
			complaints = append(complaints, complaint)
		}
	}
	return fmt.Errorf("the manifest is refused: %s", inOneLine(complaints))
}

// CheckFile reads the file Check and says what is wrong with it.
func (m *Manifest) CheckFile() (Checked, error) {
	source, err := os.ReadFile(m.Check)
	if err != nil {
		return Checked{}, fmt.Errorf("check the manifest: %w", err)
	}
	objects, findings := checkManifest(m.Check, source)
	return Checked{File: m.Check, OK: !hasErrors(findings), Objects: objects, Findings: findings}, nil
}

// Render writes the manifest after it has passed the checks. Doing it again
// writes the same file.
func (m *Manifest) Render() (Checked, error) {
	if err := m.validate(); err != nil {
		return Checked{}, err
	}
	source, err := fill("templates/manifest/manifest.yaml.tmpl", m)
	if err != nil {
		return Checked{}, fmt.Errorf("render the manifest of %s: %w", m.Name, err)
	}
	into, err := filepath.Abs(m.Into)
	if err != nil {
		return Checked{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	checked := Checked{File: filepath.Join(into, m.Name+"-"+m.Environment+".yaml")}
	checked.Objects, checked.Findings = checkManifest(checked.File, source)
	if m.Environment == "prod" && m.Replicas < 2 {
		checked.Findings = append(checked.Findings, problem.Problem{
			File: checked.File, Severity: problem.Warning,
			Message: "one replica in prod is down during every deploy and every move of its node", Hint: "write 2 replicas or more",
		})
	}
	checked.OK = !hasErrors(checked.Findings)
	if !checked.OK {
		return Checked{}, refused(checked)
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return Checked{}, fmt.Errorf("write the manifest: %w", err)
	}
	if err := writeNew(checked.File, source, 0o644); err != nil {
		return Checked{}, fmt.Errorf("write the manifest: %w", err)
	}
	return checked, nil
}

// validate refuses what the template could not hold as plain text; what is
// merely unwise is found by the check of the result.
func (m *Manifest) validate() error {
	switch {
	case m.Name == "" || m.Image == "":
		return errors.New("a manifest needs a name and an image: write --name and --image, or --check FILE")
	case !dnsLabel.MatchString(m.Name):
		return fmt.Errorf("%q cannot be the name of a service: write at most 63 lower-case letters, digits and hyphens", m.Name)
	case !reference.MatchString(m.Image):
		return fmt.Errorf("%q is no image: write one such as images.example.com/shop/labels:1.4.2", m.Image)
	case m.Replicas < 1 || m.Replicas > maxReplicas:
		return fmt.Errorf("a service has 1 to %d replicas, not %d", maxReplicas, m.Replicas)
	case m.Port < 1 || m.Port > maxPort:
		return fmt.Errorf("a port is a number from 1 to %d, not %d", maxPort, m.Port)
	case !slices.Contains(environments, m.Environment):
		return fmt.Errorf("there is no environment %q: write dev, staging or prod", m.Environment)
	}
	for _, q := range []string{m.CPU, m.Memory, m.MemoryLimit} {
		if !quantity.MatchString(q) {
			return fmt.Errorf("%q is no amount: write one such as 250m or 256Mi", q)
		}
	}
	return nil
}

func hasErrors(list problem.List) bool {
	return slices.ContainsFunc(list, func(p problem.Problem) bool { return p.Severity == problem.Error })
}
