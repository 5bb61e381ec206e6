package kit

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	c := Certificate{Host: []string{"Labels.localhost", "*.labels.localhost"}, Days: 90, CA: filepath.Join(dir, "ca"), Into: filepath.Join(dir, "run")}
	var out bytes.Buffer
	if err := c.run(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "PRIVATE") {
		t.Fatalf("the key was printed: %s", out.String())
	}
	var issued Issued
	if err := json.Unmarshal(out.Bytes(), &issued); err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{issued.Cert: 0o644, issued.CA: 0o644, issued.Key: 0o600, filepath.Join(c.CA, caFile): 0o600} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", file, info.Mode().Perm(), mode)
		}
	}
	if ca, err := os.ReadFile(issued.CA); err != nil || bytes.Contains(ca, []byte("PRIVATE")) {
		t.Errorf("the CA's key was handed out, or %v", err)
	}
	pair, err := tls.LoadX509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	pool, err := os.ReadFile(issued.CA)
	if err != nil || !roots.AppendCertsFromPEM(pool) {
		t.Fatal("no CA", err)
	}
	for host, valid := range map[string]bool{"labels.localhost": true, "a.labels.localhost": true, "other.localhost": false} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); (err == nil) != valid {
			t.Errorf("%s: %v", host, err)
		}
	}
	if length := leaf.NotAfter.Sub(leaf.NotBefore); length > 90*24*time.Hour || length < 89*24*time.Hour {
		t.Errorf("valid for %v", length)
	}
	if leaf.IsCA {
		t.Error("the leaf may sign")
	}
}

// Many runs may ask for the first certificate at once; all must have the same CA.
func TestCAIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	shared := filepath.Join(dir, "ca")
	const runs = 16
	var wg sync.WaitGroup
	for i := range runs {
		wg.Go(func() {
			c := Certificate{Host: []string{"a.localhost"}, Days: 1, CA: shared, Into: filepath.Join(dir, fmt.Sprint(i))}
			if _, err := c.Issue(time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	kept, err := os.ReadFile(filepath.Join(shared, caFile))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(kept)
	for i := range runs {
		given, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i), "ca.pem"))
		if err != nil || !bytes.Equal(given, pem.EncodeToMemory(block)) {
			t.Errorf("run %d has another CA, %v", i, err)
		}
	}
	if left, err := os.ReadDir(shared); err != nil || len(left) != 1 {
		t.Errorf("left %v beside the CA, %v", left, err)
	}
}

func TestCertificateRefuses(t *testing.T) {
	dir := t.TempDir()
	good := Certificate{Host: []string{"a.localhost"}, Days: 30, CA: filepath.Join(dir, "ca"), Into: filepath.Join(dir, "run")}
	if _, err := good.Issue(time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Certificate)
		says   string
	}{
		"91 days":         {func(c *Certificate) { c.Days = 91 }, "1 to 90 days"},
		"no days":         {func(c *Certificate) { c.Days = 0 }, "1 to 90 days"},
		"no host":         {func(c *Certificate) { c.Host = nil }, "1 to 20 host names"},
		"address":         {func(c *Certificate) { c.Host = []string{"10.0.0.1"} }, "is no DNS name"},
		"URL":             {func(c *Certificate) { c.Host = []string{"https://a.localhost/"} }, "is no DNS name"},
		"too wild":        {func(c *Certificate) { c.Host = []string{"*.com"} }, "is no DNS name"},
		"star in the mid": {func(c *Certificate) { c.Host = []string{"a.*.localhost"} }, "is no DNS name"},
		"long":            {func(c *Certificate) { c.Host = []string{strings.Repeat("a.", 127) + "com"} }, "is no DNS name"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			c.change(&bad)
			if _, err := bad.Issue(time.Now()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
	if _, err := good.Issue(time.Now().AddDate(caYears+1, 0, 0)); err == nil || !strings.Contains(err.Error(), "have a new one made") {
		t.Errorf("an ended CA: %v", err)
	}
	file := filepath.Join(good.CA, caFile)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := good.Issue(time.Now()); err == nil || !strings.Contains(err.Error(), "read by others") {
		t.Errorf("a CA that all can read: %v", err)
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := good.Issue(time.Now()); err == nil || !strings.Contains(err.Error(), "is no development CA") {
		t.Errorf("a broken CA: %v", err)
	}
}
