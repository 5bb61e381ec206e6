package step

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
)

// maxRedirects is how often a request may be sent elsewhere.
const maxRedirects = 5

// HTTP does http steps.
type HTTP struct {
	allow   []string
	secrets *Secrets
	client  *http.Client
}

// NewHTTP returns the kind. allow lists `host` (any port) or `host:port`;
// where it is empty every request is refused.
func NewHTTP(allow []string, secrets *Secrets) *HTTP {
	h := &HTTP{secrets: secrets}
	for _, a := range allow {
		h.allow = append(h.allow, strings.ToLower(a))
	}
	h.client = &http.Client{
		CheckRedirect: h.redirect,
		// No proxy of the environment: the list of hosts is about where the
		// request goes, and a proxy would go elsewhere.
		Transport: &http.Transport{
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
	}
	return h
}

// Close lets idle connections go.
func (h *HTTP) Close() { h.client.CloseIdleConnections() }

// request is an http step with its values in place.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

func (r request) String() string { return r.method + " " + place(r.url) }

// place is an address without what may be private in it.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

func (h *HTTP) prepare(c Call) (request, error) {
	a := c.Action.HTTP
	r := request{method: method(a), header: http.Header{}}
	address, err := expression.ExpandURL(string(a.URL), c.Env)
	if err != nil {
		return r, fmt.Errorf("url: %w", err)
	}
	if r.url, err = url.Parse(address); err != nil {
		return r, errors.New("url: the address can't be read")
	}
	if len(a.Query) > 0 {
		query := r.url.Query()
		for k, tpl := range a.Query {
			v, err := expression.ExpandString(string(tpl), c.Env, nil)
			if err != nil {
				return r, fmt.Errorf("query %s: %w", k, err)
			}
			query.Set(k, v)
		}
		r.url.RawQuery = query.Encode()
	}
	for k, tpl := range a.Headers {
		v, err := expression.ExpandString(string(tpl), c.Env, nil)
		if err != nil {
			return r, fmt.Errorf("header %s: %w", k, err)
		}
		if strings.ContainsAny(v, "\r\n\x00") {
			return r, fmt.Errorf("header %s: the value has a line break in it", k)
		}
		r.header.Set(k, v)
	}
	switch {
	case a.JSON != nil:
		tree, err := expression.ExpandTree(a.JSON, c.Env)
		if err != nil {
			return r, fmt.Errorf("json: %w", err)
		}
		if r.body, err = json.Marshal(tree); err != nil {
			return r, fmt.Errorf("json: %w", err)
		}
		if r.header.Get("Content-Type") == "" {
			r.header.Set("Content-Type", "application/json")
		}
	case a.Body != "":
		body, err := expression.ExpandString(string(a.Body), c.Env, nil)
		if err != nil {
			return r, fmt.Errorf("body: %w", err)
		}
		r.body = []byte(body)
	}
	if r.header.Get("Accept") == "" {
		r.header.Set("Accept", "application/json, */*;q=0.5")
	}
	r.header.Set("User-Agent", "frontdoor")
	r.header.Set("Idempotency-Key", c.Key())
	return r, nil
}

func method(a *playbook.HTTP) string {
	switch {
	case a.Method != "":
		return strings.ToUpper(a.Method)
	case a.JSON != nil || a.Body != "":
		return http.MethodPost
	}
	return http.MethodGet
}

// refused says why u may not be asked; "" where it may.
func (h *HTTP) refused(u *url.URL) string {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Sprintf("the address %q is no http or https address", clip(u.Redacted(), 80))
	}
	if u.User != nil {
		return "the address carries a user name or password; a secret belongs into auth"
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "" {
		return "the address names no host"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	for _, a := range h.allow {
		if a == host || a == "["+host+"]" || a == net.JoinHostPort(host, port) {
			return ""
		}
	}
	return fmt.Sprintf("the host %s is not in workflows.http.allow_hosts", u.Host)
}

// redirect follows only to allowed hosts, and takes what was meant for the
// first host alone out of a request to another.
func (h *HTTP) redirect(req *http.Request, via []*http.Request) error {
	if why := h.refused(req.URL); why != "" {
		return failed("it was redirected, and %s", why)
	}
	if len(via) > maxRedirects {
		return failed("it was redirected more than %d times", maxRedirects)
	}
	first := via[0]
	if !strings.EqualFold(req.URL.Host, first.URL.Host) || first.URL.Scheme == "https" && req.URL.Scheme != "https" {
		kept := http.Header{}
		for _, k := range []string{"Accept", "Content-Type", "User-Agent", "Idempotency-Key"} {
			if v := req.Header.Get(k); v != "" {
				kept.Set(k, v)
			}
		}
		req.Header = kept
	}
	return nil
}

// Do implements Kind. The reply has status, text and json (nil where the body
// is no JSON object or list).
func (h *HTTP) Do(ctx context.Context, c Call) (map[string]any, error) {
	r, err := h.prepare(c)
	if err != nil {
		return nil, failed("the request can't be put together: %v", err)
	}
	if why := h.refused(r.url); why != "" {
		return nil, failed("%s", why)
	}
	if name := c.Action.HTTP.Bearer; name != "" {
		token, ok := h.secrets.Get(name)
		if !ok {
			return nil, failed("the secret %s is not set in workflows.secrets", name)
		}
		if strings.ContainsAny(token, "\r\n\x00") {
			return nil, failed("the secret %s has a line break in it", name)
		}
		r.header.Set("Authorization", "Bearer "+token)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, failed("the request can't be put together: %v", err)
	}
	req.Header = r.header
	if host := r.header.Get("Host"); host != "" {
		return nil, failed("a header can't choose another host")
	}
	if len(r.body) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, h.unreachable(ctx, r, err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	if err != nil {
		return nil, h.unreachable(ctx, r, err)
	}
	if len(body) > maxReply {
		return nil, failed("%s answered more than %d MB", h.secrets.Mask(r.String()), maxReply>>20)
	}
	text := h.secrets.Mask(valid(body))
	reply := HTTPReply(res.StatusCode, text, nil)
	if !Expected(c.Action.HTTP, res.StatusCode) {
		f := &Failure{Sentence: h.secrets.Mask(fmt.Sprintf("%s answered %d %s%s", r, res.StatusCode, http.StatusText(res.StatusCode), detail(reply)))}
		if s := res.StatusCode; s == http.StatusTooManyRequests || s == http.StatusRequestTimeout || s >= 500 {
			f.Transient = true
			if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n > 0 {
				f.After = time.Duration(min(n, 3600)) * time.Second
			}
		}
		return nil, f
	}
	return reply, nil
}

// HTTPReply is what expressions see of an answer. Where value is nil it is
// read from text.
func HTTPReply(status int, text string, value any) map[string]any {
	if value == nil {
		value = decode([]byte(text))
	}
	return map[string]any{"status": int64(status), "text": text, "json": value}
}

// Expected tells whether the status is a success of the step.
func Expected(a *playbook.HTTP, status int) bool {
	if len(a.Expect) > 0 {
		return slices.Contains(a.Expect, status)
	}
	return status >= 200 && status < 300
}

// detail is what the other side says about its refusal.
func detail(reply map[string]any) string {
	words, _ := reply["text"].(string)
	if object, ok := reply["json"].(map[string]any); ok {
		for _, key := range []string{"message", "error", "detail", "title"} {
			switch v := object[key].(type) {
			case string:
				words = v
			case map[string]any:
				s, ok := v["message"].(string)
				if !ok {
					continue
				}
				words = s
			default:
				continue
			}
			break
		}
	}
	if words = clip(words, 200); words == "" || strings.HasPrefix(words, "<") {
		return ""
	}
	return ": " + words
}

func (h *HTTP) unreachable(ctx context.Context, r request, err error) error {
	if f, ok := errors.AsType[*Failure](err); ok {
		return failed("%s: %s", h.secrets.Mask(r.String()), f.Sentence)
	}
	what := h.secrets.Mask(r.String())
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &Failure{Sentence: what + " did not answer in time", Transient: true}
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	// Its text repeats the address with its query.
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return &Failure{Sentence: what + " could not be reached: " + clip(h.secrets.Mask(err.Error()), 200), Transient: true}
}

// Plan implements Kind.
func (h *HTTP) Plan(c Call) Plan {
	a := c.Action.HTTP
	p := Plan{Line: method(a) + " " + sketch(a.URL, c.Env)}
	if name := a.Bearer; name != "" {
		if _, ok := h.secrets.Get(name); !ok {
			p.Missing = append(p.Missing, fmt.Sprintf("the secret %s is not set in workflows.secrets", name))
		}
	}
	r, err := h.prepare(c)
	if r.url != nil {
		p.Line = r.String()
		if why := h.refused(r.url); why != "" {
			p.Missing = append(p.Missing, why)
		}
	} else if err != nil && len(h.allow) == 0 {
		p.Missing = append(p.Missing, "no host is in workflows.http.allow_hosts")
	}
	p.Line = h.secrets.Mask(p.Line)
	return p
}
