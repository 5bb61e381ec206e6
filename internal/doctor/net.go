package doctor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// listen checks that the address for health and requests can be taken.
func (x *exam) listen(ctx context.Context) {
	const check = "http"
	address := x.cfg.HTTP.Listen
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err == nil {
		_ = l.Close()
		x.good(check, "%s is free", address)
		return
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && x.ours(ctx, address):
		x.good(check, "a bot serves at %s", address)
	case errors.Is(err, syscall.EADDRINUSE):
		x.bad(check, "stop that program, or write another address in http.listen of "+x.file()+", such as ':8090', or port 0 for a free one", "another program listens at %s: `bot serve` can't start", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		x.bad(check, "write an address of this machine in http.listen of "+x.file()+", or only a port such as ':8080'", "%s is no address of this machine", address)
	case errors.Is(err, fs.ErrPermission):
		x.bad(check, "write a port of 1024 or above in http.listen of "+x.file()+", such as ':8080'", "we may not listen at %s", address)
	default:
		x.bad(check, "write an address of this machine in http.listen of "+x.file()+", such as ':8080'", "we can't listen at %s: %s", address, inner(err))
	}
}

// ours tells whether a bot answers at the address.
func (x *exam) ours(ctx context.Context, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	status, body, _, err := x.get(ctx, "http://"+net.JoinHostPort(host, port)+"/healthz")
	return err == nil && status == http.StatusOK && strings.TrimSpace(body) == "ok"
}

// public checks that the address for the outside leads here and not elsewhere.
func (x *exam) public(ctx context.Context) {
	const check = "public_url"
	if x.cfg.HTTP.PublicURL == "" {
		return
	}
	base := strings.TrimRight(x.cfg.HTTP.PublicURL, "/")
	status, body, location, err := x.get(ctx, base+"/healthz")
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		x.bad(check, "mend http.public_url in "+x.file()+", or make the name known", "nobody knows the name in %s", base)
	case err != nil:
		x.bad(check, "start the bot, and see that what stands before it leads here", "%s doesn't answer: %s", base, inner(err))
	case location != "":
		x.bad(check, "write the address that it leads to in http.public_url of "+x.file()+", without /healthz", "%s redirects to %s, and platforms don't follow", base, location)
	case status != http.StatusOK || strings.TrimSpace(body) != "ok":
		x.bad(check, "see that what stands before the bot leads to http.listen", "%s/healthz answers %d, and not as a bot does", base, status)
	default:
		x.good(check, "%s leads to a bot", base)
	}
}

// get asks once, without following where it is sent.
func (x *exam) get(ctx context.Context, address string) (status int, body, location string, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(x.timeout, 3*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", "", err
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer func() { _ = res.Body.Close() }()
	head, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	return res.StatusCode, string(head), res.Header.Get("Location"), err
}

// inner is the innermost cause, without the addresses around it.
func inner(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return err.Error()
}
