package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the files that the scripts compare with")

func TestMain(m *testing.M) {
	// A process that ends sleeps a second under the race detector, for races that
	// are just being told. These tests end hundreds.
	if err := os.Setenv("GORACE", quickEnd); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"bot": func() { os.Exit(run(os.Args[1:])) }})
}

const quickEnd = "atexit_sleep_ms=50"

// TestScripts runs every command as people and programs do; the scripts are
// the examples of the command line's contract.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GORACE", quickEnd)
			// What several scripts talk with.
			for _, name := range []string{"talk.sh", "show.sh"} {
				text, err := os.ReadFile(filepath.Join("testdata", name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), text, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"jsonlines": jsonLines,
			"interrupt": interrupt,
			"reach":     reach,
		},
	})
}
