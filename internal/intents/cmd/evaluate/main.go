// Command evaluate measures the classifier on two files of labelled messages
// and prints the summary: evaluate TRAIN TEST.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"frontdoor/internal/intents"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: evaluate TRAIN TEST")
	}
	train, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = train.Close() }()
	test, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer func() { _ = test.Close() }()
	sum, err := intents.Evaluate(train, test, func(intents.Judged) error { return nil })
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(sum)
}
