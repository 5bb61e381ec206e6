package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"frontdoor/internal/app"
	"frontdoor/internal/bench"
	"frontdoor/internal/chat"
	"frontdoor/internal/config"
)

type benchCmd struct {
	catalogueFlag
	corpusFlag
	jsonFlag
	Messages int           `help:"How many messages are said." default:"10000"`
	AtOnce   int           `help:"How many people wait for an answer at the same time." default:"8"`
	People   int           `help:"How many people there are, each with a conversation of their own." default:"200"`
	Mix      string        `help:"Parts of commands, questions, workflows and chatter." default:"${mix}" placeholder:"KIND=N,…"`
	Confirm  bool          `help:"Say yes to the workflows, so that their steps really run; without it each is shown and dropped."`
	Redis    string        `help:"Use this Redis, which must be empty, in place of the in-process one." placeholder:"URL"`
	Seed     uint64        `help:"The same seed says the same." default:"1"`
	Profile  string        `help:"Write cpu.pprof and allocs.pprof of the talk into this directory." placeholder:"DIR" type:"path"`
	Patience time.Duration `help:"A message without a reply after that is lost." default:"30s"`
}

// Run lets people talk to a bot of its own and prints what it measured. The
// configuration's stores are never used: the bot runs in a new data_dir.
func (c *benchCmd) Run(s streams, root *cli) error {
	if c.Messages < 1 || c.AtOnce < 1 || c.People < 1 {
		return usagef("--messages, --at-once and --people are at least 1")
	}
	mix, err := bench.ParseMix(c.Mix)
	if err != nil {
		return usagef("--mix: %w", err)
	}
	cfg, err := root.load(s, c.catalogueFlag, c.corpusFlag)
	if err != nil {
		return err
	}
	own, err := os.MkdirTemp("", "frontdoor-bench-")
	if err != nil {
		return fmt.Errorf("make a data_dir: %w", err)
	}
	defer func() { _ = os.RemoveAll(own) }()
	cfg.DataDir, cfg.Redis.URL, cfg.Database.URL = own, c.Redis, ""

	log, err := app.Logger(cfg, s.err, "warn")
	if err != nil {
		return err
	}
	var crowd *bench.Crowd
	bot, err := app.New(s.ctx, cfg, app.Options{
		Log: log, Progress: indexing(s), Notice: notice(s), Terminal: true,
		Deliver: map[string]app.Deliver{bench.Platform: func(ctx context.Context, r chat.Reply) error { return crowd.Hear(ctx, r) }},
	})
	if err != nil {
		return err
	}
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		return bot.Stop()
	}
	defer func() { _ = stop() }()
	if c.Redis != "" {
		if err := bot.Untouched(s.ctx); err != nil {
			return usageError{err}
		}
	}
	crowd, err = c.crowd(s, cfg, mix, bot)
	if err != nil {
		return err
	}
	bot.Start()
	profiled, err := profile(c.Profile)
	if err != nil {
		return err
	}
	result, err := crowd.Run(s.ctx)
	if err := errors.Join(err, profiled()); err != nil {
		return fmt.Errorf("talk: %w", err)
	}
	if err := bot.Settle(s.ctx, time.Minute); err != nil {
		fmt.Fprintln(s.err, "bot:", err)
	}
	timing := bot.Timing()
	if err := stop(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	result = crowd.Counted(result)
	if c.JSON {
		err = printBenchLines(s.out, result, timing)
	} else {
		err = printBench(s.out, result, timing)
	}
	if err == nil && (result.Lost > 0 || result.Twice > 0) {
		return errNo
	}
	return err
}

func (c *benchCmd) crowd(s streams, cfg config.Config, mix bench.Mix, bot *app.Bot) (*bench.Crowd, error) {
	set, problems := app.LoadPlaybooks(cfg)
	if problems.Err() != nil {
		return nil, app.Refused{What: "the playbooks", Found: problems.Errors()}
	}
	return bench.New(bench.Options{
		Messages: c.Messages, AtOnce: c.AtOnce, People: c.People, Mix: mix, Seed: c.Seed, Patience: c.Patience,
		Material: bench.Gather(set, bot.Pages(), c.Confirm), Groups: bot.AllGroups(), Accept: bot.Accept, Progress: talking(s),
	}), nil
}

// profile writes where the time and the memory go, from now until done is
// called; "" writes nothing.
func profile(dir string) (done func() error, err error) {
	if dir == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // nothing of a person is in a profile
		return nil, usagef("--profile: %w", err)
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return nil, usagef("--profile: %w", err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		allocs, err := os.Create(filepath.Join(dir, "allocs.pprof"))
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		return errors.Join(cpu.Close(), pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close())
	}, nil
}

// talking is a bar on standard error while it is a terminal.
func talking(s streams) func(done, total int) {
	if !term.IsTerminal(int(s.bars.Fd())) {
		return nil
	}
	var bar *mpb.Bar
	return func(done, total int) {
		if bar == nil {
			bar = mpb.NewWithContext(s.ctx, mpb.WithOutput(s.bars)).AddBar(int64(total), mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Name("talking ")), mpb.AppendDecorators(decor.CountersNoUnit("%d of %d")))
		}
		bar.SetCurrent(int64(done))
	}
}

// spreadLine is one line of `bench --json`: what was measured, in ms.
type spreadLine struct {
	Measured string   `json:"measured"` // accept, reply, a kind of exchange, a step or a room
	Of       string   `json:"of"`       // whole, kind, step or room
	N        int      `json:"n"`
	P50      float64  `json:"p50_ms"`
	P99      float64  `json:"p99_ms"`
	Max      float64  `json:"max_ms"`
	Share    *float64 `json:"share"` // of the steps' whole time
}

// benchSummary is the last line of `bench --json`.
type benchSummary struct {
	Messages       int       `json:"messages"`
	Lost           int       `json:"lost"`
	Twice          int       `json:"twice"`
	Replies        int       `json:"replies"`
	Seconds        float64   `json:"seconds"`
	PerSecond      float64   `json:"messages_per_second"`
	BytesPerMsg    uint64    `json:"allocated_bytes_per_message"`
	ObjectsPerMsg  uint64    `json:"allocations_per_message"`
	Heap           []float64 `json:"heap_mb"`     // in use after a collection, at each tenth
	PeakResidentMB *float64  `json:"peak_rss_mb"` // of the process, null where the system doesn't say
}

func lines(r bench.Result, timing []app.Timing) []spreadLine {
	line := func(what, of string, s bench.Spread) spreadLine {
		return spreadLine{Measured: what, Of: of, N: s.N, P50: ms(s.P50), P99: ms(s.P99), Max: ms(s.Max)}
	}
	out := []spreadLine{line("accept", "whole", r.Accept), line("reply", "whole", r.Reply)}
	for _, k := range r.Kinds() {
		out = append(out, line(string(k), "kind", r.ByKind[k]))
	}
	for _, t := range timing {
		of := "room"
		if t.Step {
			of = "step"
		}
		l := line(t.Part, of, t.Spread)
		share := math.Round(t.Share*1000) / 1000
		l.Share = &share
		out = append(out, l)
	}
	return out
}

func summed(r bench.Result) benchSummary {
	n := uint64(max(1, r.Messages))
	out := benchSummary{
		Messages: r.Messages, Lost: r.Lost, Twice: r.Twice, Replies: r.Replies, Seconds: round(r.Took.Seconds(), 100),
		PerSecond: round(float64(r.Messages)/r.Took.Seconds(), 10), BytesPerMsg: r.Memory.Bytes / n, ObjectsPerMsg: r.Memory.Objects / n, Heap: []float64{},
	}
	for _, h := range r.Memory.Heap {
		out.Heap = append(out.Heap, round(float64(h)/(1<<20), 10))
	}
	if peak, ok := peakResident(); ok {
		mb := round(float64(peak)/(1<<20), 10)
		out.PeakResidentMB = &mb
	}
	return out
}

func printBenchLines(w io.Writer, r bench.Result, timing []app.Timing) error {
	p := newPrinter(w)
	for _, l := range lines(r, timing) {
		if err := p.print(l); err != nil {
			return err
		}
	}
	if err := p.print(map[string]benchSummary{"summary": summed(r)}); err != nil {
		return err
	}
	return p.flush()
}

func printBench(w io.Writer, r bench.Result, timing []app.Timing) error {
	sum := summed(r)
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages in %.1f s: %.0f a second; %d lost, %d replies said twice\n\n", sum.Messages, sum.Seconds, sum.PerSecond, sum.Lost, sum.Twice)
	writeSpreads(&b, lines(r, timing))
	fmt.Fprintf(&b, "\nallocated per message: %.0f KiB in %d objects\n", float64(sum.BytesPerMsg)/1024, sum.ObjectsPerMsg)
	heap := make([]string, len(sum.Heap))
	for i, h := range sum.Heap {
		heap[i] = fmt.Sprintf("%.0f", h)
	}
	fmt.Fprintf(&b, "heap in use at each tenth: %s MiB\n", strings.Join(heap, " "))
	if sum.PeakResidentMB != nil {
		fmt.Fprintf(&b, "most memory of the process: %.0f MiB\n", *sum.PeakResidentMB)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeSpreads(b *strings.Builder, list []spreadLine) {
	fmt.Fprintf(b, "%-20s %8s %10s %10s %10s %7s\n", "ms", "n", "p50", "p99", "max", "share")
	of := ""
	for _, l := range list {
		if l.Of != of {
			of = l.Of
			fmt.Fprintf(b, "%s\n", map[string]string{"whole": "the whole way", "kind": "until the reply, by kind", "step": "steps of the way", "room": "rooms within the steps"}[of])
		}
		share := ""
		if l.Share != nil {
			share = fmt.Sprintf("%5.1f %%", 100**l.Share)
		}
		fmt.Fprintf(b, "  %-18s %8d %10.2f %10.2f %10.2f %7s\n", l.Measured, l.N, l.P50, l.P99, l.Max, share)
	}
}

// printTiming prints the steps and rooms alone.
func printTiming(w io.Writer, timing []app.Timing) error {
	var b strings.Builder
	for _, l := range lines(bench.Result{}, timing) {
		if l.Of == "step" || l.Of == "room" {
			fmt.Fprintf(&b, "%-8s %6d times  p50 %8.2f ms  p99 %8.2f ms  %5.1f %%\n", l.Measured, l.N, l.P50, l.P99, 100**l.Share)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ms(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 1000) }

func round(x float64, to float64) float64 { return math.Round(x*to) / to }

// peakResident is the most memory that the process had, in bytes, where the
// system says so (Linux: VmHWM of /proc/self/status).
func peakResident() (int64, bool) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10, true
		}
	}
	return 0, false
}
