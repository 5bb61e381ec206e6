package kit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// Lookup asks the DNS for the addresses of a host name.
type Lookup struct {
	Host    string        `required:"" help:"The host name."`
	Timeout time.Duration `default:"5s" help:"How long to wait for an answer."`
}

// Found is what the DNS says. Addresses are sorted, and empty where the name is
// not known.
type Found struct {
	Host      string   `json:"host"`
	Found     bool     `json:"found"`
	Addresses []string `json:"addresses"`
}

// resolver is what Lookup asks; *net.Resolver is one.
type resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
}

func (l *Lookup) run(out io.Writer) error {
	found, err := l.Ask(context.Background(), net.DefaultResolver)
	if err != nil {
		return err
	}
	return printJSON(out, found)
}

// Ask asks once. A name that nobody knows is an answer; a server that can't be
// reached is an error.
func (l *Lookup) Ask(ctx context.Context, from resolver) (Found, error) {
	host := strings.TrimSuffix(strings.ToLower(l.Host), ".")
	if !validHost(host) || strings.HasPrefix(host, "*") {
		return Found{}, fmt.Errorf("%q is no host name: write one such as labels.example.com", l.Host)
	}
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	addresses, err := from.LookupHost(ctx, host)
	var failure *net.DNSError
	switch {
	case errors.As(err, &failure) && failure.IsNotFound:
		return Found{Host: host, Addresses: []string{}}, nil
	case err != nil:
		return Found{}, fmt.Errorf("ask for %s: %w", host, err)
	}
	slices.Sort(addresses)
	return Found{Host: host, Found: len(addresses) > 0, Addresses: slices.Compact(addresses)}, nil
}
