package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"frontdoor/internal/eval"
)

// draws are the sizes of the catalogues that are drawn from labelled messages.
func draws(seed uint64) []eval.Draw {
	return []eval.Draw{
		{Playbooks: 5, Examples: 5, Times: 40, Seed: seed},
		{Playbooks: 5, Examples: 10, Times: 40, Seed: seed},
		{Playbooks: 10, Examples: 5, Times: 20, Seed: seed},
		{Playbooks: 10, Examples: 10, Times: 20, Seed: seed},
		{Playbooks: 20, Examples: 8, Times: 10, Seed: seed},
		{Playbooks: 40, Examples: 5, Times: 5, Seed: seed},
		{Playbooks: 40, Examples: 10, Times: 5, Seed: seed},
	}
}

// measureMatching prints how the matcher does on small catalogues drawn from
// each folder of labelled messages below data/intents.
func measureMatching(data string, seed uint64) error {
	folders, err := os.ReadDir(filepath.Join(data, "intents"))
	if errors.Is(err, fs.ErrNotExist) || data == "" {
		fmt.Print("## small catalogues\n\nno data: name its folder with -data (make eval DATA=…)\n\n")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read labelled messages: %w", err)
	}
	for _, f := range folders {
		dir := filepath.Join(data, "intents", f.Name())
		pool, err := eval.FirstPool(f.Name(), filepath.Join(dir, "train.jsonl"), filepath.Join(dir, "valid.jsonl"), filepath.Join(dir, "test.jsonl"))
		if err != nil {
			return err
		}
		fmt.Printf("## small catalogues: %s, seed %d\n\n%s\n", f.Name(), seed, eval.MatchingHead)
		for _, d := range draws(seed) {
			m, err := eval.Match(pool, d)
			if err != nil {
				return err
			}
			fmt.Println(m)
		}
		fmt.Println()
	}
	return nil
}
