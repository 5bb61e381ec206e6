package workflow

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the name of the audit's key where none is configured.
const KeyFile = "audit.key"

// minKey is the shortest key, in characters.
const minKey = 16

// keys are what the audit is chained with. Each use has one of its own, so
// that no value made for one can be passed off for another.
type keys struct {
	link, seal, anchor, digest []byte
	id                         string // tells keys apart, and tells nothing about them
}

// loadKeys derives the keys from secret, the configured workflows.audit_key,
// or where that is "" from KeyFile in dir, which is made when missing (mode
// 0600). Several processes that start at once end up with the same one.
func loadKeys(secret, dir string) (*keys, error) {
	if secret == "" {
		var err error
		if secret, err = readOrMakeKey(filepath.Join(dir, KeyFile)); err != nil {
			return nil, err
		}
	}
	return deriveKeys(secret)
}

// existingKeys is loadKeys without making one: ErrNoKey where there is none.
func existingKeys(secret, dir string) (*keys, error) {
	if secret == "" {
		data, err := os.ReadFile(filepath.Join(filepath.Clean(dir), KeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoKey
		}
		if err != nil {
			return nil, fmt.Errorf("read the audit's key: %w", err)
		}
		secret = strings.TrimSpace(string(data))
	}
	return deriveKeys(secret)
}

func deriveKeys(secret string) (*keys, error) {
	if len([]rune(secret)) < minKey {
		return nil, fmt.Errorf("load the audit's key: it has fewer than %d characters", minKey)
	}
	k := &keys{}
	var id []byte
	for use, into := range map[string]*[]byte{"link": &k.link, "seal": &k.seal, "anchor": &k.anchor, "digest": &k.digest, "id": &id} {
		var err error
		if *into, err = hkdf.Key(sha256.New, []byte(secret), nil, "frontdoor audit "+use, sha256.Size); err != nil {
			return nil, fmt.Errorf("derive the audit's key: %w", err)
		}
	}
	k.id = hex.EncodeToString(id[:8])
	return k, nil
}

func readOrMakeKey(path string) (string, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return "", fmt.Errorf("make the audit's key: %w", err)
		}
		data, err = os.ReadFile(filepath.Clean(path))
	}
	if err != nil {
		return "", fmt.Errorf("read the audit's key: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if len([]rune(secret)) < minKey {
		return "", fmt.Errorf("read the audit's key: %s has fewer than %d characters", path, minKey)
	}
	return secret, nil
}

// makeKey writes the key beside its place and links it there, so that nobody
// reads half of it and the first of several makers wins.
func makeKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".audit-key-*") // mode 0600
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

// sign is HMAC-SHA256 of the parts one after the other; each caller's parts
// but the last have a fixed length.
func sign(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = mac.Write(p) // never fails
	}
	return mac.Sum(nil)
}
