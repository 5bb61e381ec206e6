package main

import (
	"errors"
	"fmt"
	"os"

	"frontdoor/internal/intents"
)

type intentsCmd struct {
	Eval intentsEvalCmd `cmd:"" help:"Train on labelled messages, measure on others."`
}

type intentsEvalCmd struct {
	jsonFlag
	Train string `required:"" help:"JSON lines of {\"text\",\"intent\"}." placeholder:"FILE" type:"existingfile"`
	Test  string `required:"" help:"JSON lines of {\"text\",\"intent\"}; intent oos is out of scope." placeholder:"FILE" type:"existingfile"`
}

// Run measures the matcher: a line a test message, then the summary.
func (c *intentsEvalCmd) Run(s streams) error {
	train, err := os.Open(c.Train)
	if err != nil {
		return usageError{err}
	}
	defer func() { _ = train.Close() }()
	test, err := os.Open(c.Test)
	if err != nil {
		return usageError{err}
	}
	defer func() { _ = test.Close() }()
	p := newPrinter(s.out)
	summary, err := intents.Evaluate(train, test, func(j intents.Judged) error {
		if !c.JSON {
			return nil
		}
		return p.print(j)
	})
	var row *intents.RowError
	switch {
	case errors.As(err, &row):
		file := c.Train
		if row.Set == "test" {
			file = c.Test
		}
		return usagef("%s line %d: %w", file, row.Line, row.Err)
	case errors.Is(err, intents.ErrNoExamples):
		return usagef("%s: %w", c.Train, err)
	case err != nil:
		return err
	}
	if c.JSON {
		if err := p.print(struct {
			Summary intents.Summary `json:"summary"`
		}{summary}); err != nil {
			return err
		}
		return p.flush()
	}
	for _, line := range []struct {
		name  string
		value *float64
		unit  string
		times float64
	}{
		{"accuracy", summary.Accuracy, "%", 100},
		{"in-scope accuracy", summary.InScopeAccuracy, "%", 100},
		{"AUROC", summary.AUROC, "%", 100},
		{"out-of-scope recall", summary.OOSRecall, "%", 100},
		{"out-of-scope precision", summary.OOSPrecision, "%", 100},
		{"macro F1", summary.MacroF1, "%", 100},
		{"calibration error", summary.ECE, "%", 100},
		{"training", summary.TrainCPUSeconds, " s of CPU", 1},
		{"a message", summary.MicrosecondsPerMessage, " µs", 1},
	} {
		value := "unknown"
		if line.value != nil {
			value = fmt.Sprintf("%.1f%s", *line.value*line.times, line.unit)
		}
		if _, err := fmt.Fprintf(s.out, "%-24s %s\n", line.name, value); err != nil {
			return err
		}
	}
	return nil
}
