package kit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxGrant is how long access may last, in minutes.
const maxGrant = 120

// Grant issues a client certificate that says who may do what for a short
// time, or revokes one.
type Grant struct {
	Person  string `help:"Who gets access."`
	Service string `help:"To which service."`
	Role    string `default:"operator" help:"As what: viewer, operator or admin."`
	Minutes int    `default:"60" help:"For how long, 5 to 120."`
	CA      string `name:"ca" default:"../access-ca" help:"Directory of the CA and of what it has revoked."`
	Into    string `default:"." help:"Directory to write access.pem, access-key.pem and ca.pem into."`
	Revoke  string `placeholder:"SERIAL" help:"Revoke this one in place of issuing."`
}

// Granted is what was issued. Paths are absolute; Until is UTC; Serial is
// hexadecimal, and what Revoke takes.
type Granted struct {
	Person  string    `json:"person"`
	Service string    `json:"service"`
	Role    string    `json:"role"`
	Until   time.Time `json:"until"`
	Serial  string    `json:"serial"`
	Cert    string    `json:"cert"`
	Key     string    `json:"key"`
	CA      string    `json:"ca"`
}

// Revoked is what the list of revoked certificates says now.
type Revoked struct {
	Serial  string `json:"serial"`
	List    string `json:"list"`    // the absolute path of the list
	Revoked int    `json:"revoked"` // how many are on it
}

var (
	serialText = regexp.MustCompile(`^[0-9a-f]{1,40}$`)
	personText = regexp.MustCompile(`^[\pL\pN][\pL\pN ._:@/+-]{0,127}$`)
	roles      = []string{"viewer", "operator", "admin"}
)

func (g *Grant) run(out io.Writer) error {
	if g.Revoke != "" {
		revoked, err := g.Withdraw(time.Now())
		if err != nil {
			return err
		}
		return printJSON(out, revoked)
	}
	granted, err := g.Issue(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, granted)
}

// Issue makes a key and a certificate for it: the person is its common name,
// the service its unit, the role its organization.
func (g *Grant) Issue(now time.Time) (Granted, error) {
	switch {
	case !personText.MatchString(g.Person):
		return Granted{}, fmt.Errorf("%q cannot be a person's id", g.Person)
	case !serviceName.MatchString(g.Service):
		return Granted{}, fmt.Errorf("%q cannot be the name of a service: write 3 to 31 lower-case letters, digits and hyphens", g.Service)
	case !slices.Contains(roles, g.Role):
		return Granted{}, fmt.Errorf("there is no role %q: write %s", g.Role, strings.Join(roles, ", "))
	case g.Minutes < 5 || g.Minutes > maxGrant:
		return Granted{}, fmt.Errorf("access lasts 5 to %d minutes, not %d", maxGrant, g.Minutes)
	}
	ca, err := openCA(g.CA, now)
	if err != nil {
		return Granted{}, fmt.Errorf("open the access CA: %w", err)
	}
	into, err := filepath.Abs(g.Into)
	if err != nil {
		return Granted{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Granted{}, fmt.Errorf("make a key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return Granted{}, fmt.Errorf("choose a serial number: %w", err)
	}
	until := now.Add(time.Duration(g.Minutes) * time.Minute).UTC().Truncate(time.Second)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: g.Person, OrganizationalUnit: []string{g.Service}, Organization: []string{g.Role}},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		return Granted{}, fmt.Errorf("sign the certificate of %s: %w", g.Person, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Granted{}, fmt.Errorf("encode the key: %w", err)
	}
	granted := Granted{
		Person: g.Person, Service: g.Service, Role: g.Role, Until: until, Serial: serial.Text(16),
		Cert: filepath.Join(into, "access.pem"), Key: filepath.Join(into, "access-key.pem"), CA: filepath.Join(into, "ca.pem"),
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return Granted{}, fmt.Errorf("write the certificate: %w", err)
	}
	err = errors.Join(
		writeNew(granted.Key, keyPEM, 0o600),
		writeNew(granted.CA, encodeCertificate(ca.certificate), 0o644),
		writeNew(granted.Cert, encodeCertificate(&x509.Certificate{Raw: der}), 0o644),
	)
	if err != nil {
		return Granted{}, fmt.Errorf("write the certificate: %w", err)
	}
	return granted, nil
}

// Withdraw puts a certificate on the CA's list of revoked ones. To revoke twice
// is to revoke once.
func (g *Grant) Withdraw(now time.Time) (Revoked, error) {
	if !serialText.MatchString(g.Revoke) {
		return Revoked{}, fmt.Errorf("%q is no serial number", g.Revoke)
	}
	ca, err := openCA(g.CA, now)
	if err != nil {
		return Revoked{}, fmt.Errorf("open the access CA: %w", err)
	}
	dir, err := filepath.Abs(filepath.Join(g.CA, "revoked"))
	if err != nil {
		return Revoked{}, fmt.Errorf("find the list: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Revoked{}, fmt.Errorf("revoke %s: %w", g.Revoke, err)
	}
	// A file for each, and the list made from the files: two that revoke at
	// once can't lose each other's.
	note, err := os.OpenFile(filepath.Join(dir, g.Revoke), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.WriteString(note, now.UTC().Format(time.RFC3339))
		err = errors.Join(err, note.Close())
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return Revoked{}, fmt.Errorf("revoke %s: %w", g.Revoke, err)
	}
	list := filepath.Join(filepath.Dir(dir), "revoked.pem")
	for {
		names, err := writeRevoked(ca, dir, list, now)
		if err != nil {
			return Revoked{}, fmt.Errorf("write the list of revoked certificates: %w", err)
		}
		if again, err := serialsIn(dir); err != nil || slices.Equal(again, names) {
			return Revoked{Serial: g.Revoke, List: list, Revoked: len(names)}, err
		}
	}
}

// writeRevoked signs the list anew (RFC 5280) and returns the serial numbers on
// it, in order.
func writeRevoked(ca *authority, dir, list string, now time.Time) ([]string, error) {
	names, err := serialsIn(dir)
	if err != nil {
		return nil, err
	}
	template := &x509.RevocationList{Number: big.NewInt(now.UnixMilli()), ThisUpdate: now, NextUpdate: now.AddDate(0, 0, 7)}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		serial, ok := new(big.Int).SetString(name, 16)
		if !ok {
			return nil, fmt.Errorf("%q is no serial number", name)
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: info.ModTime().UTC()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.certificate, ca.key)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := pem.Encode(&b, &pem.Block{Type: "X509 CRL", Bytes: der}); err != nil {
		return nil, err
	}
	return names, writeNew(list, b.Bytes(), 0o644)
}

func serialsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if serialText.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
