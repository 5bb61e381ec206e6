package kit

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func labels() Manifest {
	return Manifest{
		Name: "labels", Image: "images.example.com/shop/labels:1.4.2", Replicas: 2, Port: 8080, Environment: "staging",
		CPU: "100m", Memory: "128Mi", MemoryLimit: "256Mi",
	}
}

func TestRender(t *testing.T) {
	single := labels()
	single.Name, single.Replicas, single.Port, single.Environment = "rates", 1, 9000, "dev"
	for golden, m := range map[string]Manifest{"several.yaml": labels(), "single.yaml": single} {
		t.Run(golden, func(t *testing.T) {
			m.Into = t.TempDir()
			var out bytes.Buffer
			if err := m.run(&out); err != nil {
				t.Fatal(err)
			}
			var made Checked
			if err := json.Unmarshal(out.Bytes(), &made); err != nil {
				t.Fatal(err)
			}
			if !made.OK || len(made.Findings) > 0 {
				t.Errorf("findings in our own manifest: %v", made.Findings)
			}
			if want := filepath.Join(m.Into, m.Name+"-"+m.Environment+".yaml"); made.File != want {
				t.Errorf("file %s, want %s", made.File, want)
			}
			got, err := os.ReadFile(made.File)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", golden)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; see it with -update:\n%s", golden, got)
			}
			if has := strings.Contains(fmt.Sprint(made.Objects), "PodDisruptionBudget"); has != (m.Replicas > 1) {
				t.Errorf("objects %v for %d replicas", made.Objects, m.Replicas)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Manifest)
		says   string
	}{
		"latest":         {func(m *Manifest) { m.Image = "labels:latest" }, "write a version in place of latest"},
		"no tag":         {func(m *Manifest) { m.Image = "registry.example:5000/labels" }, "neither tag nor digest"},
		"no image":       {func(m *Manifest) { m.Image = "" }, "needs a name and an image"},
		"quote in image": {func(m *Manifest) { m.Image = "x:1'\n  evil: true" }, "is no image"},
		"name":           {func(m *Manifest) { m.Name = "Labels_2" }, "cannot be the name"},
		"digit first":    {func(m *Manifest) { m.Name = "2labels" }, "begin with a letter"},
		"replicas":       {func(m *Manifest) { m.Replicas = 0 }, "1 to 100 replicas"},
		"port":           {func(m *Manifest) { m.Port = 70000 }, "1 to 65535"},
		"environment":    {func(m *Manifest) { m.Environment = "qa" }, "write dev, staging or prod"},
		"amount":         {func(m *Manifest) { m.Memory = "lots" }, "is no amount"},
		"limit":          {func(m *Manifest) { m.MemoryLimit = "64Mi" }, "below what is requested"},
	} {
		t.Run(name, func(t *testing.T) {
			m := labels()
			m.Into = t.TempDir()
			c.change(&m)
			var out bytes.Buffer
			err := m.run(&out)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.says)
			}
			if out.Len() > 0 {
				t.Errorf("printed %s", out.String())
			}
			if left, err := os.ReadDir(m.Into); err != nil || len(left) > 0 {
				t.Errorf("left %v behind, %v", left, err)
			}
		})
	}
}

func TestOneReplicaInProdIsAWarning(t *testing.T) {
	m := labels()
	m.Into, m.Environment, m.Replicas = t.TempDir(), "prod", 1
	made, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Findings) != 1 || made.Findings[0].Severity != problem.Warning {
		t.Errorf("findings %v", made.Findings)
	}
}

// Each change of the good manifest must be found at its line.
func TestCheckFindsMistakes(t *testing.T) {
	source, err := os.ReadFile("testdata/several.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(source)
	if _, findings := checkManifest("good.yaml", source); len(findings) > 0 {
		t.Fatalf("findings in the good one: %v", findings)
	}
	for name, c := range map[string]struct{ old, new, at, says string }{
		"misspelt key":     {"terminationGracePeriodSeconds: 30", "terminationGracePeriodSecond: 30", "terminationGracePeriodSecond:", "did you mean terminationGracePeriodSeconds"},
		"wrong type":       {"replicas: 2", "replicas: two", "two", "must be a whole number"},
		"number for text":  {"value: '8080'", "value: 8080", "8080\n", "put quotes around it"},
		"old boolean":      {"value: staging", "value: no", "no\n", "reads no without quotes"},
		"duplicate key":    {"  replicas: 2\n", "  replicas: 2\n  replicas: 3\n", "replicas: 3", "stands twice"},
		"amount":           {"cpu: '100m'", "cpu: 'a bit'", "'a bit'", "not an amount"},
		"limit":            {"memory: '256Mi'", "memory: '0.1Gi'", "'0.1Gi'", "below what is requested"},
		"no limit":         {"            limits:\n              memory: '256Mi'\n", "", "name: labels\n          image", "no limit for memory"},
		"latest":           {"labels:1.4.2", "labels:latest", "'images.example.com/shop/labels:latest'", "pushed last"},
		"root":             {"        runAsNonRoot: true\n", "", "name: labels\n          image", "may run as root"},
		"user 0":           {"runAsUser: 10001", "runAsUser: 0", "0\n        runAsGroup", "runs as root"},
		"port":             {"containerPort: 8080", "containerPort: 80800", "80800", "80800 is no port"},
		"selector":         {"    matchLabels:\n      app.kubernetes.io/name: labels\n  strategy", "    matchLabels:\n      app.kubernetes.io/name: label\n  strategy", "label\n  strategy", "the pods have labels"},
		"service selector": {"  selector:\n    app.kubernetes.io/name: labels\n  ports", "  selector:\n    app: labels\n  ports", "app: labels", "selects no pod"},
		"target port":      {"targetPort: http", "targetPort: web", "web", "listens on web"},
		"budget":           {"  maxUnavailable: 1\n  selector", "  minAvailable: 2\n  selector", "apiVersion: policy/v1", "lets no pod move"},
		"old version":      {"apiVersion: policy/v1", "apiVersion: policy/v1beta1", "policy/v1beta1", "write apiVersion: policy/v1"},
		"name":             {"kind: Service\nmetadata:\n  name: labels", "kind: Service\nmetadata:\n  name: My_Labels", "My_Labels", "cannot be a name"},
		"no probe":         {"          readinessProbe:\n            httpGet:\n              path: /readyz\n              port: http\n            periodSeconds: 10\n            failureThreshold: 2\n", "", "name: labels\n          image", "no readinessProbe"},
		"unknown kind":     {"kind: PodDisruptionBudget", "kind: Widget", "Widget", "are not checked"},
		"no YAML":          {"      terminationGracePeriodSeconds: 30", "\tterminationGracePeriodSeconds: 30", "\tterm", "indent with spaces"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(good, c.old) < 1 {
				t.Fatalf("the manifest has no %q", c.old)
			}
			bad := strings.Replace(good, c.old, c.new, 1)
			line := 1 + strings.Count(bad[:strings.Index(bad, c.at)], "\n")
			_, findings := checkManifest("bad.yaml", []byte(bad))
			for _, f := range findings {
				if strings.Contains(f.String(), c.says) {
					if f.Line != line {
						t.Errorf("found on line %d, stands on line %d: %s", f.Line, line, f)
					}
					return
				}
			}
			t.Errorf("no finding says %q: %v", c.says, findings)
		})
	}
}

func TestCheckFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: 80}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := (&Manifest{Check: file}).run(&out)
	if err == nil || !strings.Contains(err.Error(), "did you mean ports?") {
		t.Errorf("error %v", err)
	}
	var report Checked
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if report.OK || len(report.Findings) != 2 || report.Findings[1].Line != 4 {
		t.Errorf("report %+v", report)
	}
}

func TestAmount(t *testing.T) {
	for text, want := range map[string]*big.Rat{
		"100m": big.NewRat(1, 10), "2": big.NewRat(2, 1), "0.5": big.NewRat(1, 2), "1k": big.NewRat(1000, 1),
		"1Ki": big.NewRat(1024, 1), "256Mi": big.NewRat(256<<20, 1), "3G": big.NewRat(3e9, 1), "5n": big.NewRat(5, 1e9), "1E": big.NewRat(1e18, 1),
	} {
		got, ok := amount(&document.Node{Kind: document.String, Scalar: text})
		if !ok || got.Cmp(want) != 0 {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "1e3", "12MB", "a"} {
		if got, ok := amount(&document.Node{Kind: document.String, Scalar: text}); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzCheckManifest(f *testing.F) {
	source, err := os.ReadFile("testdata/several.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(source)
	f.Add([]byte("---\n---\nkind: Deployment\napiVersion: apps/v1\nspec: {template: {spec: {containers: [null, 1, {}]}}}"))
	f.Add([]byte("kind: Service\napiVersion: v1\nmetadata: []\nspec: {selector: x, ports: {a: b}}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		names, findings := checkManifest("fuzz.yaml", source)
		lines := bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")) + 1
		for _, p := range findings {
			if p.Line < 0 || p.Line > lines+1 || p.Message == "" {
				t.Errorf("finding outside the file of %d lines: %+v", lines, p)
			}
		}
		if len(names) == 0 && len(findings) == 0 {
			t.Error("neither objects nor findings")
		}
	})
}
