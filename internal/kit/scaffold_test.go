package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestScaffold(t *testing.T) {
	for _, language := range []string{"go", "python"} {
		t.Run(language, func(t *testing.T) {
			into := t.TempDir()
			s := Scaffold{Name: "parcel-labels", Language: language, Team: "shipping", Into: into}
			var out bytes.Buffer
			if err := s.run(&out); err != nil {
				t.Fatal(err)
			}
			var made Scaffolded
			if err := json.Unmarshal(out.Bytes(), &made); err != nil {
				t.Fatal(err)
			}
			if made.Dir != filepath.Join(into, "parcel-labels") {
				t.Errorf("made in %s", made.Dir)
			}
			var listing strings.Builder
			for _, file := range made.Files {
				source, err := os.ReadFile(filepath.Join(made.Dir, file))
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(source, []byte("{{")) || bytes.Contains(source, []byte("<no value>")) {
					t.Errorf("%s is not filled in", file)
				}
				fmt.Fprintf(&listing, "== %s\n%s", file, source)
			}
			golden := filepath.Join("testdata", language+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(listing.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if listing.String() != string(want) {
				t.Errorf("%s differs; see it with -update", golden)
			}
			if left, err := os.ReadDir(into); err != nil || len(left) != 1 {
				t.Errorf("left %v beside the service, %v", left, err)
			}
		})
	}
}

// The code that a team starts from must build, be formatted and pass its test.
func TestScaffoldedServiceWorks(t *testing.T) {
	made, err := (&Scaffold{Name: "rates", Language: "go", Team: "shipping", Into: t.TempDir()}).Make()
	if err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{{"go", "vet", "./..."}, {"go", "test", "./..."}} {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Dir = made.Dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	for _, file := range made.Files {
		source, err := os.ReadFile(filepath.Join(made.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(source); strings.HasSuffix(file, ".go") && (err != nil || !bytes.Equal(source, formatted)) {
			t.Errorf("%s is not formatted, %v", file, err)
		}
	}
}

func TestScaffoldTwice(t *testing.T) {
	s := Scaffold{Name: "rates", Language: "go", Team: "shipping", Into: t.TempDir()}
	made, err := s.Make()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Make(); err != nil {
		t.Errorf("a repeated step failed: %v", err)
	}
	other := s
	other.Team = "billing"
	if _, err := other.Make(); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("another service in the same place: %v", err)
	}
	source, err := os.ReadFile(filepath.Join(made.Dir, "service.yaml"))
	if err != nil || !bytes.Contains(source, []byte("owner: shipping")) {
		t.Errorf("the first service was touched: %s, %v", source, err)
	}
}

func TestScaffoldRefuses(t *testing.T) {
	for name, s := range map[string]Scaffold{
		"path in name":  {Name: "../x", Language: "go", Team: "a"},
		"short name":    {Name: "ab", Language: "go", Team: "a"},
		"hyphen last":   {Name: "rates-", Language: "go", Team: "a"},
		"yaml in team":  {Name: "rates", Language: "go", Team: "a\nb: c"},
		"empty team":    {Name: "rates", Language: "go"},
		"language":      {Name: "rates", Language: "cobol", Team: "a"},
		"path language": {Name: "rates", Language: "../common", Team: "a"},
	} {
		s.Into = t.TempDir()
		if _, err := s.Make(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", name, err)
		}
		if left, err := os.ReadDir(s.Into); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v behind, %v", name, left, err)
		}
	}
}
