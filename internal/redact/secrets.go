package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// rule finds one kind of secret. Group 1 is what goes, or all of the match where there
// is no group.
type rule struct {
	name   string
	hints  []string // in lower case; one of them must be in the text
	expr   *regexp.Regexp
	really func(value, match string) bool // nil is always
}

// value is what may stand behind a label: quoted to the quote, else to white
// space or what closes it.
const value = "(?:\"([^\"\\n]+)\"|'([^'\\n]+)'|`([^`\\n]+)`|([^\\s\"'`,;<>()\\[\\]{}|]+))"

// quotes around a key, the sign between key and value.
const equals = "[\"'`*_]{0,3}[ \\t]*(?::=|=>|[:=])[ \\t]*[*_]{0,2}"

var rules = []rule{
	{
		name: "url_password", hints: []string{"://"},
		expr:   regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,30}://[^\s/:@'"<>]*:([^\s/'"<>]+)@[\w\[]`),
		really: func(v, _ string) bool { return !placeholder(v) },
	},
	{
		name: "token_prefix",
		hints: []string{
			"gh", "glpat-", "glrt-", "gldt-", "xox", "xapp-", "akia", "asia", "sk-", "sk_", "rk_", "pk_live", "whsec_", "npm_", "pypi-", "dop_v1_", "hvs.", "hvb.", "aiza", "ya29.",
			"sg.", "dckr_pat_", "atatt", "lin_api_", "shp", "tskey-", "nvapi-", "hf_", "pul-", "figd_", "nrak-", "dapi", "age-secret-key", "gocspx-", "doo_v1_", "sntry", "phc_", "lsv2_", "r8_", "vercel_", "rubygems_", "dsn_", "tfp_", "atlasv1",
		},
		expr: regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|rt|dt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{16,}` +
			`|xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}` +
			`|sk-(?:[a-z]{2,8}-)*[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,100}` +
			`|npm_[A-Za-z0-9]{30,60}|pypi-[A-Za-z0-9_-]{40,}|do[opr]_v1_[a-f0-9]{32,80}|hv[sbr]\.[A-Za-z0-9_-]{20,}` +
			`|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,60}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}|dckr_pat_[A-Za-z0-9_-]{20,60}` +
			`|ATATT[A-Za-z0-9_=-]{20,}|lin_api_[A-Za-z0-9]{20,60}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}|tskey-[a-z]+-[A-Za-z0-9-]{10,80}` +
			`|nvapi-[A-Za-z0-9_-]{20,100}|hf_[A-Za-z]{30,40}|hf_[A-Za-z0-9]{30,40}|pul-[a-f0-9]{40}|figd_[A-Za-z0-9_-]{20,60}|NRAK-[A-Z0-9]{20,40}` +
			`|dapi[a-f0-9]{32}|AGE-SECRET-KEY-1[A-Z0-9]{40,80}|sntry[su]_[A-Za-z0-9+/=_-]{30,}|phc_[A-Za-z0-9]{30,60}|r8_[A-Za-z0-9]{30,50}|rubygems_[a-f0-9]{40,60}|lsv2_[a-z]{2}_[A-Za-z0-9_]{30,80}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,90})`),
		really: func(v, _ string) bool { return !kebab(v) },
	},
	{
		name: "jwt", hints: []string{"eyj"},
		expr: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}`),
	},
	{
		name: "webhook", hints: []string{"hooks.slack.com", "/api/webhooks/", "webhook.office.com"},
		expr: regexp.MustCompile(`(?i)(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/)([A-Za-z0-9/_@.-]{8,})`),
	},
	{
		name: "signed_url", hints: []string{"sig=", "signature="},
		expr: regexp.MustCompile(`(?i)[?&](?:sig|signature|x-amz-signature|x-goog-signature)=([A-Za-z0-9%+/=_-]{16,})`),
	},
	{
		name: "discord_token", hints: []string{"."},
		expr: regexp.MustCompile(`\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}\b`),
	},
	{
		name: "authorization", hints: []string{"authorization", "bearer ", "basic "},
		expr:   regexp.MustCompile("(?i)\\b(?:(?:proxy-)?authorization" + equals + "[\"'`]?(?:[a-z0-9-]{3,20}[ \\t]+)?|bearer[ \\t]+|basic[ \\t]+)([A-Za-z0-9._~+/=:-]{6,})"),
		really: authorization,
	},
	{
		name: "header", hints: []string{"-token", "-key", "-secret"},
		expr:   regexp.MustCompile("(?i)\\b(?:x-[a-z0-9-]{0,40}(?:token|key|secret)|private-token|job-token|deploy-token|api-key)" + equals + value),
		really: func(v, _ string) bool { return len(v) >= 6 && !placeholder(v) && !plainWord(v) },
	},
	{
		name: "cookie", hints: []string{"cookie:"},
		expr: regexp.MustCompile(`(?i)\b(?:set-)?cookie:[ \t]*([A-Za-z0-9_.-]{1,64}=[^\s;'"]{8,}(?:;[ \t]*[A-Za-z0-9_.-]{1,64}=[^\s;'"]*)*)`),
	},
	{
		name: "password", hints: []string{"pass", "pwd", "pw:", "pw=", "pw "},
		expr:   regexp.MustCompile(`(?i)(?:password|passwd|passphrase|passcode|passwort|kennwort|(?:^|[^a-z])pass|pwd|\bpw)` + equals + value),
		really: password,
	},
	{
		name: "secret", hints: []string{"secret", "token", "key", "credential", "auth"},
		expr: regexp.MustCompile(`(?i)(?:secret|token|credentials?|auth` +
			`|(?:api|access|secret|private|signing|encryption|account|master|license|shared[_-]?access)[_ -]?key(?:[_-]?base)?)` + equals + value),
		really: secret,
	},
	{
		name: "spoken", hints: []string{"pass", "pwd", "pw ", "token", "key"},
		expr:   regexp.MustCompile("(?i)\\b(password|passwd|passphrase|passcode|passwort|kennwort|pwd|pw|token|api[ _-]?key|access[ _-]?key|secret key)(?: (?:for|of|to|on) [\\w.@/-]{1,60}){0,2} (?:is(?: now)?|was|ist|lautet|to|=>?|->)[: ]+[\"'`*_]{0,2}([^\\s\"'`<>]{4,})"),
		really: spoken,
	},
	{
		name: "element", hints: []string{"</"},
		expr:   regexp.MustCompile(`(?i)<(?:[a-z0-9]+[_-]?)*(?:password|passwd|secret|token|api_?key|access_?key|passphrase)>([^<\s]+)</`),
		really: func(v, _ string) bool { return !placeholder(v) },
	},
	{
		name: "pair", hints: []string{"cred", "login"},
		expr: regexp.MustCompile(`(?i)\b(?:creds?|credentials|logins?)\b[^\n:=]{0,40}[:=][ \t]*[\w.@-]{1,64}[ \t]*[/:|][ \t]*([^\s/:|]{6,})`),
		really: func(v, _ string) bool {
			letters, digits, _ := classes(v)
			return letters > 0 && digits > 0 && !placeholder(v) && !harmless(v) && !kebab(v)
		},
	},
	{
		name: "flag", hints: []string{"--", "mysql", "sshpass", "curl"},
		expr:   regexp.MustCompile("(?i)(?:\\B--(?:[a-z0-9]+-)*(?:password|passwd|passphrase|token|secret|secret-key|access-key|api-key|apikey)[ =]+|\\b(?:mysql|mysqldump|mariadb)\\b[^\\n|;]{0,120}?\\s-p|\\bsshpass[ \\t]+-p[ \\t]*|\\bcurl\\b[^\\n|;]*?\\s(?:-u|--user)[ =]+[\"']?[\\w.@-]{1,64}:)" + value),
		really: func(v, _ string) bool { return !placeholder(v) && !strings.HasPrefix(v, "-") },
	},
}

// privateKey goes to its end, or where that is missing to where its letters end.
var privateKey = regexp.MustCompile(`(?s)-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\\\s:,-]*)`)

// query is where the next parameter begins, behind a value that may hold &.
var query = regexp.MustCompile(`&[A-Za-z_][\w.-]*=`)

// awsSecret is what stands beside an access key's id: 40 letters of base 64.
var awsSecret = regexp.MustCompile(`(?:^|[^A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?:$|[^A-Za-z0-9/+=])`)

var awsID = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)

// random is a word that may be one of the tokens that carry no name.
var random = regexp.MustCompile(`[A-Za-z0-9_+/-]{28,}={0,2}`)

// find returns what our own rules find in s. All but the private keys stand on
// one line.
func find(s string) []span {
	var spans []span
	if strings.Contains(s, "-----") {
		for _, m := range privateKey.FindAllStringIndex(s, -1) {
			spans = append(spans, span{m[0], m[1], Secret, "private_key"})
		}
	}
	aws := awsID.MatchString(s)
	seen := map[string]bool{}
	for at := 0; at < len(s); {
		end := len(s)
		if i := strings.IndexByte(s[at:], '\n'); i >= 0 {
			end = at + i
		}
		line := s[at:end]
		for _, f := range findInLine(line, aws) {
			f.start, f.end = f.start+at, f.end+at
			spans = append(spans, f)
			// What was a secret once is one wherever it stands.
			v := s[f.start:f.end]
			if f.kind == Secret && len(v) >= shortest && len(v) <= maxRepeated && !plainWord(v) && !seen[v] && len(seen) < maxSeen {
				seen[v] = true
				spans = everywhere(spans, s, v, f.rule)
			}
		}
		at = end + 1
	}
	return spans
}

// maxSeen is how many different secrets are looked for in the whole text, and
// maxRepeated the length, in bytes, of those that are: more would take time
// with the square of the text.
const (
	maxSeen     = 100
	maxRepeated = 512
)

func findInLine(s string, aws bool) []span {
	var spans []span
	lower := strings.ToLower(s)
	for i := range rules {
		r := &rules[i]
		if !containsAny(lower, r.hints) {
			continue
		}
		for _, m := range r.expr.FindAllStringSubmatchIndex(s, -1) {
			start, end := m[0], m[1]
			for g := len(m)/2 - 1; g > 0; g-- { // the last group that matched is the value
				if m[2*g] >= 0 {
					start, end = m[2*g], m[2*g+1]
					break
				}
			}
			start, end = trim(s, start, end)
			if i := query.FindStringIndex(s[start:end]); i != nil {
				end = start + i[0]
			}
			if start == end || r.really != nil && !r.really(s[start:end], s[m[0]:m[1]]) {
				continue
			}
			for end < m[1] && (s[end] == '!' || s[end] == '?') {
				end++ // a password may end so; a sentence too, but that does no harm
			}
			spans = append(spans, span{start, end, Secret, r.name})
		}
	}
	if aws {
		for _, m := range awsSecret.FindAllStringSubmatchIndex(s, -1) {
			if !isHex(s[m[2]:m[3]]) {
				spans = append(spans, span{m[2], m[3], Secret, "aws_secret"})
			}
		}
	}
	if len(s) >= 28 {
		for _, m := range random.FindAllStringIndex(s, -1) {
			if looksRandom(s[m[0]:m[1]]) && !strings.HasSuffix(s[:m[0]], "h1:") { // h1: is a sum of a Go module
				spans = append(spans, span{m[0], m[1], Secret, "random"})
			}
		}
	}
	return append(spans, personal(s)...)
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// trim leaves out the punctuation of the sentence around a value.
func trim(s string, start, end int) (int, int) {
	for start < end && strings.ContainsRune("*_`", rune(s[start])) {
		start++
	}
	for start < end && strings.ContainsRune(".,;:!?*`", rune(s[end-1])) {
		end--
	}
	return start, end
}

// authorization tells a credential from words such as "bearer token".
func authorization(v, match string) bool {
	if placeholder(v) || harmless(v) && !isHex(v) {
		return false
	}
	if strings.HasPrefix(strings.ToLower(match), "b") { // bearer or basic in the middle of a sentence
		return len(v) >= 12 && (strings.ContainsFunc(v, unicode.IsDigit) || mixed(v)) && !kebab(v)
	}
	return !plainWord(v)
}

// password tells a value from the beginning of a sentence ("password: how do
// I reset it?").
func password(v, match string) bool {
	if placeholder(v) || plainAnswer(v) {
		return false
	}
	if strings.HasSuffix(match, `"`) || strings.HasSuffix(match, "'") || strings.HasSuffix(match, "`") {
		return true
	}
	if !plainWord(v) {
		return true
	}
	// A lower-case word is a password where it is set like one.
	label, _, _ := strings.Cut(match, v)
	return !strings.HasSuffix(label, " ")
}

// secret wants more than password does: a token or a secret is also something
// that has a name (secret: payments-db).
func secret(v, match string) bool {
	if placeholder(v) || plainAnswer(v) || len(v) < 6 {
		return false
	}
	if opaque.MatchString(v) {
		return true
	}
	if harmless(v) || kebab(v) {
		return false
	}
	letters, digits, others := classes(v)
	switch {
	case strings.ContainsAny(v, "/.") && !strings.ContainsAny(v, "=+") && digits < 4:
		return false // a path or a host
	case letters > 0 && digits > 0 && len(v) >= 8, digits >= 10, mixed(v) && len(v) >= 12:
		return true
	}
	return others > 0 && digits > 0 && strings.ContainsAny(match, "=")
}

// spoken is for values in a sentence, where almost anything else can follow.
func spoken(v, match string) bool {
	if placeholder(v) || harmless(v) || len(v) < 6 {
		return false
	}
	letters, digits, others := classes(v)
	label := strings.ToLower(match)
	if strings.HasPrefix(label, "pass") || strings.HasPrefix(label, "pw") || strings.HasPrefix(label, "kenn") {
		return letters > 0 && (digits > 0 || others > strings.Count(v, "-")+strings.Count(v, "_")+strings.Count(v, "/")+strings.Count(v, "."))
	}
	return len(v) >= 16 && letters > 0 && digits >= 2 && !kebab(v) && !strings.Contains(v, "/")
}
