package kit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// alphabet is what survives every shell, address and file: 62 signs.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var secretName = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,62}$`)

// Secret makes a random value in a file that only its owner can read, or
// removes that file.
type Secret struct {
	Name   string `required:"" help:"Name: 2 to 63 lower-case letters, digits, hyphens and underscores."`
	Length int    `default:"40" help:"Signs, 24 to 128."`
	Days   int    `default:"90" help:"Days until it has to be rotated, 1 to 365."`
	Into   string `default:"." help:"Directory to write NAME.secret into."`
	Remove bool   `help:"Remove the file in place of making it."`
}

// Secretly is what was made, without the value. File is absolute; Fingerprint
// is the beginning of the value's SHA-256, to tell two apart; RotateBy is a day.
type Secretly struct {
	File        string `json:"file"`
	Length      int    `json:"length"`
	Bits        int    `json:"bits"`
	Fingerprint string `json:"fingerprint"`
	RotateBy    string `json:"rotate_by"`
}

func (s *Secret) run(out io.Writer) error {
	made, err := s.Make(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Make writes the value, or keeps the one that is there: a step that is
// repeated after a crash must not change it again.
func (s *Secret) Make(now time.Time) (Secretly, error) {
	switch {
	case !secretName.MatchString(s.Name):
		return Secretly{}, fmt.Errorf("%q cannot be the name of a secret: write 2 to 63 lower-case letters, digits, hyphens and underscores", s.Name)
	case s.Length < 24 || s.Length > 128:
		return Secretly{}, fmt.Errorf("a secret has 24 to 128 signs, not %d", s.Length)
	case s.Days < 1 || s.Days > 365:
		return Secretly{}, fmt.Errorf("a secret is rotated after 1 to 365 days, not %d", s.Days)
	}
	into, err := filepath.Abs(s.Into)
	if err != nil {
		return Secretly{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	made := Secretly{File: filepath.Join(into, s.Name+".secret"), RotateBy: now.UTC().AddDate(0, 0, s.Days).Format(time.DateOnly)}
	if s.Remove {
		if err := os.Remove(made.File); err != nil && !errors.Is(err, os.ErrNotExist) {
			return Secretly{}, fmt.Errorf("remove the secret %s: %w", s.Name, err)
		}
		return made, nil
	}
	value, err := os.ReadFile(made.File)
	if errors.Is(err, os.ErrNotExist) {
		if value, err = randomText(s.Length); err == nil {
			if err = os.MkdirAll(into, 0o700); err == nil {
				err = writeNew(made.File, value, 0o600)
			}
		}
	}
	if err != nil {
		return Secretly{}, fmt.Errorf("make the secret %s: %w", s.Name, err)
	}
	sum := sha256.Sum256(value)
	made.Length, made.Fingerprint = len(value), hex.EncodeToString(sum[:6])
	made.Bits = bitsOf(len(value))
	return made, nil
}

func randomText(length int) ([]byte, error) {
	value := make([]byte, length)
	for i := range value {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return nil, err
		}
		value[i] = alphabet[n.Int64()]
	}
	return value, nil
}

// bitsOf is the entropy of so many random signs, rounded down.
func bitsOf(length int) int {
	all := new(big.Int).Exp(big.NewInt(int64(len(alphabet))), big.NewInt(int64(length)), nil)
	return all.BitLen() - 1
}
