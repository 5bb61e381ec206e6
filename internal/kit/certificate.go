package kit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Limits of the development certificates. A leaf never outlives its CA.
const (
	maxDays     = 90
	caYears     = 10
	clockSkew   = 5 * time.Minute // a certificate is valid this much before it is issued
	maxHosts    = 20
	maxHostSize = 253 // RFC 1035, in text form without the last dot
)

// Certificate issues a certificate of the local development CA.
type Certificate struct {
	Host []string `required:"" help:"DNS name; may be given several times. The first label may be *."`
	Days int      `default:"30" help:"Days that it is valid, 1 to 90."`
	CA   string   `name:"ca" default:"../dev-ca" help:"Directory of the development CA, made when missing and shared between runs."`
	Into string   `default:"." help:"Directory to write cert.pem, key.pem and ca.pem into."`
}

// Issued is what was issued. Paths are absolute; Fingerprint is the SHA-256 of
// the certificate in hexadecimal; times are UTC. The key is never in it.
type Issued struct {
	Hosts       []string  `json:"hosts"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Fingerprint string    `json:"fingerprint"`
	Cert        string    `json:"cert"`
	Key         string    `json:"key"`
	CA          string    `json:"ca"`
}

// run issues the certificate and prints what was issued.
func (c *Certificate) run(out io.Writer) error {
	issued, err := c.Issue(time.Now())
	if err != nil {
		return err
	}
	return printJSON(out, issued)
}

// Issue makes a key and a certificate for it, checks the chain as a client
// would, and writes cert.pem, key.pem (mode 0600) and ca.pem into Into.
func (c *Certificate) Issue(now time.Time) (Issued, error) {
	hosts, err := c.hosts()
	if err != nil {
		return Issued{}, err
	}
	ca, err := openCA(c.CA, now)
	if err != nil {
		return Issued{}, fmt.Errorf("open the development CA: %w", err)
	}
	leaf, key, err := ca.issue(hosts, now, time.Duration(c.Days)*24*time.Hour)
	if err != nil {
		return Issued{}, fmt.Errorf("issue a certificate for %s: %w", hosts[0], err)
	}
	if err := ca.verify(leaf, hosts, now); err != nil {
		return Issued{}, fmt.Errorf("verify the new certificate: %w", err)
	}
	into, err := filepath.Abs(c.Into)
	if err != nil {
		return Issued{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	sum := sha256.Sum256(leaf.Raw)
	issued := Issued{
		Hosts: hosts, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Fingerprint: hex.EncodeToString(sum[:]),
		Cert: filepath.Join(into, "cert.pem"), Key: filepath.Join(into, "key.pem"), CA: filepath.Join(into, "ca.pem"),
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Issued{}, fmt.Errorf("encode the key: %w", err)
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return Issued{}, fmt.Errorf("write the certificate: %w", err)
	}
	// The key first: a certificate without its key would look finished.
	err = errors.Join(
		writeNew(issued.Key, keyPEM, 0o600),
		writeNew(issued.CA, encodeCertificate(ca.certificate), 0o644),
		writeNew(issued.Cert, encodeCertificate(leaf), 0o644),
	)
	if err != nil {
		return Issued{}, fmt.Errorf("write the certificate: %w", err)
	}
	return issued, nil
}

// hosts are the names asked for, in lower case and checked.
func (c *Certificate) hosts() ([]string, error) {
	if c.Days < 1 || c.Days > maxDays {
		return nil, fmt.Errorf("a development certificate is valid for 1 to %d days, not %d", maxDays, c.Days)
	}
	if len(c.Host) == 0 || len(c.Host) > maxHosts {
		return nil, fmt.Errorf("a certificate is for 1 to %d host names, not %d", maxHosts, len(c.Host))
	}
	var hosts []string
	for _, h := range c.Host {
		host := strings.ToLower(strings.TrimSpace(h))
		if !validHost(host) {
			return nil, fmt.Errorf("%q is no DNS name: write one such as labels.localhost or *.labels.localhost", h)
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

func validHost(host string) bool {
	if len(host) > maxHostSize || net.ParseIP(host) != nil {
		return false
	}
	rest, wildcard := strings.CutPrefix(host, "*.")
	if wildcard && !strings.Contains(rest, ".") {
		return false // clients refuse a wildcard directly below a top-level name
	}
	for label := range strings.SplitSeq(rest, ".") {
		if !dnsLabel.MatchString(label) {
			return false
		}
	}
	return true
}

// authority is the development CA: one certificate, one key.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// caFile is the CA's certificate and key in one file: one link makes the CA
// whole, or leaves the one that another process made a moment before.
const caFile = "ca.pem"

// openCA reads the CA in dir, or makes it. Several processes may do so at
// once: all get the same one.
func openCA(dir string, now time.Time) (*authority, error) {
	file := filepath.Join(dir, caFile)
	ca, err := readCA(file)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeCA(dir, file, now); err != nil {
			return nil, err
		}
		ca, err = readCA(file)
	}
	if err != nil {
		return nil, err
	}
	if now.After(ca.certificate.NotAfter) {
		return nil, fmt.Errorf("%s ended on %s: remove it to have a new one made, and trust that one", file, ca.certificate.NotAfter.Format(time.DateOnly))
	}
	return ca, nil
}

func makeCA(dir, file string, now time.Time) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := serialNumber()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "frontdoor development CA", Organization: []string{"For development only"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.AddDate(caYears, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".ca-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.Write(append(encodeCertificate(&x509.Certificate{Raw: der}), keyPEM...))
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	// A link fails where the name is taken, a rename would replace the CA that
	// another process has already signed with.
	if err := os.Link(temporary.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func readCA(file string) (*authority, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): its key is worth nothing any more, remove it", file, mode)
	}
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	ca := &authority{}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE":
			ca.certificate, err = x509.ParseCertificate(block.Bytes)
		case "PRIVATE KEY":
			ca.key, err = parseKey(block.Bytes)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	if ca.certificate == nil || ca.key == nil || !ca.key.PublicKey.Equal(ca.certificate.PublicKey) {
		return nil, fmt.Errorf("%s is no development CA: remove it to have a new one made", file)
	}
	return ca, nil
}

// issue signs a certificate for a fresh key, ended at the latest with the CA.
func (ca *authority) issue(hosts []string, now time.Time, valid time.Duration) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, nil, err
	}
	begin := now.Add(-clockSkew)
	end := begin.Add(valid)
	if end.After(ca.certificate.NotAfter) {
		end = ca.certificate.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial,
		NotBefore:    begin,
		NotAfter:     end,
		DNSNames:     hosts,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		return nil, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return leaf, key, err
}

// verify builds the chain for every name, as a client does.
func (ca *authority) verify(leaf *x509.Certificate, hosts []string, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	for _, host := range hosts {
		name := strings.Replace(host, "*.", "any.", 1)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			return err
		}
	}
	return nil
}

// serialNumber is 127 random bits: CA/Browser Forum baseline asks for 64.
func serialNumber() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

func encodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func parseKey(der []byte) (*ecdsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not an ECDSA key")
	}
	return ec, nil
}
