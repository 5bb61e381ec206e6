package redact

import (
	"math/big"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	email = regexp.MustCompile(`[\p{L}\p{N}](?:[\p{L}\p{N}._%+'-]{0,63}[\p{L}\p{N}_+-])?@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,6}\p{L}{2,24}`)

	phones = []*regexp.Regexp{
		// International, with or without groups.
		regexp.MustCompile(`(?:\+|\b00)[1-9]\d{0,2}(?:[ \x{a0}./-]{0,2}\(?\d{1,5}\)?){2,6}`),
		// North American: (415) 555-0132, 415-555-0132, 415.555.0132.
		regexp.MustCompile(`(?:\b1[-. ])?(?:\([2-9]\d{2}\) ?|\b[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}`),
		// National with a leading zero: 030 1234567, 0151/23456789, 020 7946 0958.
		regexp.MustCompile(`(?:\(0[1-9]\d{1,4}\) ?|\b0[1-9]\d{1,4}[ /-])\d{3,4}(?:[ -]?\d{2,5}){1,2}`),
	}
	labelledPhone = regexp.MustCompile(`(?i)\b(?:tel|telephone|phone|mobile|cell|handy|fax|whatsapp|call me|ring me|text me|reach me|number is|nummer)\b[^\d\n+(]{0,16}([+(]?\d[\d ()./-]{5,20}\d)`)

	digitsRun = regexp.MustCompile(`\d(?:[ -]?\d){12,18}`)
	iban      = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`)
)

// personal finds what leads to a person.
func personal(s string) []span {
	var spans []span
	if strings.Contains(s, "@") {
		for _, m := range email.FindAllStringIndex(s, -1) {
			if isEmail(s, m[0], m[1]) {
				spans = append(spans, span{m[0], m[1], Email, "email"})
			}
		}
	}
	if _, digits, _ := classes(s); digits < 7 {
		return spans
	}
	for _, m := range digitsRun.FindAllStringIndex(s, -1) {
		if alone(s, m[0], m[1]) && isCard(s[m[0]:m[1]]) {
			spans = append(spans, span{m[0], m[1], Card, "card"})
		}
	}
	for _, m := range iban.FindAllStringIndex(s, -1) {
		// The last groups may be words of the sentence: try without them.
		for end := m[1]; end > m[0]; {
			if isIBAN(s[m[0]:end]) {
				spans = append(spans, span{m[0], end, Card, "iban"})
				break
			}
			cut := strings.LastIndexByte(s[m[0]:end], ' ')
			if cut < 0 {
				break
			}
			end = m[0] + cut
		}
	}
	for i, expr := range phones {
		for _, m := range expr.FindAllStringIndex(s, -1) {
			if strings.HasSuffix(s[m[0]:m[1]], ")") && strings.Count(s[m[0]:m[1]], "(") < strings.Count(s[m[0]:m[1]], ")") {
				m[1]--
			}
			if alone(s, m[0], m[1]) && isPhone(s[m[0]:m[1]], i == 0) {
				spans = append(spans, span{m[0], m[1], Phone, "phone"})
			}
		}
	}
	for _, m := range labelledPhone.FindAllStringSubmatchIndex(s, -1) {
		if v := s[m[2]:m[3]]; alone(s, m[2], m[3]) && isPhone(v, false) {
			spans = append(spans, span{m[2], m[3], Phone, "phone"})
		}
	}
	return spans
}

// isEmail leaves out what only looks like an address: git@host:path of a
// repository.
func isEmail(s string, start, end int) bool {
	if strings.HasPrefix(s[start:end], "git@") {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(s[:start])
	return r != '/' || !strings.Contains(s[:start], "://") || strings.HasSuffix(s[:start], "://")
}

// alone tells whether nothing is joined to s[start:end] that would make it
// part of something longer: an id, an address, a version, an amount.
func alone(s string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	after, _ := utf8.DecodeRuneInString(s[end:])
	if word(before) || strings.ContainsRune("-./+#=$@&", before) && start > 0 || word(after) && end < len(s) {
		return false
	}
	if end < len(s) && strings.ContainsRune("-/=:", after) || end+1 < len(s) && after == '.' && word(rune(s[end+1])) {
		return false
	}
	return true
}

func word(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// isPhone checks the number of digits (ITU-T E.164 allows 15), and that a date
// or time is not taken for one.
func isPhone(v string, international bool) bool {
	_, digits, others := classes(v)
	if digits < 7 || digits > 15 {
		return false
	}
	if international {
		return digits >= 8 && (others > 1 || digits >= 10)
	}
	return !regexpDate.MatchString(v)
}

var regexpDate = regexp.MustCompile(`^\d{4}[-./ ]\d\d[-./ ]\d\d|^\d\d[-./]\d\d[-./]\d{4}|^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`)

// isCard checks the issuer's range, the length and Luhn's sum (ISO/IEC 7812-1).
func isCard(v string) bool {
	var d []byte
	for i := range len(v) {
		if v[i] >= '0' && v[i] <= '9' {
			d = append(d, v[i]-'0')
		}
	}
	two := int(d[0])*10 + int(d[1])
	four := two*100 + int(d[2])*10 + int(d[3])
	switch {
	case len(d) == 16 && (d[0] == 4 || two >= 51 && two <= 55 || four >= 2221 && four <= 2720 || four == 6011 || two == 65 || four >= 3528 && four <= 3589):
	case len(d) == 15 && (two == 34 || two == 37):
	case len(d) == 14 && (two == 36 || two == 38 || two == 30) && strings.ContainsAny(v, " -"):
	default:
		return false
	}
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i])
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// isIBAN checks the length and the sum of ISO 13616: the first four signs go
// to the end, letters count from 10, and the rest by 97 is 1.
func isIBAN(v string) bool {
	v = strings.ReplaceAll(v, " ", "")
	if len(v) < 15 || len(v) > 34 {
		return false
	}
	var b strings.Builder
	for _, r := range v[4:] + v[:4] {
		if r >= 'A' {
			b.WriteString(string(rune('0'+(r-'A'+10)/10)) + string(rune('0'+(r-'A'+10)%10)))
		} else {
			b.WriteRune(r)
		}
	}
	n, ok := new(big.Int).SetString(b.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
