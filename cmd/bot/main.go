// Command bot is frontdoor: the chat bot, its workers, and the tools of those
// who write playbooks and run it. One file per command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"frontdoor/internal/app"
	"frontdoor/internal/bench"
	"frontdoor/internal/kit"
)

// cli is the command line, one field per command.
type cli struct {
	Config string `help:"Configuration file (default: frontdoor.yaml where there is one, or $FRONTDOOR_CONFIG)." placeholder:"FILE" type:"path"`

	Chat      chatCmd      `cmd:"" help:"Talk to the bot in this terminal; nothing to set up."`
	Ask       askCmd       `cmd:"" help:"Answer a question from the docs, with citations."`
	Match     matchCmd     `cmd:"" help:"Show which playbook a message goes to, and why."`
	Serve     serveCmd     `cmd:"" help:"Run the bot: chat platforms, workers, health."`
	Docs      docsCmd      `cmd:"" help:"Index and search the docs."`
	Playbooks playbooksCmd `cmd:"" help:"Check, test and list the playbooks."`
	Intents   intentsCmd   `cmd:"" help:"Measure the matcher."`
	Runs      runsCmd      `cmd:"" help:"Look at workflow runs."`
	Demand    demandCmd    `cmd:"" help:"Mine the demand records."`
	Doctor    doctorCmd    `cmd:"" help:"Look the set-up over: what is wrong, and what to do."`
	Bench     benchCmd     `cmd:"" help:"Let people talk to a bot of its own, and measure it."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
	Kit       kit.Command  `cmd:"" hidden:"" help:"Tools of the sample playbooks."`
}

// streams are where a command reads and writes, and what ends it.
type streams struct {
	ctx      context.Context //nolint:containedctx // kong binds one value per command
	in       io.Reader
	out, err io.Writer
	bars     *os.File // standard error as it is, for progress bars
	terminal bool     // somebody sits at both ends
}

// The exit codes of every command.
const (
	exitDone  = 0
	exitNo    = 1 // it ran, and the answer is no
	exitUsage = 2 // wrong usage or configuration
)

// errNo ends a command with exit code 1; what there was to say is said.
var errNo = errors.New("no")

// usageError ends a command with exit code 2.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	takeLimits()
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
		args = []string{"version"} // what people try first
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	io := streams{
		ctx: ctx, in: os.Stdin, out: os.Stdout, err: plain{os.Stderr}, bars: os.Stderr,
		terminal: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())),
	}
	var c cli
	ended := -1
	parser, err := kong.New(&c,
		kong.Name("bot"),
		kong.Description("The front door of your platform: it answers from the docs, does the usual jobs, and learns what to build next."),
		kong.UsageOnError(),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { ended = code }),
		kong.Bind(io, &c),
		kong.Vars{"mix": bench.DefaultMix},
	)
	if err != nil {
		fmt.Fprintln(io.err, "bot:", err)
		return exitUsage
	}
	cmd, err := parser.Parse(args)
	if ended >= 0 {
		return ended // --help
	}
	if err != nil {
		fmt.Fprintf(io.err, "bot: %s\nbot: `bot --help` lists the commands, `bot COMMAND --help` their flags\n", misused(err))
		return exitUsage
	}
	return code(io, cmd.Run(io, &c))
}

// misused says in our words what kong says of wrong usage.
func misused(err error) string {
	text := err.Error()
	if what, ok := strings.CutPrefix(text, `expected "<`); ok {
		// The name of an argument, as the help has it.
		return "the " + strings.ToUpper(strings.TrimRight(what, `> "`)) + " is missing"
	}
	if flag, _, ok := strings.Cut(text, ": expected "); ok && strings.HasSuffix(text, `but got "EOL" (<EOL>)`) {
		return flag + " wants a value"
	}
	return text
}

// code prints what went wrong and turns it into the exit code.
func code(io streams, err error) int {
	var usage usageError
	var refused app.Refused
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &refused):
		printProblems(io, refused.Found)
		fmt.Fprintf(io.err, "bot: %s can't be used\n", refused.What)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintln(io.err, "bot:", err)
		return exitUsage
	}
	fmt.Fprintln(io.err, "bot:", err)
	return exitNo
}
