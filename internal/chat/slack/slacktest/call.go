package slacktest

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request to the Web API.
type call struct {
	s        *Server
	name     string
	token    *token
	team     *Team
	scopes   string
	args     map[string]any
	warnings []string
	checked  *checked // of blocks, view or chunks
}

// refusal is an answer that is not ok.
type refusal struct {
	code     string
	messages []string
	fields   object
}

func refuse(code string) *refusal { return &refusal{code: code} }

func (r *refusal) with(messages ...string) *refusal {
	r.messages = append(r.messages, messages...)
	return r
}

func (c *call) text(name string) string   { v, _ := c.args[name].(string); return v }
func (c *call) flag(name string) bool     { v, _ := c.args[name].(bool); return v }
func (c *call) list(name string) []any    { v, _ := c.args[name].([]any); return v }
func (c *call) ids(name string) []string  { v, _ := c.args[name].([]string); return v }
func (c *call) has(name string) bool      { _, ok := c.args[name]; return ok }
func (c *call) number(name string) int    { v, _ := c.args[name].(int); return v }
func (c *call) warn(code string)          { c.warnings = append(c.warnings, code) }
func (c *call) metadata() map[string]any  { v, _ := c.args["metadata"].(map[string]any); return v }
func (c *call) viewGiven() map[string]any { v, _ := c.args["view"].(map[string]any); return v }

// maxBody is more than any call needs.
const maxBody = 4 << 20

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	name := r.PathValue("method")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is too large or was cut", http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{s: s, name: name, args: map[string]any{}}
	entry := Call{Kind: KindAPI, Method: name}
	fault := s.faults.take(name)
	if fault.instead() {
		entry.Error = "fault: " + string(fault.Kind)
		s.record.add(entry, began)
		fault.before(s.ctx, w, r)
		return
	}
	fault.before(s.ctx, w, r)
	answer, refused := c.serve(r, body)
	status, header := http.StatusOK, w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	if c.token != nil {
		header.Set("X-OAuth-Scopes", strings.Join(c.token.scopes, ","))
		header.Set("X-Accepted-OAuth-Scopes", strings.ReplaceAll(c.scopes, "|", ","))
		entry.Team = c.teamID()
	}
	entry.Args = c.args
	if refused != nil {
		answer, status = refused.wire(c, header)
		entry.Error = refused.code
	} else {
		answer["ok"] = true
		if len(c.warnings) > 0 {
			answer["warning"] = strings.Join(c.warnings, ",")
			meta, ok := answer["response_metadata"].(object)
			if !ok {
				meta = object{}
			}
			meta["warnings"] = c.warnings
			answer["response_metadata"] = meta
		}
		entry.TS, _ = answer["ts"].(string)
	}
	entry.Warnings, entry.Status = c.warnings, status
	if fault != nil && fault.Kind == CutAfter {
		entry.Error = "fault: " + string(fault.Kind)
	}
	s.record.add(entry, began)
	s.touch()
	if !fault.after(w) {
		return
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}

func (c *call) teamID() string {
	if c.team != nil {
		return c.team.ID
	}
	return ""
}

func (r *refusal) wire(c *call, header http.Header) (object, int) {
	answer := object{"ok": false, "error": r.code}
	maps.Copy(answer, r.fields)
	meta := object{}
	if len(r.messages) > 0 {
		meta["messages"] = r.messages
		plain := make([]string, len(r.messages))
		for i, m := range r.messages {
			plain[i] = strings.TrimPrefix(m, "[ERROR] ")
		}
		if strings.HasPrefix(c.name, "chat.") {
			answer["errors"] = plain
		}
	}
	if len(c.warnings) > 0 {
		meta["warnings"] = c.warnings
		answer["warning"] = strings.Join(c.warnings, ",")
	}
	if len(meta) > 0 {
		answer["response_metadata"] = meta
	}
	if after, ok := r.fields["retry_after"].(int); ok {
		delete(answer, "retry_after")
		header.Set("Retry-After", strconv.Itoa(after))
		return answer, http.StatusTooManyRequests
	}
	return answer, http.StatusOK
}

// serve reads, authorises, checks and does the call.
func (c *call) serve(r *http.Request, body []byte) (object, *refusal) {
	m, known := c.s.table[c.name]
	if !known {
		return nil, refuse("unknown_method").withField("req_method", c.name)
	}
	c.scopes = m.scopes
	given, bearer, refused := c.read(r, body, m)
	if refused != nil {
		return nil, refused
	}
	if refused := c.authorise(m, bearer); refused != nil {
		return nil, refused
	}
	if after := c.s.rates.take(c.name, c.teamID(), m.rate); after > 0 {
		return nil, limited(after)
	}
	if refused := c.arrange(m, given); refused != nil {
		return nil, refused
	}
	if refused := c.inspect(); refused != nil { // outside the lock: blocks take their time
		return nil, refused
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(strings.Split(m.scopes, "|")) == 4 {
		if needed := scopeFor(m.scopes, c.s.channels[c.text("channel")]); !granted(c.token.scopes, needed) {
			return nil, missingScope(needed, c.token)
		}
	}
	return m.run(c)
}

func (r *refusal) withField(name string, value any) *refusal {
	if r.fields == nil {
		r.fields = object{}
	}
	r.fields[name] = value
	return r
}

func limited(after time.Duration) *refusal {
	seconds := max(1, int((after+time.Second-1)/time.Second))
	return refuse("ratelimited").withField("retry_after", seconds)
}

func missingScope(needed string, t *token) *refusal {
	return refuse("missing_scope").withField("needed", strings.ReplaceAll(needed, "|", ",")).withField("provided", strings.Join(t.scopes, ","))
}

var argumentName = regexp.MustCompile(`^[A-Za-z0-9_]{1,100}$`)

// read takes the arguments and the token out of the request.
func (c *call) read(r *http.Request, body []byte, m *method) (given map[string]any, bearer string, refused *refusal) {
	given = map[string]any{}
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	take := func(values url.Values, inBody bool) *refusal {
		for name, all := range values {
			switch {
			case strings.HasSuffix(name, "]"):
				return refuse("invalid_array_arg")
			case !argumentName.MatchString(name):
				return refuse("invalid_arg_name")
			case name == "token":
				if inBody && bearer == "" { // never from the address: it would stand in logs
					bearer = all[0]
				}
			default:
				given[name] = all[0]
			}
		}
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "", refuse("invalid_form_data")
	}
	if refused := take(query, false); refused != nil {
		return nil, "", refused
	}
	if r.Method != http.MethodPost {
		if c.name == "apps.connections.open" {
			return nil, "", refuse("insecure_request")
		}
		return given, bearer, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if len(body) == 0 && err != nil {
		return given, bearer, nil
	}
	switch {
	case r.Header.Get("Content-Type") == "":
		return nil, "", refuse("missing_post_type")
	case err != nil:
		return nil, "", refuse("invalid_post_type")
	}
	charset := strings.ToLower(params["charset"])
	if charset != "" && charset != "utf-8" && charset != "utf8" && charset != "iso-8859-1" {
		return nil, "", refuse("invalid_charset")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		if charset != "" {
			c.warn("superfluous_charset")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "", refuse("invalid_form_data")
		}
		refused := take(form, true)
		return given, bearer, refused
	case "multipart/form-data":
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return nil, "", refuse("invalid_form_data")
		}
		refused := take(r.MultipartForm.Value, true)
		return given, bearer, refused
	case "application/json":
		if charset == "" {
			c.warn("missing_charset")
		}
		return c.readJSON(given, bearer, body, m)
	case "text/plain":
		return given, bearer, nil
	default:
		return nil, "", refuse("invalid_post_type")
	}
}

func (c *call) readJSON(given map[string]any, bearer string, body []byte, m *method) (map[string]any, string, *refusal) {
	if len(body) == 0 {
		return given, bearer, nil
	}
	value, err := decode(body)
	if err != nil {
		return nil, "", refuse("invalid_json")
	}
	if value == nil {
		return given, bearer, nil
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, "", refuse("json_not_object")
	}
	if !m.json {
		c.warn("json_not_read") // as Slack does: the arguments count as missing
		return given, bearer, nil
	}
	for name, value := range fields {
		if !argumentName.MatchString(name) {
			return nil, "", refuse("invalid_arg_name")
		}
		if name != "token" { // of a JSON body the token is not read
			given[name] = value
		}
	}
	return given, bearer, nil
}

// authorise finds out who calls and whether the method is theirs.
func (c *call) authorise(m *method, bearer string) *refusal {
	if c.name == "api.test" {
		return nil
	}
	if bearer == "" {
		return refuse("not_authed")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t := c.s.tokens[bearer]
	switch {
	case t == nil:
		return refuse("invalid_auth")
	case t.broken != "":
		return refuse(t.broken)
	case t.app != m.app && c.name != "auth.test":
		return refuse("not_allowed_token_type")
	}
	copied := *t
	copied.scopes = slices.Clone(t.scopes)
	c.token, c.team = &copied, t.team
	if !granted(t.scopes, m.scopes) {
		return missingScope(m.scopes, t)
	}
	return nil
}

// arrange puts what was given into the method's arguments.
func (c *call) arrange(m *method, given map[string]any) *refusal {
	var missing []string
	for _, a := range m.parsed {
		value, ok := given[a.name]
		delete(given, a.name)
		if ok {
			read, refused := a.read(value)
			if refused != nil {
				return refused
			}
			if read != nil {
				c.args[a.name] = read
			}
		}
		if v, there := c.args[a.name]; a.required && (!there || v == "" && a.name != "status") {
			missing = append(missing, "[ERROR] missing required field: "+a.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		c.warn("unknown_argument:" + name)
	}
	if missing != nil {
		return refuse("invalid_arguments").with(missing...)
	}
	return nil
}
