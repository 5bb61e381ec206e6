package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// window is how old a signed request may be, and how far its clock may be
// ahead.
const window = 5 * time.Minute

// maxReplays bounds what is remembered of the last minutes: the signatures of
// more than two hundred requests a second. Past it the oldest is forgotten; its
// message is still known by its id.
const maxReplays = 1 << 16

// Why a request is refused.
var (
	errUnsigned = errors.New("not signed")
	errStale    = errors.New("signed too long ago")
	errForged   = errors.New("signature does not fit")
	errReplayed = errors.New("seen before")
	errBusy     = errors.New("being handled")
)

// verify checks the signature v0 of a raw body: the HMAC-SHA256 of
// "v0:timestamp:body" by the signing secret, in hexadecimal
// (https://docs.slack.dev/authentication/verifying-requests-from-slack). It
// returns the signature as a key for replays.
func verify(secret string, h http.Header, body []byte, now time.Time) ([sha256.Size]byte, error) {
	var key [sha256.Size]byte
	stamp, signature := h.Get("X-Slack-Request-Timestamp"), h.Get("X-Slack-Signature")
	if secret == "" || stamp == "" || signature == "" {
		return key, errUnsigned
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return key, fmt.Errorf("%w: no timestamp", errUnsigned)
	}
	// Without the bounds the difference of two times may overflow.
	if age := now.Unix() - seconds; seconds < 0 || age > int64(window/time.Second) || age < -int64(window/time.Second) {
		return key, errStale
	}
	const version = "v0="
	if len(signature) != len(version)+2*sha256.Size || signature[:len(version)] != version {
		return key, errForged
	}
	given, err := hex.DecodeString(signature[len(version):])
	if err != nil {
		return key, errForged
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), given) {
		return key, errForged
	}
	copy(key[:], given)
	return key, nil
}

// replays remembers the signatures of requests that were handled.
type replays struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]bool // true once it is done
	order [][sha256.Size]byte        // a ring of the keys, in the order of their coming
	next  int
}

func newReplays(most int) *replays {
	return &replays{known: map[[sha256.Size]byte]bool{}, order: make([][sha256.Size]byte, most)}
}

// begin claims a signature. One that is done is a replay; one that is being
// handled may still fail, so whoever sends it shall try again.
func (r *replays) begin(key [sha256.Size]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if done, seen := r.known[key]; seen {
		if done {
			return errReplayed
		}
		return errBusy
	}
	delete(r.known, r.order[r.next])
	r.known[key] = false
	r.order[r.next] = key
	r.next = (r.next + 1) % len(r.order)
	return nil
}

// end says how it went: a request that failed may come again as it is.
func (r *replays) end(key [sha256.Size]byte, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, seen := r.known[key]; !seen {
		return // forgotten meanwhile
	}
	if done {
		r.known[key] = true
	} else {
		delete(r.known, key)
	}
}
