package engine

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/chat"
)

// derive makes an id out of a message's: handling the message twice makes the
// same ids, so that nothing is there twice. 80 bits, 16 characters.
func derive(m chat.Message, what string) string {
	h := sha256.New()
	for _, part := range []string{m.At.Platform, m.At.Workspace, m.ID, what} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return short(h.Sum(nil), 16)
}

func short(sum []byte, length int) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum))[:length]
}

// runLetters is the length of a run's id behind "r-": 50 bits, so that among a
// million runs two of the same id are one chance in two thousand.
const runLetters = 10

// tidy makes people's text safe to work with: valid UTF-8, no control
// characters but line breaks and tabs, no white space around it.
func tidy(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		case r == '\u200b' || r == '\u200e' || r == '\u200f' || r >= '\u202a' && r <= '\u202e' || r == '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// clip shortens a text to limit runes for showing it back.
func clip(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return strings.TrimSpace(string(r[:limit-1])) + "…"
}
