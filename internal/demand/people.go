package demand

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"frontdoor/internal/keyfile"
)

// key makes pseudonyms and seals addresses. It is kept outside the database:
// whoever has only one of the two has nobody's name.
type key struct {
	actor []byte
	seal  cipher.AEAD
}

// letters is RFC 4648's alphabet in lower case, without padding.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// KeyFile is the name, in data_dir, of the key that is made when none is
// configured.
const KeyFile = "demand.key"

// loadKey derives the key from secret, the configured demand.key, or where
// that is "" from KeyFile in dataDir, which is made when missing (mode 0600).
// Several processes that start at once end up with the same one.
func loadKey(secret, dataDir string) (*key, error) {
	if secret == "" {
		var err error
		if secret, err = keyfile.ReadOrMake(filepath.Join(dataDir, KeyFile)); err != nil {
			return nil, fmt.Errorf("read the demand key: %w", err)
		}
	}
	if err := keyfile.Check(secret); err != nil {
		return nil, fmt.Errorf("read the demand key: %w", err)
	}
	actor, err := hkdf.Key(sha256.New, []byte(secret), nil, "frontdoor demand actor", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the demand key: %w", err)
	}
	address, err := hkdf.Key(sha256.New, []byte(secret), nil, "frontdoor demand address", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the demand key: %w", err)
	}
	block, err := aes.NewCipher(address)
	if err != nil {
		return nil, fmt.Errorf("derive the demand key: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive the demand key: %w", err)
	}
	return &key{actor: actor, seal: seal}, nil
}

// Pseudonym stands for a person in the events: "p" and 16 letters and digits,
// 80 bits of an HMAC-SHA256 of their canonical id. The same id gives the same
// pseudonym for as long as the key stays.
func (w *Warehouse) Pseudonym(id string) string {
	mac := hmac.New(sha256.New, w.key.actor)
	_, _ = mac.Write([]byte(id)) // never fails
	return "p" + letters.EncodeToString(mac.Sum(nil)[:10])
}

// Remember keeps the way from a pseudonym to an address for as long as the
// text of that time is kept, so that the person can be told when their need is
// met. It is encrypted; a later call for the same actor replaces it.
func (w *Warehouse) Remember(ctx context.Context, actor, address string, at time.Time) error {
	sealed := w.key.seal.Seal(nil, nil, []byte(address), []byte(actor))
	expires := at.Add(time.Duration(w.cfg.TextRetention)).UnixMilli()
	_, err := w.db.Write.ExecContext(ctx, `INSERT INTO demand_addresses (actor, sealed, expires) VALUES (?, ?, ?)
		ON CONFLICT (actor) DO UPDATE SET sealed = excluded.sealed, expires = max(expires, excluded.expires)`, actor, sealed, expires)
	if err != nil {
		return fmt.Errorf("remember an address: %w", err)
	}
	return nil
}

// Address is what Remember kept, "" where there is nothing or it has expired
// by now.
func (w *Warehouse) Address(ctx context.Context, actor string, now time.Time) (string, error) {
	var sealed []byte
	err := w.db.Read.QueryRowContext(ctx, "SELECT sealed FROM demand_addresses WHERE actor = ? AND expires > ?", actor, now.UnixMilli()).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up an address: %w", err)
	}
	address, err := w.key.seal.Open(nil, nil, sealed, []byte(actor))
	if err != nil {
		return "", fmt.Errorf("open the address of %s: demand.key is not the one that sealed it: %w", actor, err)
	}
	return string(address), nil
}
