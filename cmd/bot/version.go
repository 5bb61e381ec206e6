package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker at release builds.
var version = ""

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the version of the binary and of Go.
func (c *versionCmd) Run(s streams) error {
	v := versionOf()
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(struct {
			Version string `json:"version"`
			Go      string `json:"go"`
			OS      string `json:"os"`
			Arch    string `json:"arch"`
		}{v, runtime.Version(), runtime.GOOS, runtime.GOARCH}); err != nil {
			return err
		}
		return p.flush()
	}
	_, err := fmt.Fprintf(s.out, "frontdoor %s (%s %s/%s)\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func versionOf() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
