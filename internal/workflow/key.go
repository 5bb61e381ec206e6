package workflow

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"frontdoor/internal/keyfile"
)

// KeyFile is the name of the audit's key where none is configured.
const KeyFile = "audit.key"

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
		if secret, err = keyfile.ReadOrMake(filepath.Join(dir, KeyFile)); err != nil {
			return nil, fmt.Errorf("read the audit's key: %w", err)
		}
	}
	return deriveKeys(secret)
}

// existingKeys is loadKeys without making one: ErrNoKey where there is none.
func existingKeys(secret, dir string) (*keys, error) {
	if secret == "" {
		var err error
		secret, err = keyfile.Read(filepath.Join(dir, KeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoKey
		}
		if err != nil {
			return nil, fmt.Errorf("read the audit's key: %w", err)
		}
	}
	return deriveKeys(secret)
}

func deriveKeys(secret string) (*keys, error) {
	if err := keyfile.Check(secret); err != nil {
		return nil, fmt.Errorf("read the audit's key: %w", err)
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

// sign is HMAC-SHA256 of the parts one after the other; each caller's parts
// but the last have a fixed length.
func sign(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = mac.Write(p) // never fails
	}
	return mac.Sum(nil)
}
