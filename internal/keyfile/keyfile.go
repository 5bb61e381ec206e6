// Package keyfile keeps a key in a file of its own, which is made where it is
// missing. What is done with the key is the business of its room.
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MinLength is the shortest key that is taken, in characters.
const MinLength = 16

// ErrShort is the error of a key of fewer than MinLength characters.
var ErrShort = fmt.Errorf("it has fewer than %d characters", MinLength)

// Check is ErrShort where the key is too short.
func Check(key string) error {
	if len([]rune(key)) < MinLength {
		return ErrShort
	}
	return nil
}

// Read is the key in the file; an error that is fs.ErrNotExist where there is
// no file, and ErrShort where what it holds is too short.
func Read(path string) (string, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(data))
	if err := Check(key); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// ReadOrMake is Read, after making a file with a random key of 260 bits, for
// its owner alone, where there is none. Several processes that do so at once
// end up with the same key.
func ReadOrMake(path string) (string, error) {
	key, err := Read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := write(path); err != nil {
		return "", fmt.Errorf("make it: %w", err)
	}
	return Read(path)
}

// write writes a new key beside its place and links it there, so that nobody
// reads half of it and the first of several makers wins.
func write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(rand.Text() + rand.Text() + "\n")
	if e := f.Sync(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
